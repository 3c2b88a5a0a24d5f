"""A deployment with its counts, ready to be timed at any load."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trimtab.estimate.band import Band, band_of
from trimtab.estimate.efficiency import Efficiency, efficiency_of
from trimtab.estimate.kv import capacity, plan_of
from trimtab.estimate.memory import Resolved, look_up, memory_of
from trimtab.estimate.step import Work, work_of
from trimtab.estimate.types import Deployment, Impossible, Load
from trimtab.estimate.weights import GIB


@dataclass(frozen=True, slots=True)
class Machine:
    """A deployment with its counts, ready to be timed at any load.

    Attributes:
        found: The deployment.
        work: Its counts.
        gains: The engine's efficiency.
        band: How sure it is.
        cache_gib: The cache of one rank.
    """

    found: Resolved
    work: Work
    gains: Efficiency
    band: Band
    cache_gib: float


def machine_of(deployment: Deployment) -> Machine | Impossible:
    """Return the deployment ready to be timed; `Impossible` where memory says so or nothing can be said of speed."""
    found = look_up(deployment)
    if isinstance(found, Impossible):
        return found
    if deployment.gpu.bandwidth_gb_s <= 0:
        return Impossible(f"the memory bandwidth of {deployment.gpu.name} is unknown")
    cache = memory_of(found).kv_cache_gib.value
    band = band_of(found.engine, deployment.gpu)
    return Machine(found, work_of(found), efficiency_of(found.engine.name), band, cache)


def max_batch(machine: Machine, load: Load) -> float:
    """Return how many requests one copy can work on at once: the setting, or what its cache holds."""
    engine = machine.found.engine
    plan = plan_of(machine.found.deployment.model, engine, machine.found.stored.start, machine.found.stored.stop)
    if plan is None:
        return engine.max_num_seqs
    length = max(1, math.ceil(load.input_tokens * (1 - load.prefix_hit) + load.output_tokens / 2))
    held = capacity(plan, machine.cache_gib * GIB, length, engine).concurrency / engine.dp
    return min(float(engine.max_num_seqs), held)
