"""Makes GPU signals of dcgm-exporter's answers: one row for each GPU and holder, whoever scraped it and how often.

An exporter that was restarted is a new instance: its rows are parts of one history and are weighted by their samples.
Two exporters on one node tell the same history twice: the larger figure is taken, and one that names no holder is left
out where the other does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trimtab.facts import SIGNALS, Series
from trimtab.read.layout import Family, Layout
from trimtab.read.nodes import NodeNames
from trimtab.read.query import Row

_NODE = ("node", "Hostname", "hostname", "kubernetes_node", "instance")
_EXPORTER = re.compile(r"dcgm|exporter")
_MOST = 1e13
"""No figure of a GPU is so large in its unit; what is, holds a blank."""
GPU_SIGNALS = tuple(name for name, signal in SIGNALS.items() if "uuid" in signal.labels)

Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """One row of an answer: which GPU and holder, by which scrape, with how much weight."""

    key: Key
    job: str
    weight: float
    value: float


def gpu_series(answers: Mapping[str, tuple[Row, ...]], layout: Layout, nodes: NodeNames) -> Iterator[Series]:
    """Yield the series of every GPU signal."""
    weights = {_raw(row): row.value for row in answers.get("gpu_samples", ())}
    identity = _Identity(layout, nodes)
    useless = _useless_jobs(answers.get("gpu_samples", ()), identity)
    for signal in GPU_SIGNALS:
        by_key: dict[Key, dict[str, list[_Part]]] = {}
        for row in answers.get(signal, ()):
            part = _Part(identity.key(row), row.labels.get("job", ""), weights.get(_raw(row), 1.0), row.value)
            if part.job not in useless and part.value < _MOST:
                by_key.setdefault(part.key, {}).setdefault(part.job, []).append(part)
        for key, jobs in by_key.items():
            yield Series(signal, key, (max(_combined(signal, parts) for parts in jobs.values()),))


class _Identity:
    """Reads which GPU a row is about, and who holds it."""

    def __init__(self, layout: Layout, nodes: NodeNames) -> None:
        """Find out where the holder stands: beside an `exported_pod`, `pod` is the exporter's own."""
        self._pod = layout.spelled(Family.GPU, "pod")[0]
        self._namespace = layout.spelled(Family.GPU, "namespace")[0]
        self._nodes = nodes

    def holder(self, row: Row) -> tuple[str, str]:
        """Return namespace and pod of the holder; both empty where nobody holds the GPU."""
        pod = row.labels.get(self._pod, "")
        if not pod or (self._pod == "pod" and _EXPORTER.search(pod)):
            return "", ""
        return row.labels.get(self._namespace, ""), pod

    def key(self, row: Row) -> Key:
        """Return the labels of the signal, sorted, without empty ones."""
        namespace, pod = self.holder(row)
        node = self._nodes.resolve([row.labels.get(label, "") for label in _NODE])
        labels = {
            "gpu_instance": row.labels.get("GPU_I_ID", ""),
            "mig_profile": row.labels.get("GPU_I_PROFILE", ""),
            "model": row.labels.get("modelName", ""),
            "namespace": namespace,
            "node": node,
            "pod": pod,
            "uuid": self.uuid(row) or f"{node}/{row.labels.get('gpu', '')}",
        }
        return tuple((name, value) for name, value in labels.items() if value)

    @staticmethod
    def uuid(row: Row) -> str:
        """Return the device's id as this release labels it."""
        return row.labels.get("UUID", "") or row.labels.get("uuid", "")


def _raw(row: Row) -> Key:
    """Return a row's labels as they are, to find the same row in another answer."""
    return tuple(sorted(row.labels.items()))


def _combined(signal: str, parts: list[_Part]) -> float:
    """Return the figure of one history told in parts."""
    if signal == "gpu_samples":
        return sum(part.value for part in parts)
    if signal.endswith("_avg"):
        weight = sum(part.weight for part in parts)
        return sum(part.value * part.weight for part in parts) / weight
    return max(part.value for part in parts)


def _useless_jobs(samples: tuple[Row, ...], identity: _Identity) -> frozenset[str]:
    """Return scrapes that name no holder at all, of GPUs that another scrape names holders for."""
    gpus: dict[str, set[str]] = {}
    naming: set[str] = set()
    for row in samples:
        job = row.labels.get("job", "")
        gpus.setdefault(job, set()).add(identity.uuid(row))
        if identity.holder(row)[1]:
            naming.add(job)
    named = set().union(*(gpus[job] for job in naming))
    return frozenset(job for job, held in gpus.items() if job not in naming and held <= named)
