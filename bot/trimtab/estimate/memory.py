"""What start-up does with one GPU's memory, and whether the engine comes up and stays up."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trimtab.estimate.config import ConfigError
from trimtab.estimate.drafts import Draft, draft_of
from trimtab.estimate.engine import Engine, resolve
from trimtab.estimate.kv import capacity, longest, plan_of
from trimtab.estimate.kv_plan import Plan
from trimtab.estimate.model import shape_of
from trimtab.estimate.overhead import Overhead, overhead
from trimtab.estimate.schemes import Scheme, scheme_of
from trimtab.estimate.shape import Shape
from trimtab.estimate.types import Deployment, Figure, Impossible, Memory
from trimtab.estimate.verdict import Budget, judge
from trimtab.estimate.weights import GIB, Stored, stored

_LOADS_ABOUT = {"gguf": 0.06, "bitsandbytes": 0.06, "bnb": 0.06, "mxfp4": 0.015, "gptq": 0.03, "awq": 0.03}
"""How far weights may be off where a loader repacks them; 0.6 % otherwise."""


_UNCOUNTED = 0.15
"""How much of the target's weights a draft model of its own may add, an assumption: Llama 3.1 8B beside 70B is 11 %,
Llama 3.2 1B beside 8B is 15 %."""

_COMPRESSED = 0.12
"""How far the tokens of DeepSeek V4's cache may be off: quoted logs are within 10 %."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A deployment with everything looked up that memory and speed share."""

    deployment: Deployment
    shape: Shape
    scheme: Scheme
    engine: Engine
    stored: Stored

    @property
    def length(self) -> int:
        """The longest request the engine is asked to take."""
        return self.engine.max_model_len or self.shape.max_positions


def look_up(deployment: Deployment) -> Resolved | Impossible:
    """Return the deployment with shape, scheme, settings and weights; `Impossible` where they contradict each other."""
    shape = shape_of(deployment.model)
    if isinstance(shape, Impossible):
        return shape
    if not (deployment.gpu.memory_gib > 0 and deployment.gpu.bandwidth_gb_s >= 0):
        return Impossible(f"{deployment.gpu.name} has {deployment.gpu.memory_gib} GiB")
    try:
        scheme = scheme_of(shape.scheme_json, str(deployment.settings.get("quantization", "")))
        engine = resolve(deployment, shape, scheme.kv_cache_dtype)
        _check(shape, engine)
        return Resolved(deployment, shape, scheme, engine, stored(deployment.model, engine, deployment.gpu.family))
    except ConfigError as error:
        return Impossible(str(error))


def memory(deployment: Deployment) -> Memory | Impossible:
    """Return what start-up does with one GPU's memory.

    Every figure is for the fullest GPU, GiB; `low` and `high` hold the truth about nine times in ten. `Impossible`
    where the configuration is broken or unknown, or the settings contradict the model or the GPUs.
    """
    found = look_up(deployment)
    return found if isinstance(found, Impossible) else memory_of(found)


def memory_of(found: Resolved) -> Memory:
    """Return the memory of a deployment that was looked up already; see `memory`."""
    extra = overhead(found.shape, found.engine, found.deployment.gpu, found.scheme.method)
    weights = _weights(found)
    cache = _cache(found, weights, extra)
    plan = plan_of(found.deployment.model, found.engine, found.stored.start, found.stored.stop)
    return _memory(found, weights, extra, cache, plan)


