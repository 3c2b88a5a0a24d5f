"""An engine's settings, resolved: what was set, else what the release defaults to on this GPU."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from trimtab.estimate.config import ConfigError
from trimtab.estimate.shape import Shape
from trimtab.estimate.types import Deployment
from trimtab.fleet import GpuType, Scalar

NEWEST = (0, 33)
"""The newest vLLM release that the constants cover."""
V1 = (0, 8)
"""vLLM's V1 core is the default from here on."""
_LARGE_GIB, _HUGE_GIB = 70, 160
_CHUNKS_FROM = 32_768
_LARGEST_GRAPH = 512
_WORDS = {"true": True, "false": False, "yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Engine:
    """Settings as the engine would use them.

    Attributes:
        name: `vllm`, `sglang`, `tgi`, `tensorrt-llm` …
        version: (major, minor); the newest known where unsaid.
        tp: Tensor parallel size.
        pp: Pipeline parallel size.
        dp: Data parallel size: independent copies of attention and cache.
        ep: Ranks that share the experts; 1 without expert parallelism.
        utilisation: Share of the GPU's memory the engine takes.
        max_model_len: Longest request, tokens; 0 means the model's own.
        max_num_seqs: Requests in one batch at most.
        max_num_batched_tokens: Tokens in one step at most.
        block_size: Tokens of one cache block.
        kv_bytes: Bytes of one cache element.
        eager: Whether CUDA graphs are off.
        quantization: The setting; empty where unset.
        dtype_bytes: Bytes of one unquantised weight.
        graph_limit: Largest batch captured as a graph.
        fitted_length: Whether the engine chooses the longest context that fits (`--max-model-len auto`).
        release_known: Whether the release was said.
    """

    name: str
    version: tuple[int, int]
    tp: int
    pp: int
    dp: int
    ep: int
    utilisation: float
    max_model_len: int
    max_num_seqs: int
    max_num_batched_tokens: int
    block_size: int
    kv_bytes: float
    eager: bool
    quantization: str
    dtype_bytes: int
    graph_limit: int
    fitted_length: bool
    release_known: bool

    @property
    def v0(self) -> bool:
        """Whether this is vLLM's first core."""
        return self.name == "vllm" and self.version < V1


def resolve(deployment: Deployment, shape: Shape, kv_cache_dtype: str) -> Engine:
    """Return the settings in force.

    Args:
        deployment: What runs on what.
        shape: The model's.
        kv_cache_dtype: What the checkpoint asks for where the setting is `auto`.

    Raises:
        ConfigError: A setting is out of bounds, or contradicts the model or the number of GPUs.
    """
    values = _Values(deployment.settings)
    name = deployment.engine or "vllm"
    version = _version(deployment.engine_version) if name == "vllm" else NEWEST
    tp, pp, dp = _parallel(deployment, values)
    fitted = values.text("max_model_len") in {"auto", "-1"}
    length = 0 if fitted else values.whole("max_model_len", 0, 0, 1 << 30)
    seqs_default, tokens_default = _batch_defaults(name, version, deployment.gpu, length or shape.max_positions)
    seqs = values.whole("max_num_seqs", seqs_default, 1, 1 << 20)
    dtype_bytes = _dtype_bytes(values.text("dtype"), shape.dtype_bytes)
    asked_ep = values.text("expert_parallel_size") not in {"", "0", "1", "false"}
    return Engine(
        name=name,
        version=version,
        tp=tp,
        pp=pp,
        dp=dp,
        ep=tp * dp if asked_ep and shape.moe else 1,
        utilisation=values.number("gpu_memory_utilization", _utilisation(name, version), 0.0, 1.0),
        max_model_len=length,
        max_num_seqs=seqs,
        max_num_batched_tokens=values.whole("max_num_batched_tokens", tokens_default, 1, 1 << 26),
        block_size=values.whole("block_size", 16, 1, 4096),
        kv_bytes=_kv_bytes(values.text("kv_cache_dtype"), kv_cache_dtype, dtype_bytes),
        eager=bool(values.flag("enforce_eager")),
        quantization=values.text("quantization"),
        dtype_bytes=dtype_bytes,
        graph_limit=min(2 * seqs, _LARGEST_GRAPH),
        fitted_length=fitted,
        release_known=bool(deployment.engine_version.strip()),
    )


class _Values:
    """The settings by type; text as people write it in flags is taken."""

    def __init__(self, settings: Mapping[str, Scalar]) -> None:
        self._settings = settings

    def number(self, name: str, default: float, least: float, most: float) -> float:
        value = self._settings.get(name)
        if value is None or str(value).strip().lower() in {"", "auto", "none"}:
            return default
        try:
            number = float(value)
        except ValueError:
            raise ConfigError(f"{name} is {str(value)[:40]!r}, not a number") from None
        if not least <= number <= most:
            raise ConfigError(f"{name} is {value}, not from {least:g} to {most:g}")
        return number

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        number = self.number(name, default, least, most)
        if number != int(number):
            raise ConfigError(f"{name} is {number:g}, not a whole number")
        return int(number)

    def text(self, name: str) -> str:
        return str(self._settings.get(name, "")).strip().lower()

    def flag(self, name: str) -> bool:
        value = self._settings.get(name, False)
        return _WORDS.get(str(value).lower(), bool(value))


def _version(text: str) -> tuple[int, int]:
    match = re.match(r"v?(\d{1,4})\.(\d{1,4})", text.strip())
    return (int(match[1]), int(match[2])) if match else NEWEST


def _parallel(deployment: Deployment, values: _Values) -> tuple[int, int, int]:
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


def _utilisation(name: str, version: tuple[int, int]) -> float:
    """The default share: vLLM 0.90, since 0.20 0.92; SGLang and TGI take about as much as 0.88 and 0.9."""
    if name == "vllm":
        return 0.92 if version >= (0, 20) else 0.9
    return {"sglang": 0.88, "tensorrt-llm": 0.9}.get(name, 0.9)


def _batch_defaults(name: str, version: tuple[int, int], gpu: GpuType, length: int) -> tuple[int, int]:
    """Return the default (max_num_seqs, max_num_batched_tokens); other engines' are about the largest of vLLM's.

    Source: vLLM 0.33, `EngineArgs.get_batch_defaults`; the 160 GiB tier came with 0.27. The V0 core takes a whole
    prompt in one step unless prompts are long enough (32,768) that it chunks them.
    """
    if name != "vllm":
        return 1024, 8192
    if version < V1:
        return 256, 2048 if length > _CHUNKS_FROM else max(2048, length)
    ampere = gpu.family == "ampere" or gpu.name == "NVIDIA-GB10"
    if gpu.memory_gib >= _HUGE_GIB and version >= (0, 27):
        return 1024, 16_384
    if gpu.memory_gib >= _LARGE_GIB and not ampere:
        return 1024, 8192
    return 256, 2048


def _dtype_bytes(asked: str, own: int) -> int:
    """Return the bytes of a weight: `auto` turns FP32 checkpoints into 16 bits (vLLM 0.33, `_resolve_auto_dtype`)."""
    return 4 if asked in {"float32", "float"} else min(own, 2)


def _kv_bytes(asked: str, checkpoint: str, dtype_bytes: int) -> float:
    kind = checkpoint if asked in {"", "auto"} else asked
    if "nvfp4" in kind or kind.startswith(("int4", "fp4")):
        return 0.5625
    return 1 if kind.startswith(("fp8", "int8", "float8")) else dtype_bytes
