"""Makes live objects and series of what the Kubernetes API lists."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from trimtab.facts import LiveObject, Series
from trimtab.fleet import Scalar
from trimtab.manifest import Tree, inspect
from trimtab.read.kube_kinds import SYNCS, Kind
from trimtab.read.kube_series import (
    autoscaler_series,
    described_by,
    is_gpu,
    node_series,
    pod_series,
    requested_series,
    wants_gpus,
    workload_series,
)
from trimtab.read.kube_sync import Deployer, is_sync, told
from trimtab.read.kube_types import Autoscaler, ConfigMap, Event, Metadata, Node, Pod, Quota, Workload

P = TypeVar("P", bound=BaseModel)
Item = Mapping[str, object]
_SHARING_KEYS = ("sharing:", "mig-configs:", "timeSlicing", "mps:")
_MOST_TEXT = 65536


@dataclass(frozen=True, slots=True)
class Listing:
    """All objects of a kind, as JSON, and the version of the list."""

    kind: Kind
    items: tuple[Item, ...]
    resource_version: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the API showed.

    Attributes:
        objects: Ordered by kind, namespace and name.
        series: As kube-state-metrics would give them, now.
        complete: Kinds whose lists are whole.
        unread: Objects in a form that the API does not have, with the reason.
    """

    objects: tuple[LiveObject, ...]
    series: tuple[Series, ...]
    complete: frozenset[str]
    unread: tuple[tuple[str, str], ...] = ()


def slim(kind: Kind, item: Item) -> Item:
    """Return an object without what is never looked at; a pod's is most of it."""
    if kind.kind == "Pod" or is_sync(kind):
        model = Pod if kind.kind == "Pod" else Deployer
        try:
            return model.model_validate(item).model_dump(mode="json", by_alias=True)
        except ValidationError:
            return item
    metadata = item.get("metadata")
    kept = (
        {key: value for key, value in metadata.items() if key != "managedFields"} if isinstance(metadata, dict) else {}
    )
    return {key: kept if key == "metadata" else value for key, value in item.items()}


def shown(listings: Sequence[Listing]) -> Shown:
    """Return live objects and series for what was listed."""
    reader = _Reader()
    for listing in listings:
        reader.take(listing)
    return Shown(
        tuple(sorted(reader.objects, key=lambda one: (one.kind, one.namespace, one.name))),
        tuple(reader.series),
        frozenset(listing.kind.kind for listing in listings),
        tuple(sorted(reader.unread.items())),
    )


