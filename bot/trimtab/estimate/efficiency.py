"""How close engines come to the hardware's peaks: constants fitted on measured rows.

Data: 1,120 measured (TTFT, TPOT) points of aiconfigurator-core 0.12.0, `systems/silicon_sample.csv` (Apache-2.0,
measured 2025-10 to 2026-04): 8 models, FP8, NVFP4, MXFP4, INT4 and BF16 weights, TP 1 to 8, H100, H200, B200 and B300;
vLLM, SGLang and TensorRT-LLM; and with less weight 38 floods of requests of the gpustack performance lab. Fitted
together by robust least squares on the logarithms; no constant belongs to a single model or GPU. Median error on the
fitted rows: TPOT 10.0 %, throughput 9.5 %, TTFT 30 %; on a group (model and GPU) left out of the fit: TPOT 11.6 %,
throughput 11.0 %. Fixed beforehand, because fewer free constants carry further: `cache`, SGLang's `bound`, FP4's
factor, `first_steps` and `chunk_s`.
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
        first_s: First token: time outside the engine's steps.
    """

    dense: float = 0.93
    expert: float = 0.90
    cache: float = 0.90
    compute: float = 0.66
    attention: float = 0.52
    link: float = 0.36
    layer_s: float = 53e-6
    moe_layer_s: float = 35e-6
    step_s: float = 0.28e-3
    request_s: float = 14e-6
    message_s: float = 1.55e-6
    chunk_s: float = 5e-3
    bound: float = 1.0
    prefill_share: float = 1.18
    prefill_queue: float = 0.076
    first_steps: float = 3.0
    first_s: float = 0.0565


@dataclass(frozen=True, slots=True)
class Band:
    """How far the truth lies from the estimate nine times in ten, as factors, and what the estimate stands on."""

    tpot: tuple[float, float]
    ttft: tuple[float, float]
    basis: str


_ENGINES = {
    "vllm": Efficiency(),
    "sglang": Efficiency(bound=1.2),
    "tensorrt-llm": Efficiency(bound=0.86),
}
_MEASURED = ("H100-80GB", "H200", "B200", "B300", "GB200", "GB300")
_WEIGHT_ONLY_EXPERTS = 0.4
"""Share of the experts' bandwidth left where INT4 experts are unpacked on the way (Kimi K2.5 on B200)."""
_FP4_COMPUTE = 1.4
"""FP4 comes closer to its (lower than nominal) peak than FP8 does."""
NEAR = Band((0.72, 1.5), (0.4, 2.5), "calibrated")
"""Of groups left out of the fit, 90 % of the rows lay within 0.78 and 1.44 (TPOT), 0.43 and 2.4 (TTFT)."""
FAR = Band((0.5, 2.0), (0.3, 3.3), "roofline")
"""Nothing was measured here: a guess at twice the width."""


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
