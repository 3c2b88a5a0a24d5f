"""What the ledger keeps of the reasons, so that `/trimtab explain` answers from the facts that were judged."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.fleet import Unknown
from trimtab.propose.told import Told
from trimtab.recommendation import Saving
from trimtab.rule import Evidence
from trimtab.text.clean import one_line
from trimtab.text.numbers import figure, money, percent

_LONGEST = 400
_MOST = 8
"""Sentences under one heading, and characters of one: an entry is a few kilobytes at most."""


def explanation_of(told: Told) -> Mapping[str, tuple[str, ...]]:
    """Return plain sentences by heading; empty headings are left out.

    `why` it is proposed, what was `seen`, what else was `considered`, what happens `otherwise`, and what `turns` it:
    the values at which it would not be proposed.
    """
    finding, option = told.priced.finding, told.priced.option
    found = {
        "why": (finding.diagnosis, f"Sure: {percent(option.confidence)}.", *_worth(told)),
        "seen": tuple(_seen(each) for each in finding.evidence),
        "considered": tuple(f"{one.name}: {one.reason}" for one in told.priced.considered),
        "otherwise": (finding.otherwise, finding.more_gpus, *option.doubts),
        "turns": tuple(_turns(each) for each in finding.evidence),
    }
    said = {heading: tuple(one_line(each, _LONGEST) for each in lines if each) for heading, lines in found.items()}
    return {heading: lines[:_MOST] for heading, lines in said.items() if lines}


def team_of(told: Told) -> str:
    """Return whose workload it is: what `trimtab.dev/tenant` says, else the namespace."""
    workload = told.workload
    tenant = "" if isinstance(workload, Unknown) else workload.wishes.tenant
    return tenant or told.subject.namespace


def _worth(told: Told) -> tuple[str, ...]:
    saving = told.priced.saving
    if not isinstance(saving, Saving) or not saving.monthly:
        return ()
    verb = "Saves" if saving.monthly > 0 else "Adds"
    return (f"{verb} {money(abs(saving.monthly))} a month at {told.priced.rate_source} prices.",)


def _seen(evidence: Evidence) -> str:
    said = f"{evidence.name}: {figure(evidence.value, evidence.unit)} ({evidence.window})"
    if evidence.compared == "context":
        return said
    return f"{said}, {evidence.compared} {figure(evidence.threshold, evidence.unit)}"


def _turns(evidence: Evidence) -> str:
    """Return which value of what was seen would make it no case any more; empty for what is only context."""
    if evidence.compared == "context":
        return ""
    other = "above" if evidence.compared == "below" else "below"
    return f"{evidence.name} {other} {figure(evidence.threshold, evidence.unit)}"
