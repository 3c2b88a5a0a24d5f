"""The estimate, asked once for each set-up: many workloads and rules ask about the same ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from trimtab.estimate import Deployment, Impossible, Memory, memory
from trimtab.estimate.engine import Engine
from trimtab.estimate.machine import Machine, machine_of
from trimtab.fleet import Scalar

_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class _Asked:
    """A deployment by what tells it from others; its settings are a mapping, which has no hash."""

    key: tuple[str, str, str, float, int, str, str, tuple[tuple[str, Scalar], ...]]
    deployment: Deployment = field(compare=False)


def memory_of(deployment: Deployment) -> Memory | Impossible:
    """Return what `trimtab.estimate.memory` says of the deployment."""
    return _memory(_asked(deployment))


def timed(deployment: Deployment) -> Machine | Impossible:
    """Return the deployment ready to be timed at any load."""
    return _machine(_asked(deployment))


def _asked(deployment: Deployment) -> _Asked:
    model, gpu = deployment.model, deployment.gpu
    settings = tuple(sorted(deployment.settings.items()))
    whole = (model.name, model.config_json, gpu.name, gpu.memory_gib, deployment.gpus)
    return _Asked((*whole, deployment.engine, deployment.engine_version, settings), deployment)


def engine_of(deployment: Deployment) -> Engine | Impossible:
    """Return the engine's settings in force: what was set, else what the release defaults to on this GPU."""
    machine = timed(deployment)
    return machine if isinstance(machine, Impossible) else machine.found.engine


@lru_cache(maxsize=_REMEMBERED)
def _memory(asked: _Asked) -> Memory | Impossible:
    return memory(asked.deployment)


@lru_cache(maxsize=_REMEMBERED)
def _machine(asked: _Asked) -> Machine | Impossible:
    return machine_of(asked.deployment)
