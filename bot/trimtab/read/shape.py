"""Makes facts of answers: labels as the signals have them, figures in their units, nothing of pods without GPUs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from trimtab.facts import SIGNALS, Series
from trimtab.read.layout import Layout, canonical
from trimtab.read.nodes import node_names
from trimtab.read.promql import HOUR_S
from trimtab.read.query import Query, Row, Span
from trimtab.read.relevant import relevant
from trimtab.read.shape_gpu import GPU_SIGNALS, gpu_series
from trimtab.read.shape_node import gpu_requested, node_cpu

Answers = Mapping[str, tuple[Row, ...]]
Labels = tuple[tuple[str, str], ...]

_RENAMED = {
    "horizontalpodautoscaler": "name",
    "scaletargetref_kind": "target_kind",
    "scaletargetref_name": "target_name",
    "job_name": "job",
}
_TOPS = {
    "deployment": "Deployment",
    "statefulset": "StatefulSet",
    "daemonset": "DaemonSet",
    "job_name": "Job",
    "cronjob": "CronJob",
}
_ENGINES = {"trtllm": "tensorrt-llm", "llamacpp": "llama.cpp"}
_SCRAPE = frozenset(
    {"__name__", "container", "endpoint", "instance", "job", "node", "prometheus", "prometheus_replica", "replica"}
    | {"service", "uid", "pod_template_hash"}
)
"""Labels that tell of the scrape, not of the engine."""
_RESOURCE = re.compile(r"(nvidia_com|amd_com|gpu_intel_com|habana_ai)_(.+)")


def real_resource(sanitised: str) -> str:
    """Return a resource's name as Kubernetes has it: `nvidia_com_mig_1g_10gb` is `nvidia.com/mig-1g.10gb`."""
    match = _RESOURCE.fullmatch(sanitised)
    if not match:
        return sanitised
    domain, name = match[1].replace("_", "."), match[2]
    if name.startswith("mig_"):
        return f"{domain}/mig-{name.removeprefix('mig_').replace('_', '.')}"
    return f"{domain}/{name.replace('_', '.')}"


def shaped(answers: Answers, queries: Mapping[str, Query], layout: Layout, span: Span) -> tuple[Series, ...]:
    """Return every signal that the answers give, ordered by signal and labels."""
    plain: dict[str, tuple[Row, ...]] = {
        name: tuple(Row(layout.normalised(queries[name].family, row.labels), row.values) for row in rows)
        for name, rows in answers.items()
        if name not in GPU_SIGNALS
    }
    nodes = node_names(plain)
    alive = _alive(plain)
    series = [
        *_direct(plain, alive),
        *gpu_series(answers, layout, nodes),
        *node_cpu(plain, nodes),
        *gpu_requested(plain, alive),
        *_cpu_used(plain, span),
    ]
    return relevant(series)


def _direct(answers: Answers, alive: Mapping[tuple[str, str], float]) -> Iterator[Series]:
    """Yield the signals that are answers themselves, each label set once."""
    for name, signal in SIGNALS.items():
        if name in GPU_SIGNALS or name not in answers:
            continue
        merged: dict[Labels, tuple[float, ...]] = {}
        for row in _adjusted(name, answers[name], alive):
            labels = _labels(name, row.labels)
            before = merged.get(labels)
            merged[labels] = row.values if before is None else _larger(before, row.values)
        if name == "pods_hourly":
            merged = _without_gaps(merged, recorded_hours(answers))
        if name == "pod_gpu_request":
            merged = _placed(merged)
        yield from (Series(name, labels, values) for labels, values in merged.items() if signal.labels)


def _adjusted(name: str, rows: tuple[Row, ...], alive: Mapping[tuple[str, str], float]) -> Iterator[Row]:
    """Yield the rows of an answer, in the units of the signal."""
    for row in rows:
        if name == "pod_samples":
            value = row.value * alive.get(_pod(row), 1.0)
            if value > 0:
                yield Row(row.labels, (value,))
        elif name == "pod_restarts":
            yield Row(row.labels, (float(round(row.value)),))
        else:
            yield row


def _pod(row: Row) -> tuple[str, str]:
    """Return namespace and pod."""
    return row.labels.get("namespace", ""), row.labels.get("pod", "")


