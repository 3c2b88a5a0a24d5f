"""How close engines come to the hardware's peaks: constants fitted on measured rows.

Data: 1,120 measured (TTFT, TPOT) points of aiconfigurator-core 0.12.0, `systems/silicon_sample.csv` (Apache-2.0,
measured 2025-10 to 2026-04): 8 models, FP8, NVFP4, MXFP4, INT4 and BF16 weights, TP 1 to 8, H100, H200, B200 and B300;
vLLM, SGLang and TensorRT-LLM. Fitted together by robust least squares on the logarithms; no constant belongs to a
single model or GPU. Median error of TPOT 10.5 % on the fitted rows, 18 % on a group (model and GPU) left out;
of throughput 10 % and 19 %.
"""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.fleet import GpuType


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Shares of peaks, and times that no peak explains.

    Attributes:
        dense: Share of memory bandwidth when reading dense weights.
        expert: The same for routed experts.
        cache: The same for the KV cache.
        compute: Share of peak operations.
        attention: Share of peak 16-bit operations in prefill attention.
        link: Share of the GPU-to-GPU bandwidth.
        layer_s: Time of a layer beside all this.
        moe_layer_s: The same of routing.
        step_s: Time of a step.
        request_s: Time of a step for each request in it.
        message_s: Time of one all-reduce among two GPUs.
        chunk_s: Time that a prompt takes beside its operations.
        bound: Factor on everything bound by memory or compute.
        prefill_share: First token: how many times its own prefill a request waits, at no load.
        prefill_queue: How much that grows with each request in progress.
        first_steps: First token: decode steps that pass beside prefill.
    """

    dense: float = 0.90
    expert: float = 0.93
    cache: float = 1.0
    compute: float = 0.59
    attention: float = 0.35
    link: float = 0.33
    layer_s: float = 53e-6
    moe_layer_s: float = 37e-6
    step_s: float = 0.27e-3
    request_s: float = 22e-6
    message_s: float = 0.73e-6
    chunk_s: float = 2.8e-3
    bound: float = 1.0
    prefill_share: float = 1.18
    prefill_queue: float = 0.052
    first_steps: float = 9.4


@dataclass(frozen=True, slots=True)
class Band:
    """How far the truth lies from the estimate nine times in ten, as factors, and what the estimate stands on."""

    tpot: tuple[float, float]
    ttft: tuple[float, float]
    basis: str


_ENGINES = {
    "vllm": Efficiency(),
    "sglang": Efficiency(bound=1.18, layer_s=67e-6, moe_layer_s=47e-6),
    "tensorrt-llm": Efficiency(bound=0.79, layer_s=61e-6, moe_layer_s=43e-6),
}
_MEASURED = ("H100-80GB", "H200", "B200", "B300", "GB200", "GB300")
_WEIGHT_ONLY_EXPERTS = 0.36
"""Share of the experts' bandwidth left where INT4 experts are unpacked on the way (Kimi K2.5 on B200)."""
_FP4_COMPUTE = 1.55
"""FP4 comes closer to its (lower than nominal) peak than FP8 does; fitted on three models."""
NEAR = Band((0.6, 1.6), (0.4, 2.4), "calibrated")
FAR = Band((0.5, 2.0), (0.3, 3.3), "roofline")


def efficiency_of(engine: str) -> Efficiency:
    """Return the constants of an engine; one that was not measured is taken to be like vLLM."""
    return _ENGINES.get(engine, _ENGINES["vllm"])


def compute_factor(precision: str) -> float:
    """Return how much better than the common share a precision's peak is reached."""
    return _FP4_COMPUTE if precision == "nvfp4" else 1.0


def expert_factor(precision: str) -> float:
    """Return the share of the experts' bandwidth that a precision leaves."""
    return _WEIGHT_ONLY_EXPERTS if precision == "int4" else 1.0


def band_of(engine: str, gpu: GpuType) -> Band:
    """Return how sure the estimate is: measured families of GPUs and engines are surer than others."""
    measured = any(name in gpu.name for name in _MEASURED) and engine in _ENGINES and "-MIG-" not in gpu.name
    return NEAR if measured else FAR
