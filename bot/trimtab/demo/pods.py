"""Pods of the demo's fleet: their names, and the GPUs that a first-fit scheduler gives them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trimtab.demo.world import MACHINES, App, Machine
from trimtab.fleet import Scalar
from trimtab.fleet.quantity import quantity

_SAFE = "bcdfghjklmnpqrstvwxz2456789"
"""The alphabet of pod suffixes (k8s.io/apimachinery util/rand)."""


@dataclass(frozen=True, slots=True)
class Running:
    """An app with the settings it runs with and the number of its pods."""

    app: App
    settings: Mapping[str, Scalar]
    replicas: int

    def number(self, field: str, default: float) -> float:
        """Return a setting as a number."""
        value = self.settings.get(field, default)
        return float(value) if isinstance(value, int | float) else default

    def amount(self, field: str, default: float) -> float:
        """Return a Kubernetes quantity as a number: cores, or bytes."""
        figure = quantity(self.text(field))
        return default if math.isnan(figure) else figure

    def text(self, field: str) -> str:
        """Return a setting as text; empty where it is not set."""
        return str(self.settings.get(field, ""))


@dataclass(frozen=True, slots=True)
class Device:
    """One GPU of a machine."""

    machine: Machine
    index: int

    @property
    def uuid(self) -> str:
        """Return the identity the driver would report."""
        digest = hashlib.sha256(f"{self.machine.name}/{self.index}".encode()).hexdigest()
        return "GPU-" + "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod and where it is; `machine` is None where no node had room."""

    running: Running
    name: str
    owner_kind: str
    owner_name: str
    machine: Machine | None
    devices: tuple[Device, ...]

    @property
    def namespace(self) -> str:
        """Return its namespace."""
        return self.running.app.namespace


def schedule(fleet: Sequence[Running]) -> tuple[Pod, ...]:
    """Return the pods of all apps, each on the first machine of its kind with enough free GPUs."""
    taken = {machine.name: 0 for machine in MACHINES}
    pods = []
    for running in fleet:
        for ordinal in range(running.replicas):
            machine, first = _find_room(running, taken)
            gpus = int(running.number("gpu_count", 1)) if machine else 0
            devices = tuple(Device(machine, first + offset) for offset in range(gpus)) if machine else ()
            pods.append(Pod(running, *_names(running, ordinal), machine, devices))
    return tuple(pods)


def free_devices(pods: Sequence[Pod]) -> Iterator[Device]:
    """Yield the GPUs that no pod holds, in the machines' order."""
    held = {device for pod in pods for device in pod.devices}
    for machine in MACHINES:
        for index in range(machine.gpus):
            if Device(machine, index) not in held:
                yield Device(machine, index)


def _find_room(running: Running, taken: dict[str, int]) -> tuple[Machine | None, int]:
    """Return a machine with room and its first free GPU, and take the room."""
    gpus = int(running.number("gpu_count", 1))
    for machine in MACHINES:
        first = taken[machine.name]
        if machine.product == running.text("gpu_product") and first + gpus <= machine.gpus:
            taken[machine.name] += gpus
            return machine, first
    return None, 0


def _names(running: Running, ordinal: int) -> tuple[str, str, str]:
    """Return a pod's name and its owner's kind and name; a new template gives new names, as in Kubernetes."""
    app = running.app
    if app.kind == "StatefulSet":
        return f"{app.name}-{ordinal}", "StatefulSet", app.name
    template = sorted((key, str(value)) for key, value in running.settings.items() if key != "replicas")
    replicaset = f"{app.name}-{_suffix(f'{app.namespace}/{app.name}{template}', 10)}"
    return f"{replicaset}-{_suffix(f'{replicaset}/{ordinal}', 5)}", "ReplicaSet", replicaset


def _suffix(seed: str, length: int) -> str:
    """Return letters as the controller would append them."""
    digest = hashlib.sha256(seed.encode()).digest()
    return "".join(_SAFE[byte % len(_SAFE)] for byte in digest[:length])