class _Reader:
    """Collects objects and series, list by list."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.objects: list[LiveObject] = []
        self.series: list[Series] = []
        self.unread: dict[str, str] = {}

    def take(self, listing: Listing) -> None:
        """Add what a list shows."""
        takes: Mapping[str, Callable[[Listing], None]] = {
            "Node": self._nodes,
            "Pod": self._pods,
            "HorizontalPodAutoscaler": self._autoscalers,
            "Event": self._events,
            "ResourceQuota": self._quotas,
            "ConfigMap": self._configs,
            **{kind.kind: self._syncs for kind in SYNCS},
        }
        takes.get(listing.kind.kind, self._workloads)(listing)

    def _valid(self, listing: Listing, model: type[P]) -> Iterator[P]:
        """Yield the objects of a list that have the API's form."""
        for item in listing.items:
            try:
                yield model.model_validate(item)
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                where = ".".join(str(part) for part in first["loc"])
                self.unread[listing.kind.plural] = f"an object is not as the API has it: {where}: {first['msg']}"

    def _nodes(self, listing: Listing) -> None:
        """Add nodes; of those with GPUs, with all their labels."""
        for node in self._valid(listing, Node):
            self.series.extend(node_series(node))
            amounts = node.status.allocatable
            if any(is_gpu(name) for name in (*amounts, *node.status.capacity)):
                self.objects.append(_live("Node", node.metadata, dict(amounts), listing))

    def _pods(self, listing: Listing) -> None:
        """Add pods with GPUs, and the CPU that all pods ask for."""
        pods = tuple(self._valid(listing, Pod))
        self.series.extend(requested_series(pods))
        for pod in pods:
            if wants_gpus(pod):
                self.series.extend(pod_series(pod))

    def _workloads(self, listing: Listing) -> None:
        """Add owners of pods; those that serve, with the settings that they run with."""
        kind = listing.kind.kind
        settings = _settings(listing)
        for workload in self._valid(listing, Workload):
            self.series.extend(workload_series(kind, workload))
            key = (workload.metadata.namespace, workload.metadata.name)
            if key in settings:
                self.objects.append(_live(kind, workload.metadata, settings[key], listing))

    def _autoscalers(self, listing: Listing) -> None:
        """Add autoscalers."""
        for autoscaler in self._valid(listing, Autoscaler):
            self.series.extend(autoscaler_series(autoscaler))

    def _events(self, listing: Listing) -> None:
        """Add why pods found no place, one event for each pod; its message stands among the settings."""
        newest = {
            (event.involved_object.namespace, event.involved_object.name): event
            for event in self._valid(listing, Event)
        }
        for event in newest.values():
            told: dict[str, Scalar] = {"reason": event.reason, "message": event.message[:_MOST_TEXT]}
            self.objects.append(_live("Event", event.involved_object, told, listing))

    def _quotas(self, listing: Listing) -> None:
        """Add quotas of GPUs: the most that a namespace may ask for, and what it does."""
        for quota in self._valid(listing, Quota):
            told: dict[str, Scalar] = {
                f"{state} {name}": amount
                for state, amounts in (("hard", quota.spec.hard), ("used", quota.status.used))
                for name, amount in sorted(amounts.items())
                if is_gpu(name.removeprefix("requests."))
            }
            if told:
                self.objects.append(_live("ResourceQuota", quota.metadata, told, listing))

    def _syncs(self, listing: Listing) -> None:
        """Add what deploys others, with the commits that it applied and what is wrong."""
        for deployer in self._valid(listing, Deployer):
            self.objects.append(_live(listing.kind.kind, deployer.metadata, told(deployer), listing))

    def _configs(self, listing: Listing) -> None:
        """Add the configuration of GPU sharing: what the device plugin and the MIG manager are told."""
        for config in self._valid(listing, ConfigMap):
            told: dict[str, Scalar] = {
                name: text[:_MOST_TEXT]
                for name, text in sorted(config.data.items())
                if any(key in text for key in _SHARING_KEYS)
            }
            if told:
                self.objects.append(_live("ConfigMap", config.metadata, told, listing))


def _live(kind: str, meta: Metadata, settings: Mapping[str, Scalar], listing: Listing) -> LiveObject:
    """Return a live object."""
    return LiveObject(
        kind, meta.namespace, meta.name, dict(meta.labels), described_by(meta), settings, listing.resource_version
    )


def _settings(listing: Listing) -> dict[tuple[str, str], dict[str, Scalar]]:
    """Return what each serving workload of a list runs with, read as a manifest in Git is."""
    tops = [item for item in listing.items if not (listing.kind.kind in {"ReplicaSet", "Job"} and _owned(item))]
    files = {f"{index:08}.yaml": _manifest(listing.kind, item) for index, item in enumerate(tops)}
    found: dict[tuple[str, str], dict[str, Scalar]] = {}
    for serving in inspect(Tree(files)).servings:
        settings = {name: setting.value for name, setting in serving.settings.items()}
        engine: dict[str, Scalar] = {"engine": serving.engine} if serving.engine else {}
        found.setdefault((serving.namespace, serving.name), {**engine, **settings})
    return found


def _manifest(kind: Kind, item: Item) -> bytes:
    """Return a listed object as a manifest: lists leave out what kind their items are."""
    return json.dumps({**item, "apiVersion": kind.version, "kind": kind.kind}).encode()


def _owned(item: Item) -> bool:
    """Return whether an object has an owner, which is then what a person wrote."""
    metadata = item.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("ownerReferences"))
