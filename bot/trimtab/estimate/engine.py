"""An engine's settings, resolved: what was set, else what the release defaults to on this GPU."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.estimate.config import ConfigError
from trimtab.estimate.defaults import Batch, batch, context, first_core, utilisation
from trimtab.estimate.extras import Extras, read_extras
from trimtab.estimate.kv_settings import KvSettings, kv_settings
from trimtab.estimate.release import NEWEST, Release, release_of
from trimtab.estimate.settings import Settings
from trimtab.estimate.shape import Shape
from trimtab.estimate.types import Deployment

_LARGEST_GRAPH, _LARGEST_GRAPH_BLACKWELL = 512, 1024
_CLASSES = (0, 30)
"""From here on Blackwell's data-centre GPUs capture larger batches (vLLM 0.33, `_set_cudagraph_sizes`)."""
_BLACKWELL = 10
"""Compute capability, in front of the point, of Blackwell's data-centre GPUs."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Settings as the engine would use them.

    Attributes:
        name: `vllm`, `sglang`, `tgi`, `tensorrt-llm` …
        version: (major, minor); the newest known where unsaid.
        patch: The release's third number.
        v0: Whether this is vLLM's first core.
        tp: Tensor parallel size.
        pp: Pipeline parallel size.
        dp: Data parallel size: independent copies of attention and cache.
        ep: Ranks that share the experts; 1 without expert parallelism.
        cp: Ranks that share each request's cache while decoding (`decode_context_parallel_size`).
        utilisation: Share of the GPU's memory the engine takes.
        max_model_len: Longest request, tokens; 0 means the model's own.
        max_num_seqs: Requests in one batch at most.
        max_num_batched_tokens: Tokens in one step at most.
        kv: What holds for the cache.
        offload_gib: Weights kept in the host's memory, GiB for one GPU.
        eager: Whether CUDA graphs are off.
        quantization: The setting; empty where unset.
        dtype_bytes: Bytes of one unquantised weight.
        graph_limit: Largest batch captured as a graph.
        fitted_length: Whether the engine chooses the longest context that fits (`--max-model-len auto`).
        release_known: Whether the release was said.
        extras: What is loaded beside the model itself.
    """

    name: str
    version: tuple[int, int]
    patch: int
    v0: bool
    tp: int
    pp: int
    dp: int
    ep: int
    cp: int
    utilisation: float
    max_model_len: int
    max_num_seqs: int
    max_num_batched_tokens: int
    kv: KvSettings
    offload_gib: float
    eager: bool
    quantization: str
    dtype_bytes: int
    graph_limit: int
    fitted_length: bool
    release_known: bool
    extras: Extras


@dataclass(frozen=True, slots=True)
class _Load:
    """How much the engine takes on at once, and what it would take on unasked."""

    usual: Batch
    length: int
    fitted: bool
    tokens: int
    seqs: int


_DTYPES = ("auto", "half", "float16", "bfloat16", "float", "float32")
"""What `--dtype` takes (vLLM 0.33, `ModelDType`)."""
_SHORT_DTYPES = {"": "auto", "fp16": "float16", "bf16": "bfloat16", "fp32": "float32"}
"""How cases and manifests of other engines write the same."""


