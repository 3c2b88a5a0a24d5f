"""Which group of the dashboard each recommendation belongs to, and the row that it gets there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import PurePath

from trimtab.life import Entry, State, histories
from trimtab.recommendation import Held, Link, Priced, Proposal
from trimtab.report import summary
from trimtab.report.markdown import worth
from trimtab.report.scan import Scan
from trimtab.text.clean import one_line
from trimtab.text.names import steps, subject
from trimtab.text.numbers import money, percent

_LONGEST = 240
"""Characters of a reason: the whole of it stands in the ledger."""


class Group(StrEnum):
    """A heading of the dashboard, in the order in which they are read: what asks for somebody comes first."""

    WRONG = "Went wrong"
    OPEN = "Open"
    WAITING = "Waiting"
    PROPOSED = "Would be proposed"
    BY_HAND = "To be done by hand"
    HELD = "Held back"
    MERGED = "Merged, and watched"
    VERIFIED = "Verified"
    SNOOZED = "Snoozed"
    DECLINED = "Decided against"
    BACK = "Taken back"


@dataclass(frozen=True, slots=True)
class Row:
    """One recommendation.

    Attributes:
        id: Its identity, by which a box releases it.
        worth: US dollars a month, or GPU hours.
        name: What it is about.
        what: What is changed, or what a person should do.
        rule: The rule's name.
        sure: Confidence, in percent.
        url: Of its pull request; empty where there is none.
        why: Why it waits, or what became of it.
        box: Whether a person may release it.
        back: Of the pull request that takes it back; empty where there is none.
    """

    id: str
    worth: str
    name: str
    what: str
    rule: str
    sure: str = ""
    url: str = ""
    why: str = ""
    box: bool = False
    back: str = ""


Grouped = Mapping[Group, Sequence[Row]]

_PAST: Mapping[str, Group] = {
    State.APPROVED: Group.MERGED,
    State.ACTUATED: Group.MERGED,
    State.VERIFIED: Group.VERIFIED,
    State.REGRESSED: Group.WRONG,
    State.SNOOZED: Group.SNOOZED,
    State.DISMISSED: Group.DECLINED,
    State.SUPERSEDED: Group.DECLINED,
}
"""Where the ledger's last word puts a recommendation, found again or not."""


def grouped(scan: Scan, entries: Sequence[Entry], links: Sequence[Link]) -> Grouped:
    """Return the rows by group; each recommendation stands in one.

    Args:
        scan: What was found now.
        entries: The whole ledger.
        links: What the run made of it; none in `mode: report`.
    """
    lives = {name: held[-1] for name, held in histories(entries).items()}
    placed = {one.id: one for one in links}
    found: dict[Group, list[Row]] = {group: [] for group in Group}
    for one in scan.proposals:
        group = group_of(one, lives, placed)
        if group not in _PAST.values():
            at = lives[one.id].url if one.id in lives else ""
            found[group].append(_now(scan, one, group, placed.get(one.id, _unplaced(one, at))))
    found[Group.HELD] += [_held(scan, held) for held in scan.plan.held if held.priced.id not in lives]
    free = {one.id for one in scan.proposals if one.publishable}
    for entry, row in _past(scan, lives, free):
        back = _way_back(entry, lives)
        over = back is not None and back.step in {State.APPROVED, State.ACTUATED, State.VERIFIED}
        group = Group.BACK if entry.step == State.REGRESSED and over else _PAST[entry.step]
        found[group].append(row)
    return found


def group_of(one: Proposal, lives: Mapping[str, Entry], placed: Mapping[str, Link]) -> Group:
    """Return where a recommendation of now stands."""
    link = placed.get(one.id)
    if link is not None and link.state in {State.PROPOSED, State.OPEN} and link.url:
        return Group.OPEN
    if not one.publishable:
        return Group.BY_HAND
    step = lives[one.id].step if one.id in lives else ""
    if step in _PAST and not (step == State.VERIFIED and link is not None):
        return _PAST[step]
    if link is not None:
        return Group.WAITING
    return Group.OPEN if step == State.OPEN else Group.PROPOSED


def _unplaced(one: Proposal, url: str) -> Link:
    """Return where a recommendation stands that this run did not publish: where the ledger saw it last."""
    return Link(one.id, "", url, "", "", "")


def _now(scan: Scan, one: Proposal, group: Group, link: Link) -> Row:
    """Return the row of a recommendation that nobody has decided yet."""
    stuck = next((reason for _, reason in summary.stuck((one,))), "")
    return Row(
        id=one.id,
        worth=worth(one.priced.saving, one.priced.gpu_hours),
        name=summary.who(scan, one.priced.finding.subject),
        what=summary.what(one.priced),
        rule=one.priced.finding.rule,
        sure=percent(one.priced.option.confidence),
        url=shown(link.url) if group is Group.OPEN else "",
        why=_short(link.note.removeprefix("held: ").removeprefix("verified: ") if group is Group.WAITING else stuck),
        box=group is Group.WAITING,
    )


def _held(scan: Scan, held: Held) -> Row:
    priced: Priced = held.priced
    return Row(
        id=priced.id,
        worth=worth(priced.saving, priced.gpu_hours),
        name=summary.who(scan, priced.finding.subject),
        what=summary.what(priced),
        rule=priced.finding.rule,
        why=_short(held.reason),
    )


def _past(scan: Scan, lives: Mapping[str, Entry], free: set[str]) -> Iterator[tuple[Entry, Row]]:
    """Yield what people decided and what was measured, the latest first; what is found again may be released."""
    several = len(scan.fleet.clusters) > 1
    for entry in sorted(lives.values(), key=lambda entry: -entry.seq):
        if entry.step not in _PAST or (entry.reverts and _PAST[entry.step] in {Group.MERGED, Group.VERIFIED}):
            continue  # a way back stands beside what it takes back
        back = _way_back(entry, lives)
        yield (
            entry,
            Row(
                id=entry.recommendation,
                worth=money(Decimal(entry.saving)) if entry.saving else "price not known",
                name=subject(entry.subject, several_clusters=several),
                what=steps(entry.changes),
                rule=entry.rule,
                url=shown(entry.url),
                why=_short(_why(entry)),
                box=entry.recommendation in free and entry.step not in {State.APPROVED, State.ACTUATED, State.VERIFIED},
                back=shown(back.url) if back is not None else "",
            ),
        )


def _why(entry: Entry) -> str:
    """Return what became of it, with the person where one decided."""
    who = f" ({entry.actor.login})" if entry.actor.login and entry.step in {State.DISMISSED, State.SNOOZED} else ""
    if entry.step == State.SNOOZED:
        return f"until {entry.until[:10]}{who}"
    if entry.step == State.APPROVED:
        return f"merged {entry.at[:10]}{f' by {entry.actor.login}' if entry.actor.login else ''}, and not seen live yet"
    if entry.step == State.ACTUATED:
        return f"live since {entry.at[:10]}: {entry.note}"
    return f"{entry.note}{who}"


def _way_back(entry: Entry, lives: Mapping[str, Entry]) -> Entry | None:
    """Return the last word on the recommendation that takes this one back."""
    return next((one for one in lives.values() if one.reverts == entry.recommendation), None)


def shown(url: str) -> str:
    """Return an address; of the local forge's files the name, for the dashboard lies beside them."""
    return url if url.startswith(("http://", "https://")) else PurePath(url).name


def _short(text: str) -> str:
    return one_line(text, _LONGEST)
