"""What a finding is worth, and which of its options is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from trimtab import catalog
from trimtab.config import Config
from trimtab.fleet import Cluster, Fleet, Found, Node, Unknown, Workload
from trimtab.price.bill import held_gpus, node_cost, workload_cost
from trimtab.price.rates import Rate, Rates, cents, monthly
from trimtab.price.table import Prices, whole_product
from trimtab.recommendation import Priced, Saving
from trimtab.rule import Considered, Finding, Footprint, Option, Silence, SilenceKind, Subject, subject_of
from trimtab.text.numbers import HOURS_A_MONTH

NEAR_TIE = Decimal("0.05")
"""Options whose savings differ by less than this share of the best are alike: the surer one is taken."""

_COUNTS = frozenset({"replicas", "min_replicas", "max_replicas"})
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Pricing:
    """Findings with their worth, and those that are worth nothing.

    Attributes:
        priced: In the order of the findings.
        silences: Of findings that should save and of whose options none does.
    """

    priced: tuple[Priced, ...]
    silences: tuple[Silence, ...]


@dataclass(frozen=True, slots=True)
class _Desk:
    """What is needed to price findings about one subject.

    Attributes:
        rates: The cluster's prices.
        subject: The workload or node.
        rate: Of the GPUs that it holds, or that idle on it.
        bill: What these cost, mean over the window: no saving exceeds it.
        drift: GPUs held now over their mean over the window; 1 where that cannot be told.
    """

    rates: Rates
    subject: Workload | Node
    rate: Rate
    bill: Decimal | Unknown
    drift: float


def price(findings: Sequence[Finding], fleet: Fleet, prices: Prices, config: Config) -> Pricing:
    """Return what each finding is worth, with the option taken: the cheapest where it saves, else its first."""
    desks = _desks(fleet, prices, config)
    found = [_price(finding, desks.get(finding.subject)) for finding in findings]
    return Pricing(
        tuple(one for one in found if isinstance(one, Priced)),
        tuple(one for one in found if isinstance(one, Silence)),
    )


def _desks(fleet: Fleet, prices: Prices, config: Config) -> dict[Subject, _Desk]:
    desks: dict[Subject, _Desk] = {}
    for cluster in fleet.clusters:
        rates = Rates(cluster, prices, config.prices)
        for workload in cluster.workloads:
            desks.setdefault(subject_of(workload), _workload_desk(workload, rates, cluster))
        for node in cluster.nodes:
            desk = _Desk(rates, node, rates.of_node(node), node_cost(node, rates).monthly, 1.0)
            desks.setdefault(subject_of(node), desk)
    return desks


def _workload_desk(workload: Workload, rates: Rates, cluster: Cluster) -> _Desk:
    now = workload.scale.replicas * workload.gpus_per_pod * workload.share
    mean = held_gpus(workload)
    bill = workload_cost(workload, rates, cluster).monthly
    return _Desk(rates, workload, rates.of_workload(workload), bill, now / mean if now > 0 and mean > 0 else 1.0)


def _price(finding: Finding, desk: _Desk | None) -> Priced | Silence:
    if desk is None:
        return Silence(finding.rule, finding.subject, SilenceKind.MISSING, "the fleet has nothing of this name")
    worth = [_priced(finding, option, desk) for option in finding.options]
    if not frees(finding):
        later = tuple(
            Considered(_title(one.option), "a later choice; the rule prefers what stands first") for one in worth[1:]
        )
        return replace(worth[0], considered=(*finding.considered, *later), others=tuple(worth[1:]))
    kept = [one for one in worth if not _wasted(one)]
    if not kept:
        dearest = "; ".join(f"{_title(one.option)}: {_reason(one)}" for one in worth)
        reason = f"what could be proposed saves no money here: {dearest}"
        return Silence(finding.rule, finding.subject, SilenceKind.NO_BETTER, reason)
    best, *others = _ordered(kept)
    return replace(_beside(best, worth), others=tuple(_beside(one, worth) for one in others))


def _beside(one: Priced, worth: Sequence[Priced]) -> Priced:
    """Return an option of a finding that saves, with what the other options are worth."""
    rest = tuple(Considered(_title(other.option), _reason(other)) for other in worth if other is not one)
    return replace(one, considered=(*one.finding.considered, *rest), saves=True)


def _ordered(kept: Sequence[Priced]) -> list[Priced]:
    """Return the options, best first."""
    left, ordered = list(kept), []
    while left:
        best = _best(left)
        left = [one for one in left if one is not best]
        ordered.append(best)
    return ordered


def frees(finding: Finding) -> bool:
    """Return whether a finding is about saving: its first option holds less GPU than before.

    Where it cures danger or slowness, the order of the options is the rule's, whatever they cost; as it is where they
    ask for as much or more.
    """
    if finding.cures:
        return False
    before, after = finding.before, finding.options[0].after
    if _same_product(before, after):
        return after.gpus < before.gpus
    sizes = _size(before), _size(after)
    return sizes[1] < sizes[0] if 0 not in sizes else after.gpus < before.gpus


def _same_product(before: Footprint, after: Footprint) -> bool:
    return whole_product(before.product) == whole_product(after.product) or after.gpus == 0


def _size(held: Footprint) -> float:
    """Return how much GPU is held: memory times bandwidth; 0 where the catalogue does not know it."""
    known = catalog.find_gpu(held.product)
    return held.gpus * known.value.memory_gib * known.value.bandwidth_gb_s if isinstance(known, Found) else 0.0


def _wasted(priced: Priced) -> bool:
    return isinstance(priced.saving, Saving) and priced.saving.monthly <= 0


def _best(kept: Sequence[Priced]) -> Priced:
    """Return the option that saves most; of near ties the surest; the rule's first where no price is known."""
    known = [(one, one.saving.monthly) for one in kept if isinstance(one.saving, Saving)]
    if not known:
        return kept[0]
    most = max(saving for _, saving in known)
    near = [(one, saving) for one, saving in known if saving >= most * (1 - NEAR_TIE)]
    return max(near, key=lambda pair: (pair[0].option.confidence, pair[1]))[0]


