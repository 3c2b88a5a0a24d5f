"""Whether a workload's pods are new since a merge: what can be seen where no source shows a setting's value."""

from __future__ import annotations

import re

from trimtab.facts import ClusterFacts, Series, pod_stem
from trimtab.fleet import Found, Unknown, Workload
from trimtab.settle.world import World


def oldest_start_s(workload: Workload, world: World) -> Found[int] | Unknown:
    """Return when the oldest of a workload's pods of now was created, Unix seconds.

    Pods are known by their names: a controller appends hashes or numbers to its own.
    """
    facts = world.of(workload.cluster)
    if isinstance(facts, Unknown):
        return facts
    mine = re.compile(rf"{re.escape(workload.name)}(-\d+)*")
    here = {one for one in _pods(facts, "pod_now") if one[0] == workload.namespace and mine.fullmatch(pod_stem(one[1]))}
    born = {pod: value for pod, value in _pods(facts, "pod_created").items() if pod in here}
    if not here or set(born) != here:
        return Unknown("when its pods started is not known")
    return Found(int(min(born.values())))


def _pods(facts: ClusterFacts, signal: str) -> dict[tuple[str, str], float]:
    return {_key(one): one.values[0] for one in facts.series if one.signal == signal and one.values}


def _key(one: Series) -> tuple[str, str]:
    labels = dict(one.labels)
    return labels.get("namespace", ""), labels.get("pod", "")
