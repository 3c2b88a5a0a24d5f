"""What start-up takes beside weights and cache: the profile run's peak, the runtime's own, CUDA graphs.

Fitted constants, with the data they are from (vLLM start-up logs):

- Sampler bytes for each (request, vocabulary entry): 14 in vLLM 0.17 to 0.19 (38 H100 runs of 19 models, median error
  3 %); 38 before (7 runs of 6 models, 0.11 to 0.16, median error 1 %); 11 with FlashInfer's sampler, which 0.10 images
  use (A100: 5 runs from 2 sources). 14 = logits in 16 and 32 bits, probabilities and noise; 38 adds a full sort.
- `_FLOOR_GIB`: what remains of 17 dense runs after the terms above (0.02 to 0.13 GiB).
- Non-torch memory by TP: the means of the same runs for each release.
- Graphs: 0.12 GiB and 0.024 GiB a layer (15 dense H100 runs, 0.19: within 0.15 GiB); experts add 0.7 GiB, MXFP4 1.2
  (five runs of three models); less where a token goes to fewer than four experts.
"""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.estimate.engine import Engine
from trimtab.estimate.shape import Keep, Shape
from trimtab.estimate.types import Figure
from trimtab.estimate.weights import GIB
from trimtab.fleet import GpuType

_EXPERT_CHUNK = 32_768
"""Tokens that fused experts take at once (vLLM 0.19, VLLM_FUSED_MOE_CHUNK_SIZE)."""
_FLOOR_GIB = 0.07
_VISION_GIB = 0.10
"""What the encoder's profile run leaves in the peak: Mistral Small 0.10, Llama 4 Scout 0.11, Kimi-VL 0.15 GiB."""
_UNKNOWN_RELEASE = 0.4
"""How far the peak may be off where the release is not said."""
_LEAN_SAMPLER = (0, 17)
_GRAPHS_COUNTED = (0, 21)
_WIDE_NON_TORCH = (0, 18)
_FULL_GRAPHS = (0, 11)
"""From here on whole steps are captured beside the pieces between attention (vLLM 0.11, FULL_AND_PIECEWISE)."""
_GRAPH_BASE_GIB, _GRAPH_LAYER_GIB, _GRAPH_MOE_GIB, _GRAPH_MXFP4_GIB = 0.12, 0.024, 0.7, 1.2


@dataclass(frozen=True, slots=True)
class Overhead:
    """GiB of one GPU beside weights and cache.

    Attributes:
        activation: Peak of the profile run.
        non_torch: What the runtime and communication hold.
        graphs: What capturing CUDA graphs takes.
        reserved_graphs: The part of it that is taken off the cache beforehand.
        logits: One set of 32-bit logits of the largest batch.
    """

    activation: Figure
    non_torch: Figure
    graphs: Figure
    reserved_graphs: float
    logits: float


def overhead(shape: Shape, engine: Engine, gpu: GpuType, scheme_method: str) -> Overhead:
    """Return what start-up takes beside weights and cache."""
    graphs = _graphs(shape, engine, scheme_method)
    counted = engine.name == "vllm" and engine.version >= _GRAPHS_COUNTED
    rows = min(engine.max_num_seqs, engine.max_num_batched_tokens)
    return Overhead(
        activation=_activation(shape, engine, gpu, scheme_method),
        non_torch=_non_torch(engine),
        graphs=graphs,
        reserved_graphs=0.9 * graphs.value if counted else 0.0,
        logits=rows * shape.vocabulary * 4 / GIB if shape.generates else 0.0,
    )


