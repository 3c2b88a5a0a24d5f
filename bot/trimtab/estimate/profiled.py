"""The peak of the profile run: the larger of a forward pass and the sampler, and what stays beside either.

vLLM runs a batch of the most tokens and the most requests before it sizes the cache. Which sampler that batch meets
depends on the release; bytes for each (request, vocabulary entry), counted off v1/sample/ops/topk_topp_sampler.py and
v1/worker/gpu of vLLM 0.6.6 to 0.33 and held against start-up logs:

- 38.5, PyTorch's own sort (values, indices, probabilities, mask): until 0.16 (14 runs of 13 models on 9 GPUs, 0.7 to
  0.16, median error 1 %). Where FlashInfer is installed, as in the images of 0.8 to 0.10, it is 11 (A100: 5 runs from 2
  sources); which of the two holds is not to be seen from the outside.
- 14, the Triton kernel: logits in 16 and 32 bits, probabilities, noise (0.17 to 0.19: 38 H100 runs of 19 models, 3 %).
- 12, FlashInfer's sampler, which CUDA takes from 0.20 on (0.26: LFM2.5, 0.26 GiB).
- 2, logits alone: the second model runner samples without top-k in its profile run (0.24 to 0.32; one run on each of
  two GPUs, so the band is wide), until 0.33 adds one with all parameters.
- The first core runs no sampler where it chunks prompts (2 runs of 2 models; so this bound is wide as well).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from trimtab.estimate.engine import Engine
from trimtab.estimate.kv_pages import state_bytes
from trimtab.estimate.shape import Cache, Keep, Shape
from trimtab.estimate.types import Figure
from trimtab.fleet import GpuType

_GIB = 1 << 30
_EXPERT_CHUNK = 32_768
"""Tokens that fused experts take at once (vLLM 0.19, VLLM_FUSED_MOE_CHUNK_SIZE)."""
_FLOOR_GIB = 0.07
"""What remains of 17 dense runs after the terms above (0.02 to 0.13 GiB)."""
_VISION_GIB = 0.10
"""What the encoder's profile run leaves in the peak: Mistral Small 0.10, Llama 4 Scout 0.11, Kimi-VL 0.15 GiB."""
_BEYOND_GIB, _BEYOND_VISION_GIB = 0.1, 0.9
_KEPT_FROM = (0, 17)
"""From here on hidden states and the experts' workspace are there while the sampler runs."""
_SECOND_RUNNER, _SECOND_RUNNER_DENSE, _SECOND_RUNNER_ALL, _WARMED_UP = (0, 24), (0, 26), (0, 30), (0, 33)
_FIRST_TO_MOVE = {"qwen3", "llama", "mistral", "deepseek_v2", "qwen2_moe", "granitemoe"}
"""Model types that take the second runner from 0.24 on (vLLM 0.24, `use_v2_model_runner`)."""
_INDEX_ROWS, _INDEX_ROWS_LONG, _INDEX_BYTES = 40, 16, 132
_LONG = 262_144


@dataclass(frozen=True, slots=True)
class _Sampler:
    """Bytes for each request and vocabulary entry: least, likely, most."""

    low: float
    value: float
    high: float


def is_amd(gpu: GpuType) -> bool:
    """Whether a GPU runs ROCm."""
    return gpu.family.startswith(("cdna", "rdna"))


def activation(shape: Shape, engine: Engine, gpu: GpuType, scheme_method: str) -> Figure:
    """Return the peak of the profile run, GiB."""
    caches = Counter(cache for layer in shape.layers for cache in layer.caches)
    tokens = _tokens(shape, engine, caches)
    workspace = _expert_workspace(shape, engine, gpu, tokens, scheme_method)
    forward = _forward(shape, engine, tokens, workspace)
    stays = 4 * tokens * shape.hidden + workspace if engine.version >= _KEPT_FROM else 0.0
    entries = min(engine.max_num_seqs, tokens) * shape.vocabulary if shape.generates else 0
    beside = _index_buffer(shape, engine, caches) + _first_core_states(engine, caches)
    beside += (_FLOOR_GIB + (_VISION_GIB if shape.vision else 0.0)) * _GIB

    def peak(each: float, part: float) -> float:
        return (max(forward * part, each * entries + stays if entries else 0.0) + beside) / _GIB

    sampler = _sampler(shape, engine, gpu, tokens, any(cache.keep is Keep.STATE for cache in caches))
    beyond = _BEYOND_VISION_GIB if shape.vision else _BEYOND_GIB
    return Figure(
        peak(sampler.value, 1.0),
        max(0.0, peak(sampler.low, 0.75) - 0.05),
        peak(sampler.high, 1.3) + beyond,
    )


