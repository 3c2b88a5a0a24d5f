"""Reading figures that may be missing, and stating them as evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, TypeGuard

from trimtab.fleet import Cluster, Found, Measure, Unknown, Workload
from trimtab.rule import Evidence

_DAY_S = 86400
_HOUR_S = 3600


def known(measure: Measure) -> TypeGuard[Found[float]]:
    """Return whether a figure was found and is a finite number."""
    return isinstance(measure, Found) and math.isfinite(measure.value)


def number(measure: Measure, otherwise: float) -> float:
    """Return the figure, or `otherwise` where it is not known."""
    return measure.value if known(measure) else otherwise


def first_unknown(measures: Iterable[Measure]) -> str:
    """Return why the first figure that is missing is missing; empty where all are known."""
    for measure in measures:
        if isinstance(measure, Unknown):
            return measure.reason
        if not known(measure):
            return "the metric is not a number"
    return ""


def window(cluster: Cluster) -> str:
    """Return the observation window as people write it: `7d`, `36h`."""
    if cluster.window_s % _DAY_S == 0:
        return f"{cluster.window_s // _DAY_S}d"
    return f"{round(cluster.window_s / _HOUR_S)}h"


def seen(
    name: str,
    measure: Found[float],
    unit: str,
    cluster: Cluster,
    limit: tuple[Literal["below", "above"], float] | None = None,
) -> Evidence:
    """Return evidence from an observed figure.

    Args:
        name: In words.
        measure: The figure with the query that gave it.
        unit: Of the figure.
        cluster: Whose window it is of.
        limit: What it is compared with, and how; without it the figure is context.
    """
    if limit is None:
        return Evidence(name, measure.value, unit, measure.value, "context", window(cluster), measure.source)
    return Evidence(name, measure.value, unit, limit[1], limit[0], window(cluster), measure.source)


def evidence(cluster: Cluster, *figures: tuple[str, Measure, str]) -> tuple[Evidence, ...]:
    """Return those figures (name, measure, unit) that are known, as context."""
    return tuple(seen(name, measure, unit, cluster) for name, measure, unit in figures if known(measure))


def derived(
    name: str, value: float, unit: str, basis: str, limit: tuple[Literal["below", "above"], float] | None = None
) -> Evidence:
    """Return evidence that was computed from settings, with its basis in words."""
    if limit is None:
        return Evidence(name, value, unit, value, "context", "now", basis)
    return Evidence(name, value, unit, limit[1], limit[0], "now", basis)


def gpu_busy_avg(workload: Workload) -> Measure:
    """Return the mean share of time that the workload's GPUs were active, 0 to 1."""
    return _mean(tuple(gpu.busy_avg for gpu in workload.gpu_seen))


def gpu_busy_max(workload: Workload) -> Measure:
    """Return the largest share of time that any of its GPUs was active; Unknown unless every GPU tells."""
    return _largest(tuple(gpu.busy_max for gpu in workload.gpu_seen))


def gpu_power_avg_w(workload: Workload) -> Measure:
    """Return the mean power of the busiest of its GPUs, watts; Unknown unless every GPU tells."""
    return _largest(tuple(gpu.power_avg_w for gpu in workload.gpu_seen))


def gpu_dram_p95(workload: Workload) -> Measure:
    """Return the largest 95th percentile of memory interface activity, 0 to 1; Unknown unless every GPU tells."""
    return _largest(tuple(gpu.dram_p95 for gpu in workload.gpu_seen))


def _mean(measures: tuple[Measure, ...]) -> Measure:
    values = [measure for measure in measures if known(measure)]
    if not values:
        return Unknown(first_unknown(measures) or "no GPU metrics of its pods")
    return Found(sum(measure.value for measure in values) / len(values), values[0].source)


def _largest(measures: tuple[Measure, ...]) -> Measure:
    values = [measure for measure in measures if known(measure)]
    if not values or len(values) < len(measures):
        return Unknown(first_unknown(measures) or "no GPU metrics of its pods")
    return max(values, key=lambda measure: measure.value)
