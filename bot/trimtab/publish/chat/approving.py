"""`approve`: an approval of one head and one tree; it merges only where the operator said so."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from trimtab.fleet import Unknown
from trimtab.gitio import GitError, Repo
from trimtab.life import Draft, Entry, State
from trimtab.publish.chat.desk import Desk
from trimtab.publish.codeowners import owners_of


def approve(desk: Desk) -> Draft:
    """Return the entry of an approval, bound to head and tree, or why there is none.

    What is approved is the head that the ledger had when the comment was written: the comment's time is the forge's
    own, and no commit's date is believed. Any other head by now is another change.
    """
    pull = desk.pull
    if isinstance(pull, Unknown) or desk.standing.state != State.OPEN:
        return desk.not_done("This recommendation is not open any more.")
    head = pull.value.head
    if not desk.standing.untouched or head != desk.standing.tip:
        return desk.not_done("Its branch has commits that are not mine: review it, and merge it with the forge.")
    seen = _head_when(desk.standing.entries, desk.asked.comment.created)
    if seen != head:
        return desk.not_done(
            f"It changed since your comment: the head is {head[:12]} now. Look at it, and say so again."
        )
    try:
        desk.site.repo.fetch(desk.site.base, desk.standing.branch)
        files = changed(desk.site.repo, f"refs/heads/{desk.site.base}...{head}")
    except GitError as error:
        return desk.not_done(f"The change cannot be read: {error.message}.")
    if refusal := why_not_owner(desk, files):
        return desk.refused(refusal)
    tree = desk.site.repo.run("rev-parse", f"{head}^{{tree}}").decode().strip()
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


def _head_when(entries: tuple[Entry, ...], created: str) -> str:
    """Return the head that the ledger had at a time; empty where it had none, or where the time is not known."""
    heads = [entry.head for entry in entries if entry.step == State.OPEN and entry.at <= created]
    return heads[-1] if heads else ""
