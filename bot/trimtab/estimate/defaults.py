"""What engines take for settings that nobody gave: batch sizes and the share of memory, by engine, release and GPU.

Sources: vLLM 0.6.6 to 0.33 (`config.py` SchedulerConfig, `engine/arg_utils.py` get_batch_defaults), SGLang 0.5.3 and
0.5.9 (`server_args.py` _handle_gpu_memory_settings, adjust_mem_fraction_for_vlm), text-generation-inference 3
(`launcher/src/main.rs`), TensorRT-LLM 1.0 (`llmapi/llm_args.py`), llama.cpp b6000 (`common/common.h`).
"""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.estimate.shape import Keep, Shape
from trimtab.fleet import GpuType

V1 = (0, 8)
"""vLLM's V1 core is the default from here on, on GPUs of compute capability 8.0 and above."""
V1_EVERYWHERE = (0, 11)
"""From here on there is no other core."""
_AMPERE = 8.0
_LARGE_GIB, _HUGE_GIB = 70, 160
_A100_APART, _HUGE_APART, _GB10_APART = (0, 9), (0, 27), (0, 33)
_CHUNKS_FROM = 32_768
_V0_CHUNK, _V0_IMAGE_TOKENS = 2048, 5120
_SGLANG_TIERS = ((20, 2048, 8, 8), (35, 2048, 24, 80), (60, 4096, 32, 160), (90, 8192, 256, 512), (160, 8192, 256, 512))
"""SGLang: GPUs below so many GiB take so many prompt tokens a step, and graphs to a batch (TP below 4, then above)."""
_SGLANG_LAST = (16_384, 512, 512)
_SGLANG_SEATS = 2048
_OLLAMA_CONTEXTS, _OLLAMA_LONGEST = ((24, 4096), (48, 32_768)), 262_144


@dataclass(frozen=True, slots=True)
class Batch:
    """Defaults of a batch.

    Attributes:
        seqs: Requests in one batch at most.
        tokens: Tokens in one step at most.
        graphs: Largest batch captured as a graph; 0 where that follows from `seqs`.
    """

    seqs: int
    tokens: int
    graphs: int = 0


def first_core(version: tuple[int, int], gpu: GpuType) -> bool:
    """Whether vLLM runs its first core: old releases, and until 0.10 GPUs older than Ampere.

    Source: vLLM 0.9.2, `_is_v1_supported_oracle` (Compute Capability < 8.0).
    """
    return version < V1 or (version < V1_EVERYWHERE and 0 < gpu.compute_capability < _AMPERE)


def batch(name: str, version: tuple[int, int], gpu: GpuType, shape: Shape, length: int, tp: int) -> Batch:
    """Return an engine's batch where nothing is set; of engines with no such notion, about what they can take."""
    if name == "vllm":
        return _first_batch(shape, length) if first_core(version, gpu) else _batch(version, gpu)
    if name == "sglang":
        tokens, few, many = next((tier[1:] for tier in _SGLANG_TIERS if gpu.memory_gib < tier[0]), _SGLANG_LAST)
        return Batch(_SGLANG_SEATS, tokens, few if tp < 4 else many)  # noqa: PLR2004  # SGLang's own step
    if name == "tgi":
        return Batch(128, 4096)
    if name in {"llama.cpp", "ollama"}:
        return Batch(1 if name == "ollama" else 4, 2048)
    return Batch(1024, 8192)


def _first_batch(shape: Shape, length: int) -> Batch:
    """The first core takes a whole prompt in one step unless prompts are long enough that it chunks them."""
    latent = any(cache.keep is Keep.LATENT for layer in shape.layers[:1] for cache in layer.caches)
    if length > _CHUNKS_FROM and not latent and not shape.vision:
        return Batch(256, _V0_CHUNK)
    return Batch(256, max(length, _V0_IMAGE_TOKENS if shape.vision else _V0_CHUNK))


def _batch(version: tuple[int, int], gpu: GpuType) -> Batch:
    since = _A100_APART if "A100" in gpu.name else _GB10_APART if gpu.name == "NVIDIA-GB10" else None
    apart = since is not None and version >= since
    if gpu.memory_gib >= _HUGE_GIB and version >= _HUGE_APART:
        return Batch(1024, 16_384)
    if gpu.memory_gib >= _LARGE_GIB and not apart:
        return Batch(1024, 8192)
    return Batch(256, 2048)


def context(name: str, gpus_gib: float, longest: int) -> int:
    """Return the longest request where nothing is set, tokens; 0 where an engine takes what the model was made for.

    Ollama goes by the memory of its GPUs: https://docs.ollama.com/context-length (docs/context-length.mdx at 948f6933).
    """
    if name != "ollama":
        return 0
    return min(longest, next((tokens for below, tokens in _OLLAMA_CONTEXTS if gpus_gib < below), _OLLAMA_LONGEST))


def utilisation(name: str, version: tuple[int, int], gpu: GpuType, shape: Shape, chosen: Batch, ranks: int) -> float:
    """Return the share of memory an engine takes where nothing is set.

    vLLM, TGI and TensorRT-LLM have constants; SGLang leaves room for activation, graphs and exchanges.
    """
    if name == "vllm":
        return 0.92 if version >= (0, 20) else 0.9
    if name == "sglang":
        return _static_fraction(gpu, shape, chosen, ranks)
    return {"tgi": 1.0, "llama.cpp": 1.0, "ollama": 0.9}.get(name, 0.9)


def _static_fraction(gpu: GpuType, shape: Shape, chosen: Batch, ranks: int) -> float:
    capacity_mib = gpu.memory_gib * 1024
    reserved_mib = 512 + max(chosen.tokens, 2048) * 1.5 + chosen.graphs * 2 + ranks / 8 * 1024
    if capacity_mib > 60 * 1024:
        reserved_mib = max(reserved_mib, 10 * 1024)
    share = round(max(0.1, (capacity_mib - reserved_mib) / capacity_mib), 3)
    return share * 0.95 if shape.vision else share
