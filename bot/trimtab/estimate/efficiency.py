"""How close engines come to the hardware's peaks: constants fitted on measured rows.

Data: 1,122 measured (TTFT, TPOT) points of aiconfigurator-core 0.12.0, `systems/silicon_sample.csv` (Apache-2.0,
measured 2025-10 to 2026-04): 9 models, FP8, NVFP4, MXFP4, INT4 and BF16 weights, TP 1 to 8, H100, H200, B200 and B300;
vLLM, SGLang and TensorRT-LLM; and with less weight 46 floods of requests of the gpustack performance lab.
`bench/fit_speed.py` fits them together, by robust least squares on the logarithms, each drawn towards a physical guess.
No constant belongs to one GPU; those that rest on few models say so. Median errors of TPOT, throughput and TTFT:

- on the rows 8.1, 7.8 and 19 %;
- on groups (a model on a GPU) left out of the fit 9.8, 9.2 and 24 %;
- on models left out 9.7, 9.4 and 26 %; on GPUs left out 9.9, 9.6 and 25 %.
"""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.estimate.engine import Engine


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Shares of peaks, and times that no peak explains.

    Attributes:
        dense: Share of memory bandwidth when reading dense weights.
        expert: The same for routed experts, if tokens chose them evenly; they do not, so that fewer are read.
        cache: The same for the KV cache, if all requests were at their mean length at once.
        compute: Share of peak operations, dense weights.
        expert_compute: The same for routed experts, whose matrices are small.
        fp4_compute: How much closer NVFP4 comes to its peak.
        attention: Share of peak 16-bit operations in attention.
        link: Share of the GPU-to-GPU bandwidth.
        layer_s: Time of a layer beside all this.
        moe_layer_s: What routing adds to it.
        sparse_layer_s: What choosing tokens by an index adds to it (25 rows of GLM 5, SGLang, H200 and B300).
        step_s: Time of a step.
        request_s: Time of a step for each request in it.
        message_s: Time of one all-reduce among two GPUs.
        chunk_s: First token: time of each step that takes in a part of the prompt, beside its operations.
        bound: Factor on everything bound by memory or compute.
        prefill_share: First token: how many times its own prefill a request waits, at no load.
        prefill_queue: How much that grows with each request in progress.
        first_steps: First token: steps of others that it waits for where there are many, beside one of its own.
        first_s: First token: time outside the engine's steps.
        int4_experts: Share of the experts' bandwidth left where INT4 is unpacked on the way (15 rows of Kimi
            K2.5, B200).
        older_release: How much longer block-scaled FP8 experts take for each vLLM release before `KERNELS_SINCE`
            (Qwen3 235B with 0.12, MiniMax M2.5 with 0.17, DeepSeek R1 with 0.11).
    """

    dense: float = 0.83
    expert: float = 1.01
    cache: float = 1.02
    compute: float = 0.709
    expert_compute: float = 0.268
    fp4_compute: float = 1.22
    attention: float = 0.517
    link: float = 0.425
    layer_s: float = 50.2e-6
    moe_layer_s: float = 36.5e-6
    sparse_layer_s: float = 86.6e-6
    step_s: float = 0.238e-3
    request_s: float = 23.0e-6
    message_s: float = 2.58e-6
    chunk_s: float = 5.62e-3
    bound: float = 1.0
    prefill_share: float = 1.14
    prefill_queue: float = 0.0659
    first_steps: float = 2.82
    first_s: float = 0.0194
    int4_experts: float = 0.406
    older_release: float = 0.258


KERNELS_SINCE = 18
"""vLLM 0.18: of the releases in the rows (0.11, 0.12, 0.17, 0.18, 0.19) the first with block-scaled experts as fast as
later."""

_ENGINES = {
    "vllm": Efficiency(),
    "sglang": Efficiency(bound=1.12, first_s=0.159, prefill_share=1.43),
    "tensorrt-llm": Efficiency(bound=0.918, first_s=0.0851, prefill_share=1.02),
}


def efficiency_of(engine: str) -> Efficiency:
    """Return the constants of an engine; one that was not measured is taken to be like vLLM."""
    return _ENGINES.get(engine, _ENGINES["vllm"])


def compute_factor(gains: Efficiency, form: str) -> float:
    """Return how much better than the common share a format's peak is reached."""
    return gains.fp4_compute if form == "nvfp4" else 1.0


def expert_factor(gains: Efficiency, form: str, engine: Engine) -> float:
    """Return the share of the experts' bandwidth that a format leaves, with the kernels of the engine's release."""
    if form == "int4":
        return gains.int4_experts
    if form != "fp8_block" or engine.name != "vllm":
        return 1.0
    major, minor = engine.version
    return 1 / (1 + gains.older_release * max(0, KERNELS_SINCE - minor if major == 0 else 0))
