"""GPU pods of the window, grouped into the workloads they belong to."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from trimtab.facts import Series, pod_stem
from trimtab.fleet import Unknown
from trimtab.join.owners import Owner, Owners
from trimtab.join.readings import NAN, Key, Readings, label

_POD = ("namespace", "pod")
_ENGINE = ("engine_model", "engine_config", "running_avg", "requests_total", "kv_usage_max")
_RECURRING = frozenset({"CronJob"})


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of the window, running or gone.

    Attributes:
        namespace: Its namespace.
        name: Its name.
        node: Where it is or was last; empty where unknown.
        samples: How often it was seen: its weight in averages.
        now: Whether it existed in the last hour.
        created_s: Unix seconds; NaN where unknown.
        units: GPU units requested, by resource.
        container: The container that asks for the GPU; empty where unknown.
    """

    namespace: str
    name: str
    node: str
    samples: float
    now: bool
    created_s: float
    units: Mapping[str, float]
    container: str

    @property
    def key(self) -> Key:
        """Return namespace and name."""
        return (self.namespace, self.name)

    @property
    def stem(self) -> Key:
        """Return namespace and stem, under which hourly signals come."""
        return (self.namespace, pod_stem(self.name))


@dataclass(frozen=True, slots=True)
class Group:
    """Alike pods under one top owner.

    Attributes:
        namespace: Theirs.
        kind: The top owner's.
        name: The top owner's.
        pods: All pods of the window, ordered by name.
        leaders: Those that stand for a replica each: all, or the leaders of a LeaderWorkerSet's groups.
    """

    namespace: str
    kind: str
    name: str
    pods: tuple[Pod, ...]
    leaders: tuple[Pod, ...]

    @property
    def current(self) -> tuple[Pod, ...]:
        """Return the leaders that exist now; all where none does."""
        return tuple(pod for pod in self.leaders if pod.now) or self.leaders

    @property
    def newest(self) -> Pod | Unknown:
        """Return the leader created last: it carries the settings that hold now."""
        return max(self.current, key=_by_creation) if self.leaders else Unknown("no pods in the window")

    @property
    def stems(self) -> tuple[Key, ...]:
        """Return the stems of all pods, ordered."""
        return tuple(sorted({pod.stem for pod in self.pods}))

    @property
    def leader_stems(self) -> tuple[Key, ...]:
        """Return the stems of the leaders, ordered."""
        return tuple(sorted({pod.stem for pod in self.leaders}))


def _by_creation(pod: Pod) -> tuple[bool, float, str]:
    return (not math.isnan(pod.created_s), 0.0 if math.isnan(pod.created_s) else pod.created_s, pod.name)


def gpu_pods(readings: Readings) -> dict[Key, Pod]:
    """Return the pods that ask for GPUs, sit on one as DCGM sees it, or run an inference engine."""
    keys = set(readings.by("pod_gpu_request", *_POD))
    keys |= {key for key in readings.by("gpu_samples", *_POD) if key[1]}
    for signal in _ENGINE:
        keys |= set(readings.by(signal, *_POD))
    return {key: _pod(readings, key) for key in sorted(keys) if all(key)}


def _pod(readings: Readings, key: Key) -> Pod:
    requests = readings.by("pod_gpu_request", *_POD).get(key, ())
    units: defaultdict[str, float] = defaultdict(float)
    for row in requests:
        units[label(row, "resource")] += row.values[0]
    asked = sorted(requests, key=lambda row: (-row.values[0], label(row, "container")))
    return Pod(
        namespace=key[0],
        name=key[1],
        node=_node(readings, key),
        samples=sum(row.values[0] for row in _sample_rows(readings, key)),
        now=key in readings.by("pod_now", *_POD) or not readings.has("pod_now"),
        created_s=readings.figure("pod_created", _POD, key),
        units={name: count for name, count in sorted(units.items()) if count > 0},
        container=label(asked[0], "container") if asked else "",
    )


def _sample_rows(readings: Readings, key: Key) -> Iterable[Series]:
    rows = readings.by("pod_samples", *_POD).get(key, ())
    return rows or readings.by("gpu_samples", *_POD).get(key, ())[:1]


def _node(readings: Readings, key: Key) -> str:
    """Return the node of a pod by the surest source that names one."""
    for signal in ("pod_now", "pod_gpu_request", "pod_samples", "gpu_samples"):
        named = sorted({label(row, "node") for row in readings.by(signal, *_POD).get(key, ())} - {""})
        if named:
            return named[-1]
    return ""


def group_pods(readings: Readings, pods: Mapping[Key, Pod]) -> tuple[Group, ...]:
    """Return the workloads that exist now, ordered by namespace, kind and name; what is gone is left out."""
    owners = Owners(readings)
    members: defaultdict[tuple[str, Owner], list[Pod]] = defaultdict(list)
    for pod in pods.values():
        members[pod.namespace, owners.of(*pod.key)].append(pod)
    groups = [
        Group(namespace, owner.kind, owner.name, tuple(found), tuple(found))
        for (namespace, owner), found in members.items()
    ]
    standing = [group for group in _lead(groups, owners) if _exists(readings, group)]
    return tuple(sorted(standing, key=lambda group: (group.namespace, group.kind, group.name)))


def _lead(groups: Iterable[Group], owners: Owners) -> Iterator[Group]:
    """Join the StatefulSets of a LeaderWorkerSet: workers' sets bear the name of their leader's pod.

    Naming as in sigs.k8s.io/lws v0.5 docs/concepts: leaders `NAME-0`, workers `NAME-0-1` of StatefulSet `NAME-0`.
    """
    by_key = {(group.namespace, group.kind, group.name): group for group in groups}
    workers: defaultdict[Key, list[Pod]] = defaultdict(list)
    taken = set()
    for key, group in by_key.items():
        owner = owners.of(group.namespace, group.name)
        home = (group.namespace, "StatefulSet", owner.name)
        if group.kind == "StatefulSet" and home != key and _has_pod(by_key.get(home), group.name):
            workers[home].extend(group.pods)
            taken.add(key)
    for key, group in by_key.items():
        if key in workers:
            both = sorted((*group.pods, *workers[key]), key=lambda pod: pod.name)
            yield replace(group, kind="LeaderWorkerSet", pods=tuple(both))
        elif key not in taken:
            yield group


def _has_pod(group: Group | None, name: str) -> bool:
    return group is not None and any(pod.name == name for pod in group.pods)


def _exists(readings: Readings, group: Group) -> bool:
    """Return whether the owner still stands: it has a pod, a replica count, or comes back by its schedule."""
    return (
        any(pod.now for pod in group.pods)
        or group.kind in _RECURRING
        or (group.namespace, group.kind, group.name) in readings.by("workload_replicas", "namespace", "kind", "name")
    )


def units_per_replica(group: Group) -> tuple[str, float]:
    """Return the GPU resource and how many units one replica asks for: the newest pod's, with its group's workers."""
    newest = group.newest
    if isinstance(newest, Unknown):
        return ("", NAN)
    many = group.kind == "LeaderWorkerSet"
    team = [newest, *(pod for pod in group.pods if many and pod.name.startswith(f"{newest.name}-"))]
    total: defaultdict[str, float] = defaultdict(float)
    for pod in team:
        for resource, count in pod.units.items():
            total[resource] += count
    return max(sorted(total.items()), key=lambda item: item[1], default=("", NAN))
