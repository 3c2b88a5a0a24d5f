"""Which declared latency objective is missed, and whether the histogram's buckets are fine enough to say so."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.demand.measures import known, number, seen
from trimtab.fleet import Cluster, Workload
from trimtab.rule import Evidence


@dataclass(frozen=True, slots=True)
class Missed:
    """A declared objective above which users' latency lies.

    Attributes:
        evidence: The figure and the objective.
        certain: Whether it is missed wherever in its bucket the percentile lies, or by the mean already. The percentile
            is interpolated, and vLLM's buckets for a token are 10, 25, 50 and 75 ms wide.
    """

    evidence: Evidence
    certain: bool

    @property
    def said(self) -> str:
        """Return it in words."""
        figure = self.evidence
        return f"{figure.name} is {figure.value:,.0f} ms, the objective is {figure.threshold:,.0f} ms"


def missed_objective(workload: Workload, cluster: Cluster, factor: float) -> Missed | None:
    """Return the declared objective that is missed most, those first that are missed for certain; None where none is.

    Args:
        workload: What is asked about.
        cluster: Its cluster.
        factor: Times the objective from which it counts as missed.
    """
    traffic, wishes = workload.traffic, workload.wishes
    found: list[tuple[bool, float, Missed]] = []
    for name, today, least, mean, limit in (
        ("time to first token, p95", traffic.ttft_p95_ms, traffic.ttft_p95_least_ms, traffic.ttft_avg_ms,
         wishes.ttft_p95_ms),
        ("time per output token, p95", traffic.tpot_p95_ms, traffic.tpot_p95_least_ms, traffic.tpot_avg_ms,
         wishes.tpot_p95_ms),
    ):  # fmt: skip
        if known(today) and known(limit) and today.value > factor * limit.value > 0:
            certain = max(number(least, today.value), number(mean, 0.0)) >= limit.value
            evidence = seen(name, today, "ms", cluster, ("above", limit.value))
            found.append((certain, today.value / limit.value, Missed(evidence, certain)))
    return max(found, key=lambda one: one[:2])[2] if found else None
