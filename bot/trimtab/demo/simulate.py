"""What a week of the demo's cluster looks like when it runs what Git declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from trimtab.demo.engine_series import note_engines
from trimtab.demo.gpu_series import note_gpus
from trimtab.demo.kube_series import node_labels, note_machines, note_pods, note_workloads
from trimtab.demo.notebook import Notebook
from trimtab.demo.pods import Running, schedule
from trimtab.demo.week import Week, live, starts
from trimtab.demo.world import APPS, CLUSTER, ENDED_AT_S, MACHINES, WEEK_S
from trimtab.errors import RefusedError
from trimtab.facts import ClusterFacts, LiveObject
from trimtab.fleet import Serving

_NOT_LIVE = ("min_replicas", "max_replicas")
"""Settings of an autoscaler's object: the workload itself has none of them."""


def simulate(servings: Sequence[Serving], week: int, queries: Mapping[str, str]) -> ClusterFacts:
    """Return what would be read of the cluster at the end of a week, were these servings deployed all through it.

    Args:
        servings: What Git declares.
        week: Which week, from 0; there are two of traffic, then they come again.
        queries: The PromQL by signal that a person can paste; of signals that are not there it is left out.

    Raises:
        RefusedError: A workload of the demo is declared nowhere, or would not start.
    """
    fleet = deployed(servings)
    ended_at_s = ENDED_AT_S + week * WEEK_S
    pods = tuple(pod for pod in schedule(fleet) if pod.machine)
    weeks: Mapping[str, Week] = {one.app.name: live(one, week) for one in fleet if one.replicas}
    book = Notebook()
    note_workloads(book, fleet, ended_at_s)
    note_pods(book, pods, weeks, ended_at_s)
    note_machines(book, pods, weeks, ended_at_s)
    note_gpus(book, pods, weeks)
    note_engines(book, pods, weeks)
    series = book.series()
    there = {one.signal for one in series}
    shown = {signal: promql for signal, promql in sorted(queries.items()) if signal in there}
    return ClusterFacts(CLUSTER, ended_at_s, WEEK_S, series, shown, _objects(fleet, servings))


def deployed(servings: Sequence[Serving]) -> tuple[Running, ...]:
    """Return the running apps with the settings that Git gives them."""
    by_path = {serving.path: serving for serving in servings}
    fleet = []
    for app in APPS:
        if app.path not in by_path:
            raise RefusedError(f"{app.path} declares no serving", "the demo deploys only what its repository declares")
        settings = {name: setting.value for name, setting in by_path[app.path].settings.items()}
        replicas = app.scaler.wanted if app.scaler else int(settings.get("replicas", 1))
        running = Running(app, settings, replicas)
        if not app.held or starts(running):
            fleet.append(running)
    return tuple(fleet)


def _objects(fleet: Iterable[Running], servings: Sequence[Serving]) -> tuple[LiveObject, ...]:
    """Return the workloads and nodes as the API would show them."""
    annotations = {serving.path: serving.annotations for serving in servings}
    workloads = [
        LiveObject(
            one.app.kind,
            one.app.namespace,
            one.app.name,
            {},
            annotations[one.app.path],
            {name: value for name, value in one.settings.items() if name not in _NOT_LIVE} | {"replicas": one.replicas},
        )
        for one in fleet
    ]
    nodes = [LiveObject("Node", "", machine.name, node_labels(machine), {}, {}) for machine in MACHINES]
    return tuple(sorted((*workloads, *nodes), key=lambda one: (one.kind, one.namespace, one.name)))
