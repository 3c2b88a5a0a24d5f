"""Who owns a pod: up from ReplicaSet and Job to what a person wrote, also for pods that are gone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from trimtab.facts import pod_stem
from trimtab.join.readings import Key, Readings, label

_REPLICASET_HASH = re.compile(r"-[0-9a-z]{6,10}$")
_CRON_MINUTE = re.compile(r"-\d{8,10}$")
_ORDINAL = re.compile(r"-\d+$")


@dataclass(frozen=True, slots=True)
class Owner:
    """An object by kind and name, in the namespace of its pods."""

    kind: str
    name: str


class Owners:
    """Resolves pods to their top owners over the whole window."""

    def __init__(self, readings: Readings) -> None:
        """Keep one owner for each pod, ReplicaSet and Job; of several the first by name, so that it never varies."""
        self._pods = _owners(readings, "pod_owner", "pod")
        self._replicasets = _owners(readings, "replicaset_owner", "replicaset")
        self._jobs = _owners(readings, "job_owner", "job")

    def of(self, namespace: str, pod: str) -> Owner:
        """Return the top owner of a pod; without kube-state-metrics, as the pod's name suggests."""
        owner = self._pods.get((namespace, pod))
        if owner is None:
            return _by_name(pod)
        if owner.kind == "ReplicaSet":
            guess = Owner("Deployment", _REPLICASET_HASH.sub("", owner.name))
            return self._replicasets.get((namespace, owner.name), guess)
        if owner.kind == "Job":
            cron = _CRON_MINUTE.sub("", owner.name)
            guess = Owner("CronJob", cron) if cron != owner.name else owner
            return self._jobs.get((namespace, owner.name), guess)
        return owner


def _owners(readings: Readings, signal: str, name: str) -> dict[Key, Owner]:
    owners: dict[Key, Owner] = {}
    for key, rows in readings.by(signal, "namespace", name).items():
        pairs = sorted((label(row, "owner_kind"), label(row, "owner_name")) for row in rows)
        named = [pair for pair in pairs if pair[0] and pair[1] and pair[0] != "<none>"]
        if named:
            owners[key] = Owner(*named[0])
    return owners


def _by_name(pod: str) -> Owner:
    """Return the owner that Kubernetes' naming of pods suggests."""
    stem = pod_stem(pod)
    if stem != pod:
        return Owner("Deployment", stem)
    ordinal = _ORDINAL.sub("", pod)
    return Owner("StatefulSet", ordinal) if ordinal != pod else Owner("Pod", pod)
