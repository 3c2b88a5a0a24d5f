"""What the ledger is told of a proposal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from trimtab.fleet import Found, Unknown
from trimtab.life import Actor, Draft, Entry, State, following
from trimtab.publish.mark import is_shared
from trimtab.publish.site import APART
from trimtab.publish.standing import Standing
from trimtab.recommendation import Proposal, Saving

_MATERIAL = Decimal("0.25")
"""A saving that differs by more than a quarter makes another case of a dismissed recommendation."""


def drafted(proposal: Proposal, standing: Standing, step: State, actor: Actor, head: str = "") -> Draft:
    """Return the draft of a step with all that the ledger keeps of a proposal."""
    finding, option = proposal.priced.finding, proposal.priced.option
    pull = standing.pull.value if isinstance(standing.pull, Found) else None
    return Draft(
        recommendation=proposal.id,
        step=step,
        actor=actor,
        expects=standing.last.seq if standing.entries else 0,
        head=head,
        facts=proposal.facts_digest,
        rule=finding.rule,
        subject=finding.subject,
        repository=proposal.repository,
        pull_request=pull.number if pull else 0,
        url=pull.url if pull else "",
        title=proposal.title,
        changes=option.changes,
        gpus_before=finding.before,
        gpus_after=option.after,
        saving=worth(proposal.priced.saving),
        fingerprint=proposal.fingerprint,
        team=proposal.team,
        reverts=proposal.priced.reverts,
        explanation=proposal.explanation if step == State.PROPOSED else {},
        seen=proposal.seen,
    )


def drafted_on(lane: Standing, proposal: Proposal, standing: Standing, step: State, actor: Actor) -> Draft:
    """Return the draft of a step on a branch, which may be another than the recommendation had before."""
    draft = drafted(proposal, standing, step, actor)
    pull = lane.pull.value if isinstance(lane.pull, Found) else None
    return replace(
        draft,
        branch=lane.branch if is_shared(lane.branch) else "",
        pull_request=pull.number if pull else 0,
        url=pull.url if pull else "",
    )


def leaving(entry: Entry, step: State, actor: Actor, note: str = APART) -> Draft:
    """Return the draft of a step by which a recommendation leaves the branch that it shares; its address stays."""
    return replace(following(entry, step, actor), branch="", head="", pull_request=0, note=note)


def worth(saving: Saving | Unknown) -> str:
    """Return US dollars a month as the ledger writes them, empty where no price is known."""
    return "" if isinstance(saving, Unknown) else f"{saving.monthly:.2f}"


def repeats(entry: Entry, draft: Draft) -> bool:
    """Return whether a draft says again what the latest entry says, so that it needs no second one."""
    return entry.step == draft.step and (entry.head, entry.fingerprint) == (draft.head, draft.fingerprint)


def material(entry: Entry, proposal: Proposal) -> bool:
    """Return whether a proposal is another case than the one that a person declined, or that went wrong."""
    if entry.changes != proposal.priced.option.changes:
        return True
    saving = proposal.priced.saving
    if isinstance(saving, Unknown) or not entry.saving:
        return isinstance(saving, Unknown) == bool(entry.saving)
    then = Decimal(entry.saving)
    return abs(saving.monthly - then) > abs(then) * _MATERIAL


def chose_otherwise(entries: Sequence[Entry], proposal: Proposal) -> bool:
    """Return whether the same values were asked for before, and a person merged others in their place."""
    now = [(change.field, change.after) for change in proposal.priced.option.changes]
    asked = [[(change.field, change.after) for change in entry.changes] for entry in entries]
    return now in asked and asked[-1] != now


def reopened(standing: Standing, actor: Actor, fingerprint: str) -> Draft:
    """Return the draft for a pull request that a person opened again."""
    pull = standing.pull.value if isinstance(standing.pull, Found) else None
    return replace(
        following(standing.last, State.OPEN, actor),
        head=standing.tip,
        fingerprint=fingerprint,
        pull_request=pull.number if pull else 0,
        url=pull.url if pull else "",
        note="a person opened it again",
    )