def _activation(shape: Shape, engine: Engine, gpu: GpuType, scheme_method: str) -> Figure:
    """Return the peak of the profile run: the larger of a forward pass and the sampler."""
    tokens = _profiled_tokens(shape, engine)
    rows = min(engine.max_num_seqs, tokens)
    workspace = _expert_workspace(shape, engine, tokens, scheme_method)
    kept = workspace if engine.version >= _LEAN_SAMPLER else 0.0
    forward = tokens * (6 * shape.hidden + 6 * shape.intermediate / engine.tp) + workspace
    factor, spread = _sampler(engine, gpu)
    spread = spread if engine.release_known else max(spread, _UNKNOWN_RELEASE)
    sampler = factor * rows * shape.vocabulary + 4 * tokens * shape.hidden + kept if shape.generates else 0.0
    value = max(forward, sampler) / GIB + _FLOOR_GIB + (_VISION_GIB if shape.vision else 0.0)
    beyond = 0.9 if shape.vision else 0.1
    return Figure(value, max(0.0, value * (1 - spread) - 0.05), value * (1 + spread) + beyond)


def _profiled_tokens(shape: Shape, engine: Engine) -> int:
    """V0 never chunks the prompts of latent-attention models."""
    latent = any(cache.keep is Keep.LATENT for layer in shape.layers[:1] for cache in layer.caches)
    if engine.v0 and latent:
        return max(engine.max_num_batched_tokens, engine.max_model_len or shape.max_positions)
    return engine.max_num_batched_tokens


def _sampler(engine: Engine, gpu: GpuType) -> tuple[float, float]:
    """Return the sampler's bytes for each request and vocabulary entry, and how far that may be off."""
    if engine.name != "vllm":
        return 14, 0.6
    if engine.version >= _LEAN_SAMPLER:
        return 14, 0.08 if engine.version < _GRAPHS_COUNTED else 0.25
    if engine.version[1] == 10 and gpu.family == "ampere":  # noqa: PLR2004  # the release with FlashInfer's sampler
        return 11, 0.25
    return 38, 0.12


def _expert_workspace(shape: Shape, engine: Engine, tokens: int, scheme_method: str) -> float:
    """Return the bytes of the fused experts' two workspaces, which vLLM keeps from 0.17 on.

    Source: vLLM 0.19, fused_moe/fused_moe.py, `TritonExperts.workspace_shapes`. Seen: Kimi-VL TP 1 against TP 2.
    """
    if shape.moe is None or scheme_method == "mxfp4":
        return 0.0
    tokens = min(tokens, _EXPERT_CHUNK)
    inner = shape.moe.intermediate / (1 if engine.ep > 1 else engine.tp)
    wide = max(inner, shape.moe.hidden) + max(2 * inner, shape.moe.hidden)
    return tokens * shape.moe.experts_per_token * wide * 2


def _non_torch(engine: Engine) -> Figure:
    steps = {1: 0, 2: 1, 4: 2}
    place = steps.get(engine.tp * engine.pp, 3 if engine.tp * engine.pp > 4 else 2)  # noqa: PLR2004  # the table's end
    if engine.v0:
        value = (0.2, 0.4, 0.6, 2.0)[place]
        return Figure(value, 0.0, value * 2.5)
    if engine.name == "vllm" and engine.version < _WIDE_NON_TORCH:
        value = (0.13, 0.55, 0.65, 1.0)[place]
        return Figure(value, value * 0.3, value * 1.4 + 0.25)
    value = (0.25, 2.07, 2.17, 2.4)[place]
    return Figure(value, value * 0.9 - 0.02, value * 1.05 + 0.2)


def _graphs(shape: Shape, engine: Engine, scheme_method: str) -> Figure:
    if engine.eager:
        return Figure(0.0, 0.0, 0.0)
    value = _GRAPH_BASE_GIB + _GRAPH_LAYER_GIB * len(shape.layers) / engine.pp
    if shape.moe:
        lean = engine.version >= _LEAN_SAMPLER
        each = _GRAPH_MXFP4_GIB if scheme_method == "mxfp4" and lean else _GRAPH_MOE_GIB
        value += each * min(1.0, shape.moe.experts_per_token / 4)
    value *= (1.0, 0.88, 0.8)[min(2, engine.tp - 1)] * min(1.0, 0.4 + 0.6 * engine.graph_limit / 512)
    value *= 1.0 if engine.version >= _FULL_GRAPHS else 0.7
    return Figure(value, value * 0.7, value * 1.35)
