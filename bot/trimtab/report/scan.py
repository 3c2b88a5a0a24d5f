"""What a scan found, as every report takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

from trimtab.fleet import Fleet, Unknown
from trimtab.recommendation import Plan, Proposal
from trimtab.rule import Layer, Silence, Subject


class WorkloadCost(Protocol):
    """What one workload costs a month of 730 hours, US dollars."""

    @property
    def subject(self) -> Subject:
        """Return the workload."""
        ...

    @property
    def monthly(self) -> Decimal | Unknown:
        """Return its cost; Unknown where a price or the GPUs are."""
        ...


class Bill(Protocol):
    """What the fleet's GPUs cost a month of 730 hours, US dollars; the price stage makes it."""

    @property
    def workloads(self) -> Sequence[WorkloadCost]:
        """Return one for each workload."""
        ...

    @property
    def idle(self) -> Decimal | Unknown:
        """Return the cost of GPUs that no pod asked for."""
        ...

    @property
    def total(self) -> Decimal | Unknown:
        """Return workloads and idle GPUs together, as far as their prices are known; Unknown where none is."""
        ...


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """A rule as its manual tells of it.

    Attributes:
        name: `oversized-gpu`.
        layer: What it looks at.
        summary: One sentence.
        manual: The whole manual, as text.
    """

    name: str
    layer: Layer
    summary: str
    manual: str


@dataclass(frozen=True, slots=True)
class Scan:
    """Everything that one scan knows; the same facts give the same reports, byte for byte."""

    fleet: Fleet
    bill: Bill
    silences: tuple[Silence, ...]
    plan: Plan
    proposals: tuple[Proposal, ...]
    rules: tuple[RuleInfo, ...]

    @property
    def generated_at(self) -> str:
        """Return the end of the observation window in RFC 3339: a clock would make two reports of one scan differ."""
        return datetime.fromtimestamp(self.fleet.ended_at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
