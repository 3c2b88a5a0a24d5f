"""Whether a cluster shows a change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trimtab.fleet import Cluster, Fleet, Found, Scalar, Unknown, Workload
from trimtab.fleet.quantity import same
from trimtab.rule import Change, Subject


def find(fleet: Fleet, subject: Subject) -> Found[tuple[Cluster, Workload]] | Unknown:
    """Return a workload with its cluster."""
    for cluster in fleet.clusters:
        for workload in cluster.workloads:
            if (cluster.name, workload.namespace, workload.kind, workload.name) == (
                subject.cluster,
                subject.namespace,
                subject.kind,
                subject.name,
            ):
                return Found((cluster, workload))
    return Unknown("the cluster does not show the workload")


def shows(workload: Workload, changes: Sequence[Change]) -> Found[bool] | Unknown:
    """Return whether all changes are live; Unknown names the first field that the cluster does not show."""
    verdict = True
    for change in changes:
        seen = _seen(workload, change.field)
        if isinstance(seen, Unknown):
            return seen
        verdict = verdict and same(seen.value, change.after)
    return Found(verdict)


def differing(workload: Workload, changes: Sequence[Change]) -> Iterator[str]:
    """Yield, for each field that is not as it was to be, what it is."""
    for change in changes:
        seen = _seen(workload, change.field)
        if isinstance(seen, Found) and not same(seen.value, change.after):
            yield f"{change.field} is {seen.value}, not {change.after}"


def _seen(workload: Workload, field: str) -> Found[Scalar] | Unknown:
    """Return what the cluster itself shows of a field, never what Git says of it."""
    if field == "gpu_product":
        on = workload.gpu
        return Found(on.value.name) if workload.live and isinstance(on, Found) else Unknown("its GPU is not known")
    if field in {"min_replicas", "max_replicas"} and workload.scale.autoscaler:
        return Found(workload.scale.min_replicas if field == "min_replicas" else workload.scale.max_replicas)
    if field in workload.live_fields:
        return Found(workload.settings[field])
    return Unknown(f"the cluster does not show `{field}`; `kubernetes` in the configuration lets Trimtab read it")
