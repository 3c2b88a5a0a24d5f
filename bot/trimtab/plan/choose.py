"""The plan: best first, no two that rest on each other, no more moves than there is room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from trimtab.config import Config
from trimtab.fleet import Fleet, Unknown, Workload
from trimtab.plan.capacity import Capacity
from trimtab.plan.conflicts import Ground, fields, independent, is_host_only
from trimtab.plan.policy import forbidden
from trimtab.recommendation import Held, Plan, Priced, Saving
from trimtab.rule import Subject, subject_of

Experience = Callable[[str, float], float]
"""Gives the confidence in a rule's finding by what became of its earlier ones: (rule, what the rule says) -> 0 to 1."""


def as_said(rule: str, confidence: float) -> float:
    """Return the rule's own confidence: no experience yet."""
    del rule
    return confidence


def plan(priced: Sequence[Priced], fleet: Fleet, config: Config, experience: Experience = as_said) -> Plan:
    """Return what to propose now, best first, and what is held back with its reason.

    Danger comes before speed, speed before money, and more money before less; the same input gives the same order.
    """
    workloads = {subject_of(one): one for cluster in fleet.clusters for one in cluster.workloads}
    seasoned = sorted((_season(one, experience) for one in priced), key=_rank)
    allowed, held = [], []
    for one in seasoned:
        reason = forbidden(one, _workload(workloads, one), config)
        if reason:
            held.append(Held(one, reason))
        else:
            allowed.append(one)
    empty_nodes = [one.finding.subject for one in allowed if _is_node(one)]
    table = _Table(allowed, workloads, Ground(fleet), Capacity(fleet, empty_nodes))
    for one in sorted(allowed, key=_is_node):
        others = (_season(other, experience) for other in one.others)
        ways = [one, *(other for other in others if not forbidden(other, _workload(workloads, one), config))]
        reasons = table.first(ways)
        if len(reasons) == len(ways):
            held.append(Held(one, reasons[0]))
    return Plan(tuple(sorted(table.now, key=_rank)), tuple(sorted(held, key=lambda one: _rank(one.priced))))


@dataclass(frozen=True, slots=True)
class _Table:
    """What is decided so far."""

    allowed: Sequence[Priced]
    workloads: Mapping[Subject, Workload]
    ground: Ground
    room: Capacity
    now: list[Priced] = field(default_factory=list)

    def first(self, ways: Sequence[Priced]) -> list[str]:
        """Take the first way that can go now; return why each before it cannot."""
        reasons: list[str] = []
        for one in ways:
            reason = self.refuses(one)
            if not reason:
                self.now.append(one)
                break
            reasons.append(reason)
        return reasons

    def refuses(self, one: Priced) -> str:
        """Return why one more cannot go now; take its room where it can."""
        if _is_node(one) and self.room.filled(one.finding.subject):
            return "its free GPUs are where another recommendation moves to"
        neighbours = self.ground.neighbours(one)
        for other in self.now:
            if other.finding.subject == one.finding.subject and not independent(one, other):
                return f"waits for {other.finding.rule} on the same workload"
            if other.finding.subject in neighbours and not independent(one, other):
                return self._shared(one, other)
        return self._agreed(one, neighbours) or self.room.take(self._together(one, neighbours))

    def _together(self, one: Priced, neighbours: Sequence[Subject]) -> list[tuple[Priced, Workload | Unknown]]:
        """Return the moves that one edit makes: its own, and those of workloads on the same declaration."""
        others = [
            other for other in self.allowed if other.finding.subject in neighbours and fields(other) == fields(one)
        ]
        return [(each, _workload(self.workloads, each)) for each in (one, *others)]

    def _shared(self, one: Priced, other: Priced) -> str:
        where = _title(other.finding.subject)
        if fields(one) == fields(other):
            return f"the same edit is proposed for {where}; both stand on one declaration in Git"
        return f"waits for {other.finding.rule} on {where}: both stand on one declaration in Git"

    def _agreed(self, one: Priced, neighbours: Sequence[Subject]) -> str:
        """Return which other workload the edit would change without having been judged alike."""
        alike = {other.finding.subject for other in self.allowed if fields(other) == fields(one)}
        unasked = [subject for subject in neighbours if subject not in alike]
        if not unasked:
            return ""
        return f"the same declaration in Git serves {_title(unasked[0])}, for which this was not found right"


def _season(one: Priced, experience: Experience) -> Priced:
    sure = round(min(1.0, max(0.0, experience(one.finding.rule, one.option.confidence))), 2)
    return replace(one, option=replace(one.option, confidence=sure))


def _rank(one: Priced) -> tuple[int, Decimal, float, str, str]:
    """Return the order: danger, speed, money; within money the largest first, then what frees most GPU hours."""
    known = one.saving.monthly if isinstance(one.saving, Saving) else Decimal(0)
    return (_urgency(one), -known, -one.gpu_hours, one.finding.rule, one.id)


def _urgency(one: Priced) -> int:
    if one.saves:
        return 2
    return 1 if is_host_only(one) or not fields(one) else 0


def _is_node(one: Priced) -> bool:
    return one.finding.subject.kind == "Node" and not one.finding.subject.namespace


def _workload(workloads: Mapping[Subject, Workload], one: Priced) -> Workload | Unknown:
    return workloads.get(one.finding.subject, Unknown("about no workload"))


def _title(subject: Subject) -> str:
    return f"{subject.cluster}/{subject.namespace}/{subject.name}"
