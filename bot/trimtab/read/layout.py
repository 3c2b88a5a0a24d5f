"""What a Prometheus holds, and how it spells it: which metrics are there, and which labels name pods and nodes.

Exporters rename their labels from release to release, and a scrape that does not honour labels puts the exporter's own
pod where the observed one should be (`exported_pod` then has the real one). The layout finds out once, so that every
query names only what is there and reads as a person would write it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trimtab.read import promql


class Family(StrEnum):
    """An exporter, by the name a user knows."""

    KUBE = "kube-state-metrics"
    CADVISOR = "cAdvisor"
    NODE = "node-exporter"
    GPU = "dcgm-exporter"
    ENGINE = "inference engine"
    COST = "OpenCost"


MARKS: Mapping[Family, tuple[str, ...]] = {
    Family.KUBE: ("kube_pod_container_resource_requests", "kube_pod_owner", "kube_pod_info"),
    Family.CADVISOR: ("container_cpu_usage_seconds_total", "container_memory_working_set_bytes"),
    Family.NODE: ("node_cpu_seconds_total",),
    Family.GPU: ("DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_PROF_GR_ENGINE_ACTIVE"),
    Family.ENGINE: (
        "vllm:num_requests_running",
        "sglang:num_running_reqs",
        "tgi_batch_current_size",
        "trtllm_num_requests_running",
        "llamacpp:requests_processing",
    ),
    Family.COST: ("node_gpu_hourly_cost",),
}
"""Metrics whose labels stand for all of a family."""

ALL_NAMES = (
    "kube_.+|container_.+|node_cpu_seconds_total|node_uname_info|node_gpu_hourly_cost|DCGM_FI_.+"
    "|(ray_)?(vllm|sglang|trtllm)[:_].+|llamacpp:.+|tgi_.+"
)
"""Matches every metric that is asked for, and little else."""

_CANDIDATES: Mapping[str, tuple[str, ...]] = {
    "namespace": ("exported_namespace", "namespace", "kubernetes_namespace", "pod_namespace"),
    "pod": ("exported_pod", "pod", "kubernetes_pod_name", "pod_name"),
    "container": ("exported_container", "container", "container_name"),
    "node": ("exported_node", "node"),
    "job": ("job",),
}
"""Where a label may stand, best first."""


def canonical(metric: str) -> str:
    """Return a metric's name without what differs between releases and ways to scrape it.

    Ray Serve puts `ray_` before an engine's names, exporters of other systems turn `:` into `_`, and counters lose or
    gain `_total` on the way through clients and collectors.
    """
    return metric.removeprefix("ray_").replace(":", "_").removesuffix("_total")


@dataclass(frozen=True, slots=True)
class Layout:
    """What is there.

    Attributes:
        names: Metric names with samples in the window; empty where the server would not say, and then every name
            is asked for.
        labels: Label names by family, as far as the server would say.
        matchers: Added to every selector.
    """

    names: frozenset[str]
    labels: Mapping[Family, frozenset[str]]
    matchers: str = ""

    def find(self, *aliases: str) -> tuple[str, ...]:
        """Return the stored names of a metric, best alias first; nothing where the server has none of them."""
        if not self.names:
            return aliases
        found: dict[str, None] = {}
        for alias in aliases:
            wanted = canonical(alias)
            found.update(dict.fromkeys(sorted(name for name in self.names if canonical(name) == wanted)))
        return tuple(found)

    def has(self, family: Family) -> bool:
        """Return whether the family has any samples."""
        return bool(self.find(*MARKS[family]))

    def select(self, metric: str, *matchers: str) -> str:
        """Return a selector that holds the configured matchers too."""
        return promql.selector(metric, *matchers, self.matchers)

    def spelled(self, family: Family, label: str) -> tuple[str, ...]:
        """Return where a label of a family stands, best first: one name, or `exported_…` and the plain one."""
        candidates = _CANDIDATES.get(label, (label,))
        known = self.labels.get(family, frozenset())
        present = [name for name in candidates if name in known]
        if not present:
            return (label,)
        return tuple(present[:2]) if present[0].startswith("exported_") else (present[0],)

    def keys(self, family: Family, *labels: str) -> tuple[str, ...]:
        """Return the label names to group by."""
        return tuple(spelling for label in labels for spelling in self.spelled(family, label))

    def known(self, family: Family, labels: Sequence[str]) -> tuple[str, ...]:
        """Return those labels that the family has; all of them where the server would not say."""
        held = self.labels.get(family)
        return tuple(label for label in labels if held is None or label in held)

    def stemmed(self, family: Family, expression: str) -> str:
        """Return an expression with the label `stem`, see `promql.stemmed`."""
        return promql.stemmed(expression, self.spelled(family, "pod"), self.spelled(family, "namespace"))

    def normalised(self, family: Family, labels: Mapping[str, str]) -> dict[str, str]:
        """Return labels under the names that facts use: the best spelling of each, empty ones left out."""
        result = {name: value for name, value in labels.items() if value}
        for label in _CANDIDATES:
            spellings = self.spelled(family, label)
            value = next((labels[name] for name in spellings if labels.get(name)), "")
            for name in spellings:
                result.pop(name, None)
            if value:
                result[label] = value
        return result


def mark_of(names: Iterable[str], family: Family) -> str:
    """Return a regular expression of the family's metrics that are there, to ask for their labels."""
    wanted = {canonical(mark) for mark in MARKS[family]}
    return promql.alternatives(sorted(name for name in names if canonical(name) in wanted))
