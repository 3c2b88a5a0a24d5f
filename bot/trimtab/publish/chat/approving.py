"""`approve`: an approval of one head and one tree; it merges only where the operator said so."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from trimtab.fleet import Unknown
from trimtab.gitio import GitError, Repo
from trimtab.life import Draft, Entry, State
from trimtab.publish.chat.desk import Desk
from trimtab.publish.codeowners import owners_of
from trimtab.publish.forge import Comment, PullRequest

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
"""Whole, because somebody can make another commit that begins with the same few digits."""

_LONGEST_RUN = timedelta(hours=1)
"""What a run takes at most from the time that it notes to its last push."""


def approve(desk: Desk) -> Draft:
    """Return the entry of an approval, bound to head and tree, or why there is none.

    What is approved is the commit that the command names in full, else the head that its author saw. A branch with
    commits of others is not approved here at all, so that nobody approves their own; nor may the account that opened
    the pull request.
    """
    pull = desk.pull
    if isinstance(pull, Unknown) or desk.standing.state != State.OPEN:
        return desk.not_done("This recommendation is not open any more.")
    if why := _why_not(desk, pull.value):
        return desk.not_done(why)
    head = pull.value.head
    try:
        desk.site.repo.fetch(desk.site.base, desk.standing.branch)
        files = changed(desk.site.repo, f"refs/heads/{desk.site.base}...{head}")
        tree = desk.site.repo.run("rev-parse", f"{head}^{{tree}}").decode().strip()
    except GitError as error:
        return desk.not_done(f"The change cannot be read: {error.message}.")
    if not files:
        return desk.not_done(f"Nothing is left to approve: {desk.site.base} holds the change already.")
    if refusal := why_not_owner(desk, files):
        return desk.refused(refusal)
    return replace(desk.told(f"approved {head[:12]}, tree {tree[:12]}"), head=head, tree=tree)


def why_not_owner(desk: Desk, files: Sequence[str]) -> str:
    """Return why the author of a comment may not speak for files; empty where they may.

    CODEOWNERS is read from the base branch, which must be here, and never from the change itself.
    """
    wanted = owners_of(desk.site.repo, desk.site.base, files)
    missing = [path for path, owners in wanted.items() if owners and not _owns(desk, owners)]
    return f"CODEOWNERS gives {missing[0]} to others" if missing else ""


def changed(repo: Repo, span: str) -> tuple[str, ...]:
    """Return the files that differ between two commits, as `git diff` takes them.

    Raises:
        GitError: One of them is not here.
    """
    listed = repo.run("diff", "--name-only", "-z", "--no-renames", span)
    return tuple(filter(None, listed.decode("utf-8", "surrogateescape").split("\0")))


def _owns(desk: Desk, owners: Collection[str]) -> bool:
    return desk.site.forge.rights(desk.asked.comment.author, owners).owner


def _why_not(desk: Desk, pull: PullRequest) -> str:
    """Return why this head cannot be approved; empty where it can."""
    if pull.base != desk.site.base:
        return f"It goes to {pull.base} now, not to {desk.site.base}."
    author = desk.asked.comment.author
    if (author.id or author.login) == (pull.author.id or pull.author.login):  # the local forge has no ids
        return "Who opened a pull request cannot approve it."
    if not desk.standing.untouched or pull.head != desk.standing.tip:
        return "Its branch has commits that are not mine: review it, and merge it with the forge."
    return _why_not_this_head(desk, pull)


def _why_not_this_head(desk: Desk, pull: PullRequest) -> str:
    named = desk.command.argument
    if named and not _COMMIT.fullmatch(named):
        return "An approval takes nothing but the whole id of a commit: say approve alone, or approve and that id."
    if named and named != pull.head:
        return f"The head is {pull.head} now, not the commit that you name."
    if not named and not _saw(desk.heads, pull, desk.asked.comment):
        return (
            f"It changed since your comment: the head is {pull.head[:12]} now. Look at it, and say so again in a new"
            f" comment, or with the whole id: approve {pull.head}."
        )
    return ""


def _saw(entries: Sequence[Entry], pull: PullRequest, comment: Comment) -> bool:
    """Return whether the head of now is what the author of a comment had before them.

    Of a branch that is shared every head counts, whatever was on it then. Times are the forge's own and the ledger's;
    no commit's date is believed. A run notes its time before it pushes, and may take a while until then. So a comment
    that was written soon after a head was replaced counts only where the pull request did not change after the comment.
    """
    heads: list[Entry] = []
    for entry in entries:
        if entry.step == State.OPEN and entry.head:
            heads = [*heads, entry] if entry.came_from == State.OPEN or entry.branch else [entry]
    if {entry.head for entry in heads} == {pull.head}:
        return True
    seen = [entry for entry in heads if entry.at <= comment.created]
    if not seen or seen[-1].head != pull.head:
        return False
    replaced = max(entry.at for previous, entry in pairwise(heads) if previous.head != entry.head)
    settled = datetime.fromisoformat(replaced) + _LONGEST_RUN < datetime.fromisoformat(comment.created)
    return settled or "" < pull.updated <= comment.created
