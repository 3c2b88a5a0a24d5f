"""Sums, orders and groups that more than one report shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from trimtab.fleet import Found, Gap, Unknown, Workload
from trimtab.recommendation import Priced, Proposal, Saving
from trimtab.report.scan import Scan
from trimtab.rule import Silence, SilenceKind, Subject
from trimtab.text.names import steps, subject

ZERO = Decimal("0.00")
SILENCE_WORDS = {
    SilenceKind.MISSING: "a fact is missing",
    SilenceKind.YOUNG: "younger than the window",
    SilenceKind.DECLARED: "a person said so",
    SilenceKind.OWNED: "another owner decides",
    SilenceKind.LOOK_ALIKE: "looks like waste and is not",
    SilenceKind.NO_BETTER: "waste, but nothing better to propose",
}


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a scan, US dollars a month.

    Attributes:
        cost: The bill as far as prices are known.
        saving: Sum of the recommendations' savings, those that cost taken off.
        low: The same of the lower bounds.
        high: The same of the upper bounds.
        unpriced: Recommendations whose price is not known, and which are not in the sums.
    """

    cost: Decimal | Unknown
    saving: Decimal
    low: Decimal
    high: Decimal
    unpriced: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """Silences of one kind."""

    kind: SilenceKind
    words: str
    count: int
    reasons: tuple[tuple[str, int], ...]


def totals(scan: Scan) -> Totals:
    """Return the sums over what is recommended now."""
    savings = [one.priced.saving for one in scan.proposals]
    known = [saving for saving in savings if isinstance(saving, Saving)]
    return Totals(
        scan.bill.total,
        sum((saving.monthly for saving in known), ZERO),
        sum((saving.low for saving in known), ZERO),
        sum((saving.high for saving in known), ZERO),
        len(savings) - len(known),
    )


def gaps(scan: Scan) -> tuple[Gap, ...]:
    """Return everything that could not be read, each once."""
    of_clusters = (gap for cluster in scan.fleet.clusters for gap in cluster.gaps)
    found = {*scan.fleet.gaps, *of_clusters}
    return tuple(sorted(found, key=lambda gap: (not gap.blind, gap.cluster, gap.what, gap.reason)))


def silences(scan: Scan) -> tuple[Silence, ...]:
    """Return the silences in a fixed order."""
    return tuple(sorted(scan.silences, key=lambda one: (one.rule, *about(one.subject), one.kind, one.reason)))


def quiet(scan: Scan, most: int = 5) -> tuple[Quiet, ...]:
    """Return the silences by kind, each with its commonest reasons."""
    by_kind: dict[SilenceKind, Counter[str]] = {}
    for one in scan.silences:
        by_kind.setdefault(one.kind, Counter())[one.reason] += 1
    return tuple(
        Quiet(kind, SILENCE_WORDS[kind], counts.total(), _commonest(counts, most))
        for kind, counts in sorted(by_kind.items(), key=lambda item: (-item[1].total(), item[0]))
    )


def _commonest(counts: Counter[str], most: int) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most])


def workloads(scan: Scan) -> tuple[Workload, ...]:
    """Return all workloads in a fixed order."""
    everyone = (workload for cluster in scan.fleet.clusters for workload in cluster.workloads)
    return tuple(sorted(everyone, key=lambda one: (one.cluster, one.namespace, one.kind, one.name)))


def costs(scan: Scan) -> dict[Subject, Decimal | Unknown]:
    """Return the monthly cost by workload."""
    return {cost.subject: cost.monthly for cost in scan.bill.workloads}


def about(one: Subject) -> tuple[str, str, str, str]:
    """Return a subject's sort key."""
    return (one.cluster, one.namespace, one.kind, one.name)


def who(scan: Scan, one: Subject) -> str:
    """Return a subject's name, with its cluster where there are several."""
    return subject(one, several_clusters=len(scan.fleet.clusters) > 1)


def what(priced: Priced) -> str:
    """Return what is to be changed, or what a person should do."""
    return steps(priced.option.changes) or priced.finding.advice or "see the diagnosis"


def stuck(proposals: Iterable[Proposal]) -> tuple[tuple[Proposal, str], ...]:
    """Return the recommendations that have changes but no pull request to open, each with its reason."""
    found = []
    for one in proposals:
        if one.publishable or not one.priced.option.changes:
            continue
        unproven = one.proof.reason if isinstance(one.proof, Unknown) else "no edit was made"
        found.append((one, one.refused or f"not proven: {unproven}"))
    return tuple(found)


def model_name(workload: Workload) -> str:
    """Return the model's name; empty where it is not known."""
    return workload.model.value.name if isinstance(workload.model, Found) else ""


def gpu_name(workload: Workload) -> str:
    """Return the GPU's label value; empty where it is not known."""
    return workload.gpu.value.name if isinstance(workload.gpu, Found) else ""