def _title(option: Option) -> str:
    sets = ", ".join(f"{change.field} {change.after}" for change in option.changes)
    return sets or f"{option.after.gpus:g} x {option.after.product}"


def _reason(priced: Priced) -> str:
    """Return why an option was not taken."""
    if isinstance(priced.saving, Unknown):
        return f"its price is not known: {priced.saving.reason}"
    if priced.saving.monthly > 0:
        return f"it saves {priced.saving.monthly} USD a month"
    then, now = (cost if isinstance(cost, Decimal) else "?" for cost in (priced.cost_then, priced.cost_now))
    return f"its GPUs cost {then} USD a month, against {now} USD now"


def _priced(finding: Finding, option: Option, desk: _Desk) -> Priced:
    before, after = finding.before, option.after
    same = _same_product(before, after)
    rate_after = desk.rate if same else desk.rates.of_product(after.product)
    now, then = _cost(before.gpus, desk.rate), _cost(after.gpus, rate_after)
    if same and after.gpus == before.gpus:
        saving: Saving | Unknown = Saving(cents(_ZERO), cents(_ZERO), cents(_ZERO))
    elif isinstance(now, Decimal) and isinstance(then, Decimal):
        saving = _saving(now, then, option, desk)
    else:
        saving = next(one for one in (now, then) if isinstance(one, Unknown))
    sources = dict.fromkeys(rate.source for rate in (desk.rate, rate_after) if isinstance(rate, Found))
    return Priced(
        finding=finding,
        option=option,
        saving=saving,
        gpu_hours=round((before.gpus - after.gpus) * HOURS_A_MONTH, 2),
        rate_source="; ".join(source for source in sources if source),
        considered=finding.considered,
        cost_now=now if isinstance(now, Unknown) else cents(now),
        cost_then=then if isinstance(then, Unknown) else cents(then),
    )


def _cost(gpus: float, rate: Rate) -> Decimal | Unknown:
    if gpus == 0:
        return _ZERO
    return rate if isinstance(rate, Unknown) else monthly(gpus, rate.value)


def _saving(now: Decimal, then: Decimal, option: Option, desk: _Desk) -> Saving:
    """Return the saving by the window's mean, between bounds.

    The bounds hold the same saving by what is held now instead of the window's mean, widened on both sides by half of
    the doubt (1 less the confidence). Nothing saves more than its subject costs.
    """
    drift = Decimal(str(round(desk.drift, 6)))
    fixed = any(change.field in _COUNTS for change in option.changes)
    by_mean, by_now = now - then, now * drift - (then if fixed else then * drift)
    cap = max(desk.bill if isinstance(desk.bill, Decimal) else now, _ZERO)
    doubt = Decimal(str(round((1 - option.confidence) / 2, 6)))
    month = min(by_mean, cap)
    low, high = min(month, by_now), max(month, by_now)
    low, high = low - abs(low) * doubt, min(high + abs(high) * doubt, max(cap, month))
    return Saving(cents(month), cents(min(low, month)), cents(max(high, month)))
