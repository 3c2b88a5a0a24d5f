"""Records what people did since the last run: pull requests that were merged, and those that were closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from trimtab.fleet import Found, Unknown
from trimtab.life import Draft, Entry, Journal, State, following
from trimtab.publish.accounts import accounts_of, approver_of
from trimtab.publish.back import cut_off
from trimtab.publish.forge import PullRequest, PullState
from trimtab.publish.mark import members_in
from trimtab.publish.partial import Part, part_of
from trimtab.publish.site import Site
from trimtab.publish.standing import Standing, View, look
from trimtab.recommendation import Link

_ENDED = {PullState.MERGED: State.APPROVED, PullState.CLOSED: State.DISMISSED}
_NOTES = {PullState.MERGED: "merged", PullState.CLOSED: "closed without a merge"}


@dataclass(frozen=True, slots=True)
class Caught:
    """What stands after the record was brought up to date, and what was new."""

    view: View
    links: tuple[Link, ...]


def catch_up(site: Site, journal: Journal) -> Caught:
    """Record every merge and every closing that the ledger does not know yet.

    Raises:
        ForgeError: The forge, the remote or the ledger cannot be reached.
    """
    view = look(site, journal)
    found = _ended(site, view)
    known = journal.entries()
    drafts = [_draft(site, view.standings[name], pull, known) for name, pull in found.items() if pull.state in _ENDED]
    written = journal.append(drafts)
    still = {pull.branch: pull for pull in found.values() if pull.state is PullState.OPEN}
    links = tuple(_link(entry, view.standings[entry.recommendation].branch) for entry in written)
    return Caught(view.refreshed(journal, still), links)


def _ended(site: Site, view: View) -> Mapping[str, PullRequest]:
    """Return the pull requests of open recommendations that the listing of open ones does not have.

    One that is open after all is among them: a listing may lag, or lose one between pages.
    """
    found: dict[str, PullRequest] = {}
    asked: dict[str, tuple[PullRequest, ...]] = {}
    for name, held in view.standings.items():
        if held.foreign or held.state != State.OPEN or isinstance(held.pull, Found):
            continue
        if held.branch not in asked:
            asked[held.branch] = site.forge.pulls(held.branch)
        steps = {entry.pull_request: entry.step for entry in held.entries}  # the latest of each
        settled = {number for number, step in steps.items() if step != State.OPEN}
        for pull in [one for one in asked[held.branch] if one.number not in settled][:1]:
            if _was_in(held, pull) and not cut_off(held, pull):
                found[name] = pull
    return found


def _was_in(held: Standing, pull: PullRequest) -> bool:
    """Return whether a recommendation was in a pull request of its branch when that ended.

    One that shares the branch may have been recorded for it, and the run cut off before it was there.
    """
    listed = held.id in members_in(pull.body)
    return not held.last.branch or listed or any(entry.head == pull.head for entry in held.entries)


def _draft(site: Site, held: Standing, pull: PullRequest, known: Sequence[Entry]) -> Draft:
    """Return the step; a merge that Trimtab made for somebody who approved that head is theirs."""
    actor = pull.ended_by
    if pull.state is PullState.MERGED and accounts_of(known).has(actor):
        actor = next(iter(approver_of(known, pull.number, pull.head)), actor)
    draft = replace(
        following(held.last, _ENDED[pull.state], actor),
        head=pull.head,
        merged=pull.merge_commit or (pull.head if pull.state is PullState.MERGED else ""),  # a fast-forward makes none
        pull_request=pull.number,
        url=pull.url,
        title=pull.title,
        note=_NOTES[pull.state],
    )
    part = part_of(site, held, pull) if pull.state is PullState.MERGED else Unknown("not merged")
    return _as_merged(draft, part.value) if isinstance(part, Found) and part.value.note else draft


def _as_merged(draft: Draft, part: Part) -> Draft:
    """Return the draft of what was merged in part; where nothing of it was, a person declined it."""
    if not part.changes:
        return replace(draft, step=State.DISMISSED, merged="", note="merged without anything of the change")
    return replace(draft, changes=part.changes, note=part.note, saving=draft.saving if part.keeps else "")


def _link(entry: Entry, branch: str) -> Link:
    return Link(entry.recommendation, entry.step, entry.url, branch, entry.head, entry.note)
