"""Records what people did since the last run: pull requests that were merged, and those that were closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from trimtab.fleet import Found, Unknown
from trimtab.life import Draft, Entry, Journal, State, following
from trimtab.publish.accounts import accounts_of, approver_of
from trimtab.publish.back import cut_off
from trimtab.publish.forge import PullRequest, PullState
from trimtab.publish.partial import Part, part_of
from trimtab.publish.site import Site, Standing, View, look
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
    found = {held.id: pull for held in view.standings.values() for pull in _ended(site, held)}
    known = journal.entries()
    drafts = [_draft(site, view.standings[name], pull, known) for name, pull in found.items() if pull.state in _ENDED]
    written = journal.append(drafts)
    standings = {name: _still_open(held, found) for name, held in view.standings.items()}
    links = tuple(_link(entry, view.standings[entry.recommendation].branch) for entry in written)
    return Caught(replace(view, standings=standings).refreshed(journal), links)


def _ended(site: Site, held: Standing) -> tuple[PullRequest, ...]:
    """Return the pull request of an open recommendation that the listing of open ones does not have."""
    if held.foreign or held.state != State.OPEN or isinstance(held.pull, Found):
        return ()
    steps = {entry.pull_request: entry.step for entry in held.entries}  # the latest of each
    settled = {number for number, step in steps.items() if step != State.OPEN}
    pulls = [pull for pull in site.forge.pulls(held.branch) if pull.number not in settled][:1]
    return tuple(pull for pull in pulls if not cut_off(held, pull))


def _still_open(held: Standing, found: Mapping[str, PullRequest]) -> Standing:
    """Return the standing with a pull request that is open after all; a listing may lag or lose one between pages."""
    pull = found.get(held.id)
    if pull is None or pull.state is not PullState.OPEN:
        return held
    return replace(held, pull=Found(pull) if pull.branch == held.branch else Unknown("none is open"))


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
