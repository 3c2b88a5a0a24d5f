"""How a replica answers, by a model of its own: nothing here is shared with `trimtab.estimate`.

A decode step reads the weights and the KV cache of all running requests once at a part of the peak bandwidth; a
prefill computes twice the active parameters for each token at a part of the peak FLOPS. The parts are drawn by a seed
for each fleet, so that what is proposed has to hold under machines that differ from the estimate's. Peaks: data sheets
of NVIDIA (dense figures). Memory: parameters as published with each model; runtime overhead 3 GiB and 1 GiB a rank.
"""

from __future__ import annotations

from dataclasses import dataclass

GIB = 2**30


@dataclass(frozen=True)
class Card:
    """A kind of GPU: usable GiB, GB/s, dense bf16 TFLOPS."""

    product: str
    memory_gib: float
    bandwidth: float
    tflops: float
    usd_per_hour: float


@dataclass(frozen=True)
class Shape:
    """A model: parameters in billions (all and active), KV bytes a token, largest context."""

    name: str
    billions: float
    active: float
    kv_bytes: int
    context: int


@dataclass(frozen=True)
class Work:
    """What a workload is asked to do at its busiest, over all replicas."""

    rate: float
    input_tokens: float
    output_tokens: float


@dataclass(frozen=True)
class Setup:
    """What one replica runs on."""

    card: Card
    gpus: int
    replicas: int
    utilization: float = 0.9
    context: int = 8192


@dataclass(frozen=True)
class Answer:
    """How it goes: means in ms, requests running on one replica, tokens its KV cache holds, and share of it in use."""

    fits: bool
    stable: bool
    kv_tokens: float
    kv_usage: float
    ttft_ms: float = 0.0
    tpot_ms: float = 0.0
    running: float = 0.0
    busy: float = 0.0


_MOST_PREFILL, _FULL, _MOST_RUNNING = 0.9, 0.95, 1000
"""From here on a replica no longer keeps up: time that prompts take, KV cache in use, requests in progress."""

CARDS = {
    card.product: card
    for card in (
        Card("NVIDIA-H100-80GB-HBM3", 79.19, 3350, 989, 6.88),
        Card("NVIDIA-A100-SXM4-80GB", 79.25, 2039, 312, 3.43),
        Card("NVIDIA-L40S", 44.4, 864, 362, 1.86),
        Card("NVIDIA-A10G", 22.06, 600, 70, 1.01),
        Card("NVIDIA-L4", 22.16, 300, 121, 0.80),
    )
}

SHAPES = {
    shape.name: shape
    for shape in (
        Shape("Qwen/Qwen2.5-7B-Instruct", 7.62, 7.62, 28 * 2 * 4 * 128 * 2, 32768),
        Shape("Qwen/Qwen3-8B", 8.19, 8.19, 36 * 2 * 8 * 128 * 2, 40960),
        Shape("Qwen/Qwen3-32B", 32.76, 32.76, 64 * 2 * 8 * 128 * 2, 40960),
        Shape("Qwen/Qwen3-30B-A3B", 30.53, 3.35, 48 * 2 * 4 * 128 * 2, 40960),
        Shape("mistralai/Mistral-Nemo-Instruct-2407", 12.25, 12.25, 40 * 2 * 8 * 128 * 2, 131072),
    )
}


def answer(shape: Shape, setup: Setup, work: Work, part: float) -> Answer:
    """Return how one replica answers its share of the work; `part` is the reached share of the peaks."""
    weights_gib = shape.billions * 2e9 / GIB / setup.gpus
    free_gib = setup.card.memory_gib * setup.utilization - weights_gib - 3.0 - (1.0 if setup.gpus > 1 else 0.0)
    kv_tokens = max(0.0, free_gib) * GIB * setup.gpus / shape.kv_bytes
    if kv_tokens < setup.context:
        return Answer(fits=False, stable=False, kv_tokens=kv_tokens, kv_usage=1)
    rate = work.rate / setup.replicas
    bandwidth = setup.card.bandwidth * 1e9 * part * setup.gpus
    flops = setup.card.tflops * 1e12 * part * 0.8 * setup.gpus
    prefill_ms = 2 * shape.active * 1e9 * work.input_tokens / flops * 1e3 + 15
    length = work.input_tokens + work.output_tokens / 2
    running, tpot_ms, ttft_ms = 1.0, 10.0, prefill_ms
    for _ in range(200):
        read = shape.active * 2e9 + (shape.billions - shape.active) * 2e9 * min(1.0, running / 16)
        step_ms = (
            max((read + running * length * shape.kv_bytes) / bandwidth, 2 * shape.active * 1e9 * running / flops) * 1e3
            + 1.0
            + 1.5 * (setup.gpus > 1)
        )
        taken = min(0.95, rate * prefill_ms / 1e3)
        tpot_ms = step_ms / (1 - taken)
        ttft_ms = prefill_ms / (1 - taken) + step_ms
        wanted = rate * (ttft_ms + tpot_ms * work.output_tokens) / 1e3
        running += 0.2 * (min(wanted, 2000.0) - running)
    usage = running * length / kv_tokens
    stable = rate * prefill_ms / 1e3 < _MOST_PREFILL and usage < _FULL and running < _MOST_RUNNING
    busy = min(1.0, rate * (prefill_ms + work.output_tokens * tpot_ms / max(1.0, running)) / 1e3)
    fine = min(1.0, usage)
    return Answer(
        fits=True,
        stable=stable,
        kv_tokens=kv_tokens,
        kv_usage=fine,
        ttft_ms=ttft_ms,
        tpot_ms=tpot_ms,
        running=running,
        busy=busy,
    )