def _forward(shape: Shape, engine: Engine, tokens: int, workspace: float) -> float:
    """Return the bytes of a forward pass; the first core frees each layer's before the next."""
    dense = tokens * (6 * shape.hidden + 6 * shape.intermediate / engine.tp)
    return max(dense, 4 * tokens * shape.hidden + workspace) if engine.v0 else dense + workspace


def _tokens(shape: Shape, engine: Engine, caches: Counter[Cache]) -> int:
    """The first core never chunks the prompts of latent-attention models."""
    if engine.v0 and any(cache.keep is Keep.LATENT for cache in caches):
        return max(engine.max_num_batched_tokens, engine.max_model_len or shape.max_positions)
    return engine.max_num_batched_tokens


def _sampler(shape: Shape, engine: Engine, gpu: GpuType, tokens: int, hybrid: bool) -> _Sampler:
    if engine.name != "vllm":
        return _Sampler(5.6, 14, 22.4)
    if engine.v0:
        chunks = tokens < (engine.max_model_len or shape.max_positions)
        return _Sampler(0, 0, 43) if chunks else _Sampler(33, 38.5, 44)
    if engine.version < _KEPT_FROM:
        return _sorting(engine, gpu)
    if engine.version < (0, 20):
        return _Sampler(12.8, 14, 15.2) if engine.release_known else _Sampler(2, 14, 20)
    if _second_runner(shape, engine, hybrid):
        most = 12 if engine.version >= _WARMED_UP else 2
        return _Sampler(2, most, 14)
    return _Sampler(9, 14 if is_amd(gpu) else 12, 16)


def _sorting(engine: Engine, gpu: GpuType) -> _Sampler:
    in_image = (0, 8) <= engine.version < (0, 11) and not is_amd(gpu)
    if in_image and engine.version == (0, 10) and gpu.family == "ampere":
        return _Sampler(8, 11, 42)
    return _Sampler(10 if in_image else 34, 38.5, 43)


def _second_runner(shape: Shape, engine: Engine, hybrid: bool) -> bool:
    """Whether the second model runner works: by release for some types, for dense ones, for all."""
    if engine.version >= _SECOND_RUNNER_ALL:
        return True
    dense = shape.moe is None and not hybrid and engine.version >= _SECOND_RUNNER_DENSE
    return dense or (engine.version >= _SECOND_RUNNER and shape.model_type in _FIRST_TO_MOVE)


def _expert_workspace(shape: Shape, engine: Engine, gpu: GpuType, tokens: int, scheme_method: str) -> float:
    """Return the bytes of the fused experts' two workspaces, which vLLM keeps from 0.17 on.

    Source: vLLM 0.19, fused_moe/fused_moe.py, `TritonExperts.workspace_shapes`. Seen: Kimi-VL TP 1 against TP 2. FP4
    experts run in other kernels, which bring no such workspace: MXFP4 everywhere, NVFP4 on data-centre Blackwell. The
    first core has three buffers (vLLM 0.7, `fused_experts_impl`).
    """
    other = scheme_method == "mxfp4" or (scheme_method.startswith("modelopt") and int(gpu.compute_capability) == 10)  # noqa: PLR2004  # its class
    if shape.moe is None or other:
        return 0.0
    tokens = min(tokens, _EXPERT_CHUNK)
    inner = shape.moe.intermediate / (1 if engine.ep > 1 else engine.tp)
    wide = max(inner, shape.moe.hidden) + max(2 * inner, shape.moe.hidden)
    if engine.v0:
        wide = 3 * inner + shape.moe.hidden
    return tokens * shape.moe.experts_per_token * wide * 2


def _index_buffer(shape: Shape, engine: Engine, caches: Counter[Cache]) -> float:
    """Return the bytes that sparse attention gathers its index into: 40 requests of the longest length.

    Source: vLLM 0.11 to 0.33, v1/attention/backends/mla/indexer.py, `get_max_prefill_buffer_size` (0.33 takes 16 beyond
    256 Ki tokens); where entries stand for several tokens there are so many fewer. Seen: GLM 5.2 at 819,200 tokens,
    6.31 GiB with the forward pass.
    """
    length = engine.max_model_len or shape.max_positions
    rows = _INDEX_ROWS_LONG if engine.version >= _WARMED_UP and length > _LONG else _INDEX_ROWS
    return max((rows * length * _INDEX_BYTES / cache.every for cache in caches if cache.extra_bytes), default=0.0)


def _first_core_states(engine: Engine, caches: Counter[Cache]) -> float:
    """The first core keeps states for every request of a batch beside its blocks (vLLM 0.7, MambaCacheManager)."""
    if not engine.v0:
        return 0.0
    each = sum(count * state_bytes(cache, engine) for cache, count in caches.items() if cache.keep is Keep.STATE)
    return each * engine.max_num_seqs
