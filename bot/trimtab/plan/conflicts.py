"""Which recommendations cannot go together: one workload, or one place in Git that several workloads stand on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from trimtab.fleet import Fleet, Scalar, Unknown, Workload
from trimtab.recommendation import Priced, Saving
from trimtab.rule import Subject, subject_of

_HOST = frozenset(
    {
        "cpu_request",
        "cpu_limit",
        "memory_request",
        "memory_limit",
        "shm_size",
        "priority_class",
        "topology_policy",
        "runtime_class",
    }
)
"""Settings that no estimate of memory or speed on a GPU rests on."""


def fields(priced: Priced) -> dict[str, Scalar]:
    """Return what would be set, by the vocabulary's word."""
    return {change.field: change.after for change in priced.option.changes}


def is_host_only(priced: Priced) -> bool:
    """Return whether only the CPU side or the scheduling of a workload would change."""
    return bool(fields(priced)) and fields(priced).keys() <= _HOST


def claims_money(priced: Priced) -> bool:
    """Return whether it says that it saves, or would save where a price were known."""
    return priced.saves or (isinstance(priced.saving, Saving) and priced.saving.monthly > 0)


def independent(one: Priced, other: Priced) -> bool:
    """Return whether neither rests on what the other changes.

    Every estimate rests on all settings of model, engine, hardware and scale. So two go together only where one sets
    nothing and saves nothing, or both set different host settings and save nothing.
    """
    if claims_money(one) and claims_money(other):
        return False
    if any(not fields(each) and not claims_money(each) for each in (one, other)):
        return True
    both_host = is_host_only(one) and is_host_only(other)
    return both_host and not fields(one).keys() & fields(other).keys()


class Ground:
    """Which live workloads stand on the same characters in Git."""

    def __init__(self, fleet: Fleet) -> None:
        """Index live workloads by their declaration and by the place of each of its settings."""
        self._tenants: defaultdict[tuple[str, ...], list[Subject]] = defaultdict(list)
        self._workloads = {
            subject_of(workload): workload
            for cluster in fleet.clusters
            for workload in cluster.workloads
            if workload.live
        }
        for subject, workload in self._workloads.items():
            for key in _keys(workload, None):
                self._tenants[key].append(subject)

    def neighbours(self, priced: Priced) -> tuple[Subject, ...]:
        """Return the other workloads that the same edit would change, ordered as in the fleet."""
        workload = self._workloads.get(priced.finding.subject)
        if workload is None or not fields(priced):
            return ()
        touched = {subject for key in _keys(workload, fields(priced)) for subject in self._tenants[key]}
        return tuple(subject for subject in self._workloads if subject in touched - {priced.finding.subject})


def _keys(workload: Workload, only: Iterable[str] | None) -> Iterator[tuple[str, ...]]:
    """Yield the declaration and the places of its settings, all or only some."""
    if isinstance(workload.place, Unknown):
        return
    serving = workload.place.value.serving
    yield ("declaration", serving.repository, serving.subject)
    for name in sorted(serving.settings if only is None else only):
        setting = serving.settings.get(name)
        if setting is not None:
            at = setting.location
            yield ("setting", at.repository, at.path, str(at.document), str(at.start), str(at.end))
