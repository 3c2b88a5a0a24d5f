"""The parts of Kubernetes objects that are read, as the API spells them (v1.31); everything else is let be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel


class Part(BaseModel):
    """A part of an object: what it does not name is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        """Take a null for something absent, as Go writes empty lists and times."""
        return {key: found for key, found in value.items() if found is not None} if isinstance(value, dict) else value


class Owner(Part):
    """A line of `ownerReferences`."""

    kind: str
    name: str
    controller: bool = False


class Metadata(Part):
    """Who an object is."""

    name: str = ""
    namespace: str = ""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    creation_timestamp: datetime | None = None
    owner_references: tuple[Owner, ...] = ()

    @property
    def created_s(self) -> float:
        """Return when it was created, Unix seconds; 0 where the API does not say."""
        return self.creation_timestamp.timestamp() if self.creation_timestamp else 0.0

    @property
    def owner(self) -> Owner | None:
        """Return what controls it, else the first owner."""
        return next((one for one in self.owner_references if one.controller), next(iter(self.owner_references), None))


class Condition(Part):
    """A line of `status.conditions`."""

    type: str
    status: str = ""
    reason: str = ""


class Resources(Part):
    """What a container asks for; quantities as text."""

    requests: Mapping[str, str] = {}
    limits: Mapping[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _texts(cls, value: object) -> object:
        """Take numbers for text: the API writes text, older servers and recordings numbers too."""
        if not isinstance(value, dict):
            return value
        return {key: {name: str(found) for name, found in part.items()} for key, part in value.items() if part}


class Container(Part):
    """A container of a pod."""

    name: str = ""
    resources: Resources = Resources()


class PodSpec(Part):
    """What a pod asks for."""

    node_name: str = ""
    containers: tuple[Container, ...] = ()


class Status(Part):
    """How a pod or a node is."""

    phase: str = ""
    conditions: tuple[Condition, ...] = ()
    allocatable: Mapping[str, str] = {}
    capacity: Mapping[str, str] = {}

    def says(self, condition: str, status: str) -> bool:
        """Return whether a condition has a status."""
        return any(one.type == condition and one.status == status for one in self.conditions)


class Pod(Part):
    """A pod."""

    metadata: Metadata
    spec: PodSpec = PodSpec()
    status: Status = Status()


class NodeSpec(Part):
    """What an operator wants of a node."""

    unschedulable: bool = False


class Node(Part):
    """A node."""

    metadata: Metadata
    spec: NodeSpec = NodeSpec()
    status: Status = Status()


class WorkloadSpec(Part):
    """What an owner of pods wants."""

    replicas: int | None = None


class Workload(Part):
    """An owner of pods."""

    metadata: Metadata
    spec: WorkloadSpec = WorkloadSpec()


class Target(Part):
    """What an autoscaler scales."""

    kind: str = ""
    name: str = ""


class AutoscalerSpec(Part):
    """An autoscaler's bounds; the API's default for the lower one is 1."""

    min_replicas: int = 1
    max_replicas: int = 0
    scale_target_ref: Target = Target()


class Autoscaler(Part):
    """A HorizontalPodAutoscaler."""

    metadata: Metadata
    spec: AutoscalerSpec = AutoscalerSpec()


class Event(Part):
    """Something that happened to an object."""

    metadata: Metadata
    involved_object: Metadata = Metadata()
    reason: str = ""
    message: str = ""


class QuotaSpec(Part):
    """Most that a namespace may ask for, or what it did."""

    hard: Mapping[str, str] = {}
    used: Mapping[str, str] = {}


class Quota(Part):
    """A ResourceQuota."""

    metadata: Metadata
    spec: QuotaSpec = QuotaSpec()
    status: QuotaSpec = QuotaSpec()


class ConfigMap(Part):
    """A ConfigMap."""

    metadata: Metadata
    data: Mapping[str, str] = {}
