"""What Argo CD or Flux says of bringing Git to a workload."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trimtab.facts import ClusterFacts, LiveObject
from trimtab.fleet import Found, Unknown, Workload
from trimtab.life import Entry
from trimtab.settle.world import World

_TOOLS = {"Application": "Argo CD's application", "Kustomization": "Flux's Kustomization", "HelmRelease": "HelmRelease"}
_FLUX = (("HelmRelease", "helm.toolkit.fluxcd.io"), ("Kustomization", "kustomize.toolkit.fluxcd.io"))
_TRACKING = "argocd.argoproj.io/tracking-id"
_INSTANCE = "app.kubernetes.io/instance"
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Deployed:
    """Where the deployment of a merged change stands.

    Attributes:
        by: Which object of which tool.
        synced: Whether the tool applied a commit that has the merge in it, and is content.
        held_up: Whether it is known that it did not, or that it is stuck.
        told: That, or what keeps it from there, in words.
    """

    by: str
    synced: bool
    held_up: bool
    told: str


def deployed(entry: Entry, workload: Workload, world: World) -> Found[Deployed] | Unknown:
    """Return what the tool that deploys a workload says; Unknown where none was seen.

    A tool is known by the labels and annotations that it puts on what it deploys. Sources: Argo CD v3.1
    docs/user-guide/resource_tracking.md (`tracking-id: <app>:<group>/<kind>:<namespace>/<name>`, else the label
    `app.kubernetes.io/instance`); Flux v2.6 kustomize-controller and helm-controller (`<group>/name`, `/namespace`).
    """
    facts = world.of(workload.cluster)
    if isinstance(facts, Unknown):
        return facts
    found = [one for key in _deployers(facts, workload) for one in _called(facts, key)]
    if not found:
        return Unknown("no Argo CD or Flux was seen to deploy it")
    above = [one for label in _by_flux(found[0]) for one in _called(facts, label)]
    told = [_judged(one, entry, world) for one in (found[0], *above)]
    return Found(next((one for one in told if one.held_up), next((one for one in told if one.synced), told[0])))


def _called(facts: ClusterFacts, key: tuple[str, str, str]) -> Iterator[LiveObject]:
    kind, namespace, name = key
    for one in facts.objects:
        if (one.kind, one.name) == (kind, name) and namespace in {"", one.namespace}:
            yield one


def _deployers(facts: ClusterFacts, workload: Workload) -> Iterator[tuple[str, str, str]]:
    """Yield kind, namespace and name of what may deploy a workload; the namespace is empty where it is not told."""
    if isinstance(workload.place, Found):
        kinds = {"argo": "Application", "flux": "Kustomization"}
        for target in workload.place.value.serving.destinations:
            yield kinds.get(target.tool, ""), "", target.name
    for one in facts.objects:
        if (one.kind, one.namespace, one.name) == (workload.kind, workload.namespace, workload.name):
            yield from _by_flux(one)
            tracked = one.annotations.get(_TRACKING, "").partition(":")[0]
            yield "Application", *_argo_name(tracked or one.labels.get(_INSTANCE, ""))


def _by_flux(one: LiveObject) -> Iterator[tuple[str, str, str]]:
    """Yield what Flux's labels on an object say that it comes from; a HelmRelease comes from a Kustomization."""
    for kind, group in _FLUX:
        if f"{group}/name" in one.labels:
            yield kind, one.labels.get(f"{group}/namespace", ""), one.labels[f"{group}/name"]


def _argo_name(tracked: str) -> tuple[str, str]:
    """Return namespace and name: applications outside Argo CD's own namespace are written `namespace_name`."""
    namespace, _, name = tracked.rpartition("_")
    return namespace, name


def _judged(one: LiveObject, entry: Entry, world: World) -> Deployed:
    by = f"{_TOOLS[one.kind]} {one.name}"
    trouble = str(one.settings.get("trouble", ""))
    if trouble:
        return Deployed(by, synced=False, held_up=True, told=f"{by} is stuck: {trouble}")
    revisions = [part for part in str(one.settings.get("revision", "")).split(",") if part]
    known = {revision: held.value for revision in revisions if isinstance(held := world.holds(entry, revision), Found)}
    if any(known.values()):
        return Deployed(by, synced=True, held_up=False, told=f"{by} applied the merge")
    if known:
        at = next(iter(known))[:_SHORT]
        return Deployed(by, synced=False, held_up=True, told=f"{by} applied {at}, which is older than the merge")
    return Deployed(by, synced=False, held_up=False, told=f"{by} does not tell which commit it applied")