def _labels(name: str, labels: Mapping[str, str]) -> Labels:
    """Return the labels of a signal, sorted, without empty ones."""
    if name == "engine_model":
        engine = canonical(labels["__name__"]).partition("_")[0]
        labels = {**labels, "engine": _ENGINES.get(engine, engine)}
    wanted = SIGNALS[name].labels
    result: dict[str, str] = {}
    for label, value in labels.items():
        renamed = label if label in wanted else _RENAMED.get(label, label)
        if renamed in wanted:
            result[renamed] = real_resource(value) if renamed == "resource" else value
        elif "*" in wanted and _describes(name, label):
            result[label] = value
    if "kind" in wanted:
        top = next((label for label in _TOPS if labels.get(label)), "")
        result |= {"kind": _TOPS.get(top, ""), "name": labels.get(top, "")}
    return tuple(sorted((label, value) for label, value in result.items() if value))


def _describes(name: str, label: str) -> bool:
    """Return whether a label is of the object, not of the scrape that showed it."""
    if name == "engine_config":
        return label not in _SCRAPE
    return label.startswith(("label_", "annotation_"))


def _larger(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, ...]:
    """Return the larger figure of each hour; a figure rather than none."""
    return tuple(a if math.isnan(b) or a >= b else b for a, b in zip(one, other, strict=True))


def _without_gaps(
    merged: Mapping[Labels, tuple[float, ...]], recorded: frozenset[int]
) -> dict[Labels, tuple[float, ...]]:
    """Return pods by hour with a zero where a stem had none after its first, in hours with any records."""
    filled: dict[Labels, tuple[float, ...]] = {}
    for labels, values in merged.items():
        first = next((hour for hour, value in enumerate(values) if not math.isnan(value)), len(values))
        filled[labels] = tuple(
            0.0 if math.isnan(value) and hour > first and hour in recorded else value
            for hour, value in enumerate(values)
        )
    return filled


def _placed(merged: Mapping[Labels, tuple[float, ...]]) -> dict[Labels, tuple[float, ...]]:
    """Return requests without those from before a pod had its node, where the node is known by now."""
    placed = {_without_node(labels) for labels in merged if "node" in dict(labels)}
    return {labels: values for labels, values in merged.items() if "node" in dict(labels) or labels not in placed}


def _without_node(labels: Labels) -> Labels:
    """Return labels without the node."""
    return tuple(pair for pair in labels if pair[0] != "node")


def _alive(answers: Answers) -> dict[tuple[str, str], float]:
    """Return, for pods that had ended within the window, the share of their samples before that."""
    samples: dict[tuple[str, str], float] = {}
    for row in answers.get("pod_samples", ()):
        samples[_pod(row)] = samples.get(_pod(row), 0.0) + row.value
    ended = ((_pod(row), row.value) for row in answers.get("_pod_ended", ()))
    return {pod: max(0.0, 1.0 - count / samples[pod]) for pod, count in ended if samples.get(pod)}


def _cpu_used(answers: Answers, span: Span) -> Iterator[Series]:
    """Yield CPU seconds over each pod's life in the window, which its samples tell; over the window where none do."""
    spacing_s = _spacing_s(answers, span)
    life_s: dict[tuple[str, str], float] = {}
    for row in answers.get("pod_samples", ()):
        life_s[_pod(row)] = life_s.get(_pod(row), 0.0) + row.value * spacing_s
    for row in answers.get("_cpu_seconds", ()):
        lived_s = min(life_s.get(_pod(row), 0.0) or span.window_s, span.window_s)
        yield Series("cpu_used_avg", _labels("cpu_used_avg", row.labels), (row.value / lived_s,))


def _spacing_s(answers: Answers, span: Span) -> float:
    """Return the seconds that one sample of kube-state-metrics stands for: hours with records over the most samples."""
    hours = recorded_hours(answers)
    most = max((row.value for row in answers.get("pod_samples", ())), default=0.0)
    return len(hours) * HOUR_S / most if hours and most else float(span.sample_s)


def recorded_hours(answers: Answers) -> frozenset[int]:
    """Return the hours of the window in which kube-state-metrics showed anything."""
    rows = answers.get("_recorded_hourly", ())
    return frozenset(hour for row in rows for hour, value in enumerate(row.values) if not math.isnan(value))