def _memory(found: Resolved, weights: Figure, extra: Overhead, cache: Figure, plan: Plan | None) -> Memory:
    engine = found.engine
    fits_length = longest(plan, cache.value * GIB, found.shape.max_positions) if plan else found.shape.max_positions
    length = max(1, min(found.length, fits_length)) if engine.fitted_length else found.length
    kept = [capacity(plan, gib * GIB, length, engine) if plan else None for gib in (cache.value, cache.low, cache.high)]
    spread = _COMPRESSED if any(cache.every > 1 for layer in found.shape.layers for cache in layer.caches) else 0.0
    tokens = _around([one.tokens if one else 0.0 for one in kept], spread)
    requests = _around([one.concurrency if one else 0.0 for one in kept], spread)
    gpu, own = found.deployment.gpu, found.shape.max_positions
    sure = requests if plan else None
    verdict = judge(Budget(engine, gpu.memory_gib, weights, extra, cache, sure, length, fits_length, own))
    ranks = engine.tp * engine.pp
    return Memory(
        fits=verdict.outcome == "ok",
        outcome=verdict.outcome,
        reason=verdict.reason,
        risk=verdict.risk,
        doubts=tuple(filter(None, (found.shape.doubt, _draft(found).doubt))),
        weights_gib=weights,
        activation_gib=extra.activation,
        non_torch_gib=extra.non_torch,
        cuda_graph_gib=extra.graphs,
        kv_cache_gib=cache,
        kv_cache_tokens=tokens,
        max_concurrency=requests,
        max_model_len_that_fits=fits_length,
        kv_bytes_per_token=_bytes_per_token(plan, length) * ranks if plan else 0.0,
    )


def _draft(found: Resolved) -> Draft:
    return draft_of(found.shape, found.engine.extras.speculative_json)


def _around(bounds: list[float], spread: float) -> Figure:
    value, low, high = bounds
    return Figure(value, low * (1 - spread), high * (1 + spread))


def _weights(found: Resolved) -> Figure:
    value = max(0.0, found.stored.total / GIB - found.engine.offload_gib)
    off = _LOADS_ABOUT.get(found.scheme.method, 0.006)
    off = max(off, 0.015 if found.shape.vision else 0.0, 0.0 if found.stored.measured else found.shape.doubt_share)
    draft = _draft(found)
    more = _UNCOUNTED if draft.doubt and not draft.layers else 0.0
    return Figure(value, value * (1 - off) - 0.01, value * (1 + off + more) + 0.015)


def _cache(found: Resolved, weights: Figure, extra: Overhead) -> Figure:
    """What is left of the engine's share; uncertainties add up as independent ones do.

    vLLM and TGI take a share of the GPU for everything; SGLang's share is of weights and cache alone; TensorRT-LLM's
    is of what is left beside the rest (SGLang 0.5 `mem_fraction_static`, TensorRT-LLM 1.0 `free_gpu_memory_fraction`).
    vLLM takes a set size as it is (`kv_cache_memory_bytes`).
    """
    total, engine = found.deployment.gpu.memory_gib, found.engine
    if engine.kv.size_gib:
        return Figure(engine.kv.size_gib, engine.kv.size_gib, engine.kv.size_gib)
    share = total * engine.utilisation
    outside = engine.name == "sglang"
    parts = (weights, extra.non_torch) if outside else (weights, extra.activation, extra.non_torch)
    value = share - sum(part.value for part in parts) - extra.reserved_graphs
    if engine.name == "tensorrt-llm":
        value = engine.utilisation * (total - sum(part.value for part in parts) - extra.graphs.value)
    graphs = extra.graphs if extra.reserved_graphs else Figure(0.0, 0.0, 0.0)
    down = math.hypot(*(part.high - part.value for part in (*parts, graphs)), 0.002 * share)
    up = math.hypot(*(part.value - part.low for part in (*parts, graphs)), 0.002 * share)
    return Figure(value, value - down, value + up)


def _bytes_per_token(plan: Plan, length: int) -> float:
    return plan.block_bytes * plan.blocks_of(length) / length


def _check(shape: Shape, engine: Engine) -> None:
    """Refuse what no engine starts.

    Raises:
        ConfigError: The settings contradict the model.
    """
    for layer in shape.layers:
        if layer.heads % engine.tp:
            raise ConfigError(
                f"tensor_parallel_size {engine.tp} does not divide the model's {layer.heads} attention heads"
            )
    if engine.tp % engine.cp:
        raise ConfigError(f"decode_context_parallel_size {engine.cp} does not divide tensor_parallel_size {engine.tp}")
    if engine.pp > len(shape.layers):
        raise ConfigError(f"pipeline_parallel_size {engine.pp} is more than the model's {len(shape.layers)} layers")
    if engine.max_model_len > shape.max_positions * _STRETCH:
        raise ConfigError(
            f"max_model_len {engine.max_model_len} is more than the model's context of {shape.max_positions} tokens"
        )


_STRETCH = 4
"""Contexts longer than this many times the model's own are refused; rope scaling by flag explains shorter ones."""