def resolve(deployment: Deployment, shape: Shape, kv_cache_dtype: str) -> Engine:
    """Return the settings in force.

    Args:
        deployment: What runs on what.
        shape: The model's.
        kv_cache_dtype: What the checkpoint asks for where the setting is `auto`.

    Raises:
        ConfigError: A setting is out of bounds, or contradicts the model or the number of GPUs.
    """
    values = Settings(deployment.settings)
    name = deployment.engine or "vllm"
    release = release_of(deployment.engine_version) if name == "vllm" else Release(NEWEST, 0, known=True)
    tp, pp, dp = _parallel(deployment, values)
    load = _load(deployment, values, shape, release, tp)
    dtype_bytes = _dtype_bytes(name, values.text("dtype"), shape.dtype_bytes)
    blackwell = release.minor if name == "vllm" and _is_blackwell(deployment) else (0, 0)
    share = utilisation(name, release.minor, deployment.gpu, shape, load.usual, tp * pp)
    return Engine(
        name=name,
        version=release.minor,
        patch=release.patch,
        v0=name == "vllm" and first_core(release.minor, deployment.gpu),
        tp=tp,
        pp=pp,
        dp=dp,
        ep=tp * dp if _shares_experts(values) and shape.moe else 1,
        cp=values.whole("decode_context_parallel_size", 1, 1, 1 << 10),
        utilisation=values.number("gpu_memory_utilization", share, 0.0, 1.0),
        max_model_len=load.length,
        max_num_seqs=load.seqs,
        max_num_batched_tokens=load.tokens,
        kv=kv_settings(values, name, shape, blackwell, kv_cache_dtype, dtype_bytes),
        offload_gib=values.number("cpu_offload_gb", 0, 0, 1 << 20),
        eager=values.flag("enforce_eager"),
        quantization=values.text("quantization"),
        dtype_bytes=dtype_bytes,
        graph_limit=_graph_limit(deployment, release, load.usual, load.seqs),
        fitted_length=load.fitted,
        release_known=release.known,
        extras=read_extras(values),
    )


def _load(deployment: Deployment, values: Settings, shape: Shape, release: Release, tp: int) -> _Load:
    name, gpu = deployment.engine or "vllm", deployment.gpu
    fitted = values.text("max_model_len") in {"auto", "-1"}
    usual_length = context(name, gpu.memory_gib * deployment.gpus, shape.max_positions)
    length = 0 if fitted else values.whole("max_model_len", usual_length, 0, 1 << 30)
    longest = length or shape.max_positions
    usual = batch(name, release.minor, gpu, shape, longest, tp)
    tokens = values.whole("max_num_batched_tokens", usual.tokens, -1, 1 << 26)
    tokens = tokens if tokens > 0 else max(usual.tokens, longest)
    seqs = min(values.whole("max_num_seqs", usual.seqs, 1, 1 << 20), tokens)
    return _Load(usual, length, fitted, tokens, seqs)


def _shares_experts(values: Settings) -> bool:
    """`enable_expert_parallel`, or SGLang's size of it."""
    return values.text("expert_parallel_size") not in {"", "0", "1", "false"}


def _is_blackwell(deployment: Deployment) -> bool:
    return int(deployment.gpu.compute_capability) == _BLACKWELL


def _graph_limit(deployment: Deployment, release: Release, usual: Batch, seqs: int) -> int:
    if usual.graphs:
        return usual.graphs
    most = _LARGEST_GRAPH
    if _is_blackwell(deployment) and release.minor >= _CLASSES:
        most = _LARGEST_GRAPH_BLACKWELL
    return min(2 * seqs, most)


def _parallel(deployment: Deployment, values: Settings) -> tuple[int, int, int]:
    """Return TP, PP and DP; where nothing is said, all GPUs work on one model together."""
    most = 1 << 14
    pp = values.whole("pipeline_parallel_size", 1, 1, most)
    dp = values.whole("data_parallel_size", 1, 1, most)
    tp = values.whole("tensor_parallel_size", max(1, deployment.gpus // (pp * dp)), 1, most)
    if deployment.gpus < 1:
        raise ConfigError(f"{deployment.gpus} GPUs")
    if tp * pp * dp > deployment.gpus:
        raise ConfigError(
            f"tensor_parallel_size {tp} x pipeline_parallel_size {pp} x data_parallel_size {dp} needs {tp * pp * dp} "
            f"GPUs, {deployment.gpus} are there"
        )
    return tp, pp, dp


def _dtype_bytes(engine: str, asked: str, own: int) -> int:
    """Return the bytes of a weight: `auto` turns FP32 checkpoints into 16 bits (vLLM 0.33, `_resolve_auto_dtype`)."""
    plain = asked.removeprefix("torch.")
    kind = _SHORT_DTYPES.get(plain, plain)
    if engine == "vllm" and kind not in _DTYPES:
        raise ConfigError(f"dtype is {asked[:40]!r}, not one of {', '.join(_DTYPES)}")
    return 4 if kind in {"float32", "float"} else min(own, 2)
