"""How many replicas there were and are, who decides, and how much of the window is covered."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from trimtab.fleet import Found, Measure, Scalar, Scale, Serving, Unknown
from trimtab.join.pods import Group
from trimtab.join.readings import HOUR_S, NAN, Readings, add_hours, known, label

_TOP = ("namespace", "kind", "name")
_TARGET = ("namespace", "target_kind", "target_name")


class Presence:
    """When a workload had pods, hour by hour, and since when it is there."""

    def __init__(self, readings: Readings, group: Group, *, told_apart: bool) -> None:
        """Read the hours; where stems are shared by several workloads, no hour is known."""
        self.readings = readings
        self._group = group
        self._told_apart = told_apart
        self._watched = readings.watched
        parked = (NAN,) * len(self._watched) if not group.pods else ()
        self.pods = readings.hourly("pods_hourly", group.leader_stems) if told_apart and group.pods else parked

    def created_s(self) -> float:
        """Return when it was created or first seen, Unix seconds; NaN where unknown."""
        facts = self.readings.facts
        key = (self._group.namespace, self._group.kind, self._group.name)
        created = self.readings.figure("workload_created", _TOP, key)
        if math.isfinite(created):
            return created
        first = next((hour for hour, count in enumerate(self.pods) if count > 0), -1)
        seen = facts.ended_at_s - (len(self.pods) - first) * HOUR_S if first >= 0 else NAN
        return min(known((seen, *(pod.created_s for pod in self._group.pods))), default=NAN)

    def age_s(self) -> Measure:
        """Return seconds since then at the window's end."""
        return self.readings.found("workload_created", self.readings.facts.ended_at_s - self.created_s())

    def counts(self) -> tuple[float, ...]:
        """Return pods of each hour since it is there: zero in a watched hour without any, NaN in an unwatched one."""
        return tuple(
            (count if math.isfinite(count) else 0.0) if watched and since else NAN
            for count, watched, since in zip(self.pods, self._watched[-len(self.pods) :], self._since(), strict=True)
        )

    def _since(self) -> tuple[bool, ...]:
        """Return for each hour whether the workload was there at its end."""
        created, ended = self.created_s(), self.readings.facts.ended_at_s
        length = len(self.pods)
        ends = (ended - (length - 1 - hour) * HOUR_S for hour in range(length))
        return tuple(math.isnan(created) or end > created for end in ends)

    def ready_avg(self) -> Measure:
        """Return the mean number of replicas over the time it is there; by samples where hours are not known."""
        counts = known(self.counts()) if self.pods else ()
        if counts:
            return Found(sum(counts) / len(counts), self.readings.query("pods_hourly"))
        longest = self.readings.longest_samples
        samples = sum(pod.samples for pod in self._group.leaders)
        if longest > 0 and samples > 0:
            return Found(samples / longest, self.readings.query("pod_samples"))
        current = sum(1 for pod in self._group.leaders if pod.now)
        return self.readings.found("pod_now", float(current) if current else NAN)

    def ready_min(self) -> Measure:
        """Return the smallest number of replicas of an hour."""
        return self.readings.found("pods_hourly", min(known(self.counts()) if self.pods else (), default=NAN))

    def coverage(self) -> float:
        """Return the share of the window's hours with samples of it, 0 to 1.

        An hour counts where the cluster was watched and the workload was there; if it had pods then, every kind of
        signal that it has at all (engine, GPU) must have spoken. An hour in which it had no pods on purpose counts.
        """
        readings, hours = self.readings, self.readings.hours
        if not self._told_apart:
            return self._by_samples()
        stems = self._group.stems
        engine = add_hours([readings.hourly(name, stems) for name in ("requests_hourly", "running_hourly")])
        kinds = [one for one in (engine, readings.hourly("gpu_busy_hourly", stems)) if one]
        counts = self.counts() if self.pods else ()
        lists = [_last(one, hours) for one in kinds]
        if not counts and not lists:
            return self._by_samples()
        standing = _last(counts, hours) if counts else (math.inf,) * hours
        covered = sum(
            1
            for hour in range(hours)
            if standing[hour] == 0 or (standing[hour] > 0 and all(math.isfinite(one[hour]) for one in lists))
        )
        return covered / hours

    def _by_samples(self) -> float:
        longest = self.readings.longest_samples
        samples = sum(pod.samples for pod in self._group.leaders)
        return min(1.0, samples / longest) if longest > 0 else 0.0


def _last(values: Sequence[float], hours: int) -> tuple[float, ...]:
    """Return the last hours of a list, NaN in front where it is shorter."""
    kept = tuple(values[-hours:])
    return (NAN,) * (hours - len(kept)) + kept


def join_scale(presence: Presence, group: Group, settings: Mapping[str, Scalar], place: Serving | Unknown) -> Scale:
    """Return the replica count and its owner: the cluster's word first, then Git's."""
    readings = presence.readings
    desired = readings.figure("workload_replicas", _TOP, (group.namespace, group.kind, group.name))
    if math.isnan(desired) and group.kind == "LeaderWorkerSet":
        desired = readings.figure("workload_replicas", _TOP, (group.namespace, "StatefulSet", group.name))
    running = sum(1 for pod in group.leaders if pod.now)
    declared = integer(settings.get("replicas", running or 1), 1)
    name, low, high = _autoscaler(readings, group)
    if not name and isinstance(place, Serving):
        name, low, high = declared_autoscaler(place)
    return Scale(
        replicas=int(desired) if math.isfinite(desired) else declared,
        ready_avg=presence.ready_avg(),
        ready_min=presence.ready_min(),
        autoscaler=name,
        min_replicas=low,
        max_replicas=high,
    )


def _autoscaler(readings: Readings, group: Group) -> tuple[str, int, int]:
    rows = readings.by("autoscaler", *_TARGET).get((group.namespace, group.kind, group.name), ())
    name = min((label(row, "name") for row in rows), default="")
    low = readings.figure("autoscaler_min", ("namespace", "name"), (group.namespace, name))
    high = readings.figure("autoscaler_max", ("namespace", "name"), (group.namespace, name))
    return (name, 0 if math.isnan(low) else int(low), 0 if math.isnan(high) else int(high)) if name else ("", 0, 0)


def declared_autoscaler(serving: Serving) -> tuple[str, int, int]:
    """Return the bounds that Git gives an autoscaler, where it gives it room to decide."""
    low, high = (serving.settings.get(name) for name in ("min_replicas", "max_replicas"))
    if high is None:
        return ("", 0, 0)
    least, most = integer(low.value, 0) if low else 1, integer(high.value, 0)
    where = f"declared at {high.location.path}:{high.location.line}"
    return (where, least, most) if most > least else ("", 0, 0)


def integer(value: Scalar, otherwise: int) -> int:
    """Return a count as Git writes it, quoted or not; `otherwise` where it is none."""
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return otherwise
