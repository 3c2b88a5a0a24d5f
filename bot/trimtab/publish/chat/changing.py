"""`rebase`, `rollback` and `owner @x`: commands that change a branch, a merged change, or who is asked."""

from __future__ import annotations

import re
from dataclasses import replace

from trimtab.fleet import Unknown
from trimtab.gitio import GitError
from trimtab.life import Draft, State
from trimtab.publish.branch import commit_of
from trimtab.publish.chat.approving import changed, why_not_owner
from trimtab.publish.chat.desk import Desk
from trimtab.publish.site import APART, REBASE
from trimtab.text.clean import one_line

_OWNER = re.compile(r"@[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?(?:/[A-Za-z0-9._-]{1,100}){0,5}", re.ASCII)
_LONGEST = 300
_MERGED = frozenset({State.APPROVED, State.ACTUATED, State.VERIFIED})


def rebase(desk: Desk) -> Draft:
    """Return the step that gives a branch back as it is now: what others committed to it is replaced."""
    if isinstance(desk.pull, Unknown) or desk.standing.state != State.OPEN:
        return desk.not_done("This recommendation is not open any more.")
    if desk.command.argument:
        return desk.not_done("Say rebase alone: it replaces what others committed.")
    return replace(desk.step(State.OPEN, REBASE), head=desk.pull.value.head)


def rollback(desk: Desk) -> Draft:
    """Return the step that asks for a revert of what was merged."""
    if desk.standing.state not in _MERGED:
        return desk.not_done("Only what was merged can be rolled back; close the pull request instead.")
    try:
        desk.site.repo.fetch(desk.site.base)
        merged = _merged(desk)
        files = changed(desk.site.repo, f"{merged}^..{merged}") if merged else ()
    except GitError as error:
        return desk.not_done(f"What was merged cannot be read: {error.message}.")
    if refusal := why_not_owner(desk, files):
        return desk.refused(refusal)
    reason = one_line(desk.command.argument, _LONGEST)
    return desk.step(State.REGRESSED, f"a person wants it back{f': {reason}' if reason else ''}")


def _merged(desk: Desk) -> str:
    """Return the commit that merged it, of several that were merged together its own; empty where there is none.

    Raises:
        GitError: It is not in Git any more.
    """
    last = desk.standing.last
    if not last.branch:
        pulls = desk.site.forge.pulls(desk.standing.branch)
        return next((pull.merge_commit for pull in pulls if pull.merge_commit), "")
    commit = commit_of(desk.site.repo, last.head, last.recommendation)
    if isinstance(commit, Unknown):
        raise GitError(commit.reason)
    return commit.value


def split(desk: Desk) -> Draft:
    """Return the step that takes a recommendation out of the pull request that it shares, for good."""
    if isinstance(desk.pull, Unknown) or desk.standing.state != State.OPEN:
        return desk.not_done("This recommendation is not open any more.")
    if desk.command.argument:
        return desk.not_done("Say split alone, or split and the id of one recommendation in this pull request.")
    if len(desk.asked.standings) == 1:
        return desk.not_done("This pull request holds one recommendation; there is nothing to split.")
    if not desk.standing.untouched:
        return desk.not_done("Its branch has commits that are not mine, so I leave it as it is.")
    return desk.leaving(State.OPEN, APART)


def owner(desk: Desk) -> Draft:
    """Return the entry that asks somebody for a review."""
    name = desk.command.argument.strip()
    if isinstance(desk.pull, Unknown):
        return desk.not_done("This recommendation is not open any more.")
    if not _OWNER.fullmatch(name):
        return desk.not_done("Name one account or team, such as @ada or @acme/ml.")
    return desk.told(f"owner {name}")
