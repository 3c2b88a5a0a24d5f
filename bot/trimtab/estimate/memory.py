"""What start-up does with one GPU's memory, and whether the engine comes up and stays up."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trimtab.estimate.config import ConfigError
from trimtab.estimate.engine import Engine, resolve
from trimtab.estimate.kv import Plan, capacity, longest, plan_of
from trimtab.estimate.model import shape_of
from trimtab.estimate.overhead import Overhead, overhead
from trimtab.estimate.schemes import Scheme, scheme_of
from trimtab.estimate.shape import Shape
from trimtab.estimate.types import Deployment, Figure, Impossible, Memory
from trimtab.estimate.weights import GIB, Stored, stored

_SURELY = 1.02
"""How much more than what is spare must be needed before a start is called a failure."""
_CONTEXT_GIB = 0.4
"""CUDA context and kernels, which stand beside the weights while they load (0.3 to 0.5 GiB seen)."""
_LOADS_ABOUT = {"gguf": 0.06, "bitsandbytes": 0.06, "bnb": 0.06, "mxfp4": 0.015, "gptq": 0.03, "awq": 0.03}
"""How far weights may be off where a loader repacks them; 0.6 % otherwise."""


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
    tokens = Figure(*(one.tokens if one else 0.0 for one in kept))
    requests = Figure(*(one.concurrency if one else 0.0 for one in kept))
    outcome, reason = _verdict(found, weights, extra, cache, requests if plan else None, fits_length)
    ranks = engine.tp * engine.pp
    return Memory(
        fits=outcome == "ok",
        outcome=outcome,
        reason=reason,
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


def _weights(found: Resolved) -> Figure:
    value = found.stored.total / GIB
    off = _LOADS_ABOUT.get(found.scheme.method, 0.006)
    off = max(off, 0.015 if found.shape.vision else 0.0)
    return Figure(value, value * (1 - off) - 0.01, value * (1 + off) + 0.015)


def _cache(found: Resolved, weights: Figure, extra: Overhead) -> Figure:
    """What is left of the engine's share; uncertainties add up as independent ones do.

    vLLM and TGI take a share of the GPU for everything; SGLang's share is of weights and cache alone; TensorRT-LLM's
    is of what is left beside the rest (SGLang 0.5 `mem_fraction_static`, TensorRT-LLM 1.0 `free_gpu_memory_fraction`).
    """
    total, engine = found.deployment.gpu.memory_gib, found.engine
    share = total * engine.utilisation
    outside = engine.name == "sglang"
    parts = (weights, extra.non_torch) if outside else (weights, extra.activation, extra.non_torch)
    value = share - sum(part.value for part in parts) - extra.reserved_graphs
    if engine.name == "tensorrt-llm":
        value = engine.utilisation * (total - sum(part.value for part in parts) - extra.graphs.value)
    graphs = extra.graphs.value * 0.4 if extra.reserved_graphs else 0.0
    down = math.hypot(*(part.high - part.value for part in parts), graphs, 0.002 * share)
    up = math.hypot(*(part.value - part.low for part in parts), graphs, 0.002 * share)
    return Figure(value, value - down, value + up)


def _verdict(
    found: Resolved, weights: Figure, extra: Overhead, cache: Figure, requests: Figure | None, fits_length: int
) -> tuple[str, str]:
    """Return the outcome and its reason; an `ok` may carry the risk that remains."""
    total = found.deployment.gpu.memory_gib
    if weights.value + _CONTEXT_GIB > total:
        return "oom_weights", f"weights need {weights.value:.2f} GiB on each GPU, which has {total:.2f}"
    if cache.value <= 0:
        return "oom_kv", (
            f"no memory is left for the KV cache: weights {weights.value:.2f}, activation {extra.activation.value:.2f} "
            f"and runtime {extra.non_torch.value:.2f} of {total * found.engine.utilisation:.2f} GiB"
        )
    if requests is not None and requests.value < 1:
        return "oom_kv", (
            f"one request of {found.length} tokens does not fit into the KV cache of {cache.value:.2f} GiB; "
            f"{fits_length} tokens do"
        )
    return _after_start(found, extra, requests, total)


def _after_start(found: Resolved, extra: Overhead, requests: Figure | None, total: float) -> tuple[str, str]:
    """Judge what comes after the cache is laid out: graph capture and the sampler's warm-up use what was not reserved.

    Seen: gpt-oss-20b on H100 at utilisation 0.95 (TP 1 and 2) sized its cache and died in the sampler's warm-up.
    """
    if found.engine.name == "tensorrt-llm":
        return "ok", ""
    spare = total * (1 - found.engine.utilisation)
    fragments = 0.3 * extra.activation.value if found.engine.version >= (0, 17) else 0.1 * extra.activation.value
    torn = 0.6 * min(1.0, extra.logits / 0.5)
    graphs = extra.graphs.value - extra.reserved_graphs
    if found.engine.name == "sglang":
        fragments += extra.activation.value - extra.logits
    needed = graphs + extra.logits + fragments + torn + (0.2 if found.engine.tp > 1 else 0.0)
    if needed > _SURELY * spare:
        return "oom_runtime", (
            f"graph capture and the sampler's warm-up need about {needed:.1f} GiB beside the engine's share, "
            f"{spare:.1f} are there; lower gpu_memory_utilization or max_num_seqs"
        )
    if requests is not None and requests.low < 1:
        return "ok", f"a request of {found.length} tokens may not fit: the KV cache is close to too small"
    return "ok", ""


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
    if engine.pp > len(shape.layers):
        raise ConfigError(f"pipeline_parallel_size {engine.pp} is more than the model's {len(shape.layers)} layers")
    if engine.max_model_len > shape.max_positions * _STRETCH:
        raise ConfigError(
            f"max_model_len {engine.max_model_len} is more than the model's context of {shape.max_positions} tokens"
        )


_STRETCH = 4
"""Contexts longer than this many times the model's own are refused; rope scaling by flag explains shorter ones."""
