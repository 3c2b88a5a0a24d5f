"""Queries to dcgm-exporter.

Names, units and labels: dcgm-exporter 4.8.2 etc/default-counters.csv and internal/pkg/rendermetrics. Labels moved
(`Hostname` and `hostname`, `UUID` and `uuid`), so the answers keep whichever there are and the client sorts them out.
DCGM writes "no value" as a huge number (`DCGM_INT64_BLANK` 2^63-16 and its neighbours, `DCGM_INT32_BLANK` 2^31-16,
dcgm_structs.h 4.5): one such sample spoils a mean, so a metric that shows any is read through a filter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trimtab.read.layout import Family, Layout
from trimtab.read.promql import HOUR_S, aggregate, duration, either, over
from trimtab.read.query import Query, Row, Span

BLANK = 2_147_483_632
"""The smallest number that stands for no value; every real figure of the metrics below is far under it."""
GPU_LABELS = (
    *("UUID", "uuid", "gpu", "GPU_I_ID", "GPU_I_PROFILE", "modelName"),
    *("node", "Hostname", "hostname", "kubernetes_node", "instance", "job"),
    *("exported_namespace", "exported_pod", "namespace", "pod", "pod_namespace", "pod_name"),
)
"""Labels that may tell which GPU, where it is, who holds it, and which scrape told so."""
_USED, _FREE, _RESERVED = "DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_FB_FREE", "DCGM_FI_DEV_FB_RESERVED"
MIB = 1_048_576


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured of a GPU.

    Attributes:
        name: First part of the signals' names.
        sources: Metrics that tell it, best first, each with its factor to the signal's unit.
        figures: Which figures over the window are wanted.
        most: A larger figure cannot be true: the metric holds blanks.
    """

    name: str
    sources: tuple[tuple[str, str], ...]
    figures: tuple[str, ...]
    most: float


_FUNCTIONS = {"avg": "avg_over_time", "p95": "quantile_over_time", "max": "max_over_time"}
_BUSY = Measured(
    "gpu_busy",
    (("DCGM_FI_PROF_GR_ENGINE_ACTIVE", ""), ("DCGM_FI_DEV_GPU_UTIL", " / 100")),
    ("avg", "p95", "max"),
    most=1.5,
)
MEASURED = (
    _BUSY,
    Measured("gpu_tensor", (("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", ""),), ("avg",), most=1.5),
    Measured("gpu_dram", (("DCGM_FI_PROF_DRAM_ACTIVE", ""),), ("avg", "p95"), most=1.5),
    Measured("gpu_power", (("DCGM_FI_DEV_POWER_USAGE", ""),), ("avg",), most=1e5),
    Measured("gpu_memory_used", ((_USED, f" * {MIB}"),), ("max",), most=1e13),
)


def gpu_queries(layout: Layout, span: Span) -> Iterator[Query]:
    """Yield the queries that the server can answer, without filters."""
    keys = layout.known(Family.GPU, GPU_LABELS)
    for metric in layout.find(_USED, *(metric for metric, _ in _BUSY.sources))[:1]:
        counted = over("count_over_time", layout.select(metric), span.window_s)
        yield Query("gpu_samples", aggregate("max", keys, counted), Family.GPU)
    for measured in MEASURED:
        yield from _figures(layout, span, measured, filtered=False)
    yield from _memory_total(layout, keys)


def blank_names(rows: Mapping[str, tuple[Row, ...]]) -> frozenset[str]:
    """Return the names in `MEASURED` whose means or maxima cannot be true."""
    return frozenset(
        measured.name
        for measured in MEASURED
        for figure in measured.figures
        if any(row.value > measured.most for row in rows.get(f"{measured.name}_{figure}", ()))
    )


def filtered_queries(layout: Layout, span: Span, blanks: frozenset[str]) -> Iterator[Query]:
    """Yield the queries again, through a filter, of what showed blanks: a subquery, some five times as dear."""
    for measured in MEASURED:
        if measured.name in blanks:
            yield from _figures(layout, span, measured, filtered=True)


def _figures(layout: Layout, span: Span, measured: Measured, *, filtered: bool) -> Iterator[Query]:
    """Yield one query for each figure, and the hourly one of activity."""
    keys = layout.known(Family.GPU, GPU_LABELS)
    sources = [(metric, factor) for metric, factor in measured.sources if layout.find(metric)]
    step_s = min(300, span.sample_s) if filtered else 0
    for figure in measured.figures if sources else ():
        parts = [
            aggregate("max", keys, _figure(_FUNCTIONS[figure], layout.select(metric), span.window_s, step_s)) + factor
            for metric, factor in sources
        ]
        yield Query(f"{measured.name}_{figure}", either(parts), Family.GPU)
    if measured is _BUSY and sources:
        held = f'{layout.spelled(Family.GPU, "pod")[0]}!=""'
        parts = [
            aggregate("avg", ("namespace", "stem"), layout.stemmed(Family.GPU, hourly)) + factor
            for metric, factor in sources
            for hourly in (_figure("avg_over_time", layout.select(metric, held), HOUR_S, step_s),)
        ]
        yield Query("gpu_busy_hourly", either(parts), Family.GPU, hourly=True)


def _figure(function: str, selected: str, range_s: int, step_s: int) -> str:
    """Return a figure over a range; with a step, of the samples that are no blanks."""
    if not step_s:
        return over(function, selected, range_s)
    first = "0.95, " if function == "quantile_over_time" else ""
    return f"{function}({first}({selected} < {BLANK})[{duration(range_s)}:{duration(step_s)}])"


def _memory_total(layout: Layout, keys: tuple[str, ...]) -> Iterator[Query]:
    """Yield the framebuffer's size: used, free and, where it is told, reserved."""
    if not (layout.find(_USED) and layout.find(_FREE)):
        return
    used, free, reserved = (
        aggregate("max", keys, over("avg_over_time", layout.select(metric), HOUR_S))
        for metric in (_USED, _FREE, _RESERVED)
    )
    plain = f"({used} + {free}) * {MIB}"
    full = f"({used} + {free} + {reserved}) * {MIB}"
    yield Query("gpu_memory_total", either([full, plain] if layout.find(_RESERVED) else [plain]), Family.GPU)
