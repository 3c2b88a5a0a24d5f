"""How fast one replica answers at a load: each step as a roofline, with the efficiency that engines were seen to reach.

A decode step reads the weights and every request's cache, multiplies one token for each request, and waits for
messages between GPUs; prompts of new requests are taken in between, so each output token also carries its share of
their prefill.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from trimtab.estimate.efficiency import Band, Efficiency, band_of, compute_factor, efficiency_of, expert_factor
from trimtab.estimate.kv import Reads, capacity, plan_of, reads_of
from trimtab.estimate.memory import Resolved, look_up, memory_of
from trimtab.estimate.step import Work, work_of
from trimtab.estimate.types import Deployment, Figure, Impossible, Load, Seen, Speed
from trimtab.estimate.weights import GIB

_LEAST_BAND = 0.15
"""How far a figure scaled from a live measurement may be off where both GPUs are of one kind."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A deployment with its counts, ready to be timed at any load.

    Attributes:
        found: The deployment.
        work: Its counts.
        gains: The engine's efficiency.
        band: How sure it is.
        reads: What decoding reads of the cache.
        cache_gib: The cache of one rank.
    """

    found: Resolved
    work: Work
    gains: Efficiency
    band: Band
    reads: Reads
    cache_gib: float


def machine_of(deployment: Deployment) -> Machine | Impossible:
    """Return the deployment ready to be timed; `Impossible` where memory says so or nothing can be said of speed."""
    found = look_up(deployment)
    if isinstance(found, Impossible):
        return found
    if deployment.gpu.bandwidth_gb_s <= 0:
        return Impossible(f"the memory bandwidth of {deployment.gpu.name} is unknown")
    cache = memory_of(found).kv_cache_gib.value
    engine = found.engine.name
    reads = reads_of(deployment.model, found.engine)
    return Machine(found, work_of(found), efficiency_of(engine), band_of(engine, deployment.gpu), reads, cache)


def speed(deployment: Deployment, load: Load) -> Speed | Impossible:
    """Return the latency and throughput of one replica at a steady load.

    `Impossible` where the deployment contradicts itself, its cache holds not one request, or the load is no load.
    """
    machine = machine_of(deployment)
    return machine if isinstance(machine, Impossible) else time_load(machine, load)


def time_load(machine: Machine, load: Load) -> Speed | Impossible:
    """Return what a machine does at a load; what does not fit into the batch waits in a queue."""
    figures = (load.concurrency, load.input_tokens, load.output_tokens, load.prefix_hit)
    if not all(map(math.isfinite, figures)) or min(figures) < 0 or load.concurrency == 0 or load.prefix_hit > 1:
        return Impossible("a load needs a concurrency above 0, lengths of 0 or more, and a prefix hit from 0 to 1")
    copies = machine.found.engine.dp
    asked = load.concurrency / copies
    batch = min(asked, max_batch(machine, load))
    if batch < min(1.0, asked):
        return Impossible(f"the KV cache holds no request of {load.input_tokens + load.output_tokens:.0f} tokens")
    output = max(1.0, load.output_tokens)
    fresh = load.input_tokens * (1 - load.prefix_hit)
    decode_s = _decode_s(machine, batch, load.input_tokens + output / 2)
    prefill_s = _prefill_s(machine, fresh, load.input_tokens)
    tpot_s = decode_s + batch / output * prefill_s
    gains = machine.gains
    waiting_s = gains.first_s + gains.first_steps * decode_s
    ttft_s = waiting_s + gains.prefill_share * prefill_s * (1 + gains.prefill_queue * batch)
    rate = batch / (ttft_s + tpot_s * (output - 1))
    if asked > batch:
        ttft_s = max(ttft_s, asked / rate - tpot_s * (output - 1))
    return _speed(machine, ttft_s, tpot_s, rate * output * copies, (fresh, prefill_s))


def max_batch(machine: Machine, load: Load) -> float:
    """Return how many requests one copy can work on at once: the setting, or what its cache holds."""
    engine = machine.found.engine
    plan = plan_of(machine.found.deployment.model, engine, machine.found.stored.start, machine.found.stored.stop)
    if plan is None:
        return engine.max_num_seqs
    length = max(1, math.ceil(load.input_tokens * (1 - load.prefix_hit) + load.output_tokens / 2))
    held = capacity(plan, machine.cache_gib * GIB, length, engine).concurrency / engine.dp
    return min(float(engine.max_num_seqs), held)


def speed_from(seen: Seen, now: Speed, then: Speed) -> Speed:
    """Return the estimate for another GPU, corrected by what a running replica is seen to do on its present one.

    Args:
        seen: What is measured now.
        now: The estimate for the present deployment at the present load.
        then: The estimate for the other deployment at the load it would have.
    """
    ttft = _scaled(then.ttft_ms, seen.ttft_ms, now.ttft_ms)
    tpot = _scaled(then.tpot_ms, seen.tpot_ms, now.tpot_ms)
    gain = tpot.value / then.tpot_ms.value if then.tpot_ms.value else 1.0
    flow = then.output_tokens_per_s
    return Speed(
        ttft_ms=ttft,
        tpot_ms=tpot,
        output_tokens_per_s=_around(flow.value / gain, _half_width(flow)),
        prefill_tokens_per_s=then.prefill_tokens_per_s,
        basis="calibrated",
    )


def _scaled(then: Figure, seen: float, now: Figure) -> Figure:
    """Scale by seen / estimated; half of the band's width goes, as the same errors are in both estimates."""
    usable = math.isfinite(seen) and seen > 0 and now.value > 0
    return _around(then.value * seen / now.value, _half_width(then) / 2) if usable else then


def _half_width(figure: Figure) -> float:
    """Return the band's half width as a logarithm."""
    return math.log(figure.high / figure.low) / 2 if figure.low > 0 else math.log(2)


def _around(value: float, half: float) -> Figure:
    factor = math.exp(max(half, math.log(1 + _LEAST_BAND)))
    return Figure(value, value / factor, value * factor)


def _decode_s(machine: Machine, batch: float, context: float) -> float:
    """Return the seconds of one decode step with `batch` requests of `context` tokens."""
    work, gains, engine = machine.work, machine.gains, machine.found.engine
    counts = work.counts
    bandwidth = machine.found.deployment.gpu.bandwidth_gb_s * 1e9
    stage_batch = batch / engine.pp
    # Experts that are spread over ranks of data parallel copies see the tokens of all copies.
    routed = stage_batch * (engine.dp if engine.ep > 1 else 1)
    dense_s = work.dense_bytes / (bandwidth * gains.dense)
    expert_s = work.expert_bytes_read(routed) / (bandwidth * gains.expert * expert_factor(counts.expert_format))
    cache_s = stage_batch * machine.reads.bytes_at(context) / (bandwidth * gains.cache)
    bound_s = gains.bound * (dense_s + expert_s + cache_s + stage_batch * _token_s(machine))
    messages_s = _messages(machine) * gains.message_s * (0.5 + 0.5 * math.log2(engine.tp)) + stage_batch * _wire_s(
        machine
    )
    layers_s = (counts.layers * gains.layer_s + counts.moe_layers * gains.moe_layer_s) / engine.pp
    return engine.pp * (bound_s + messages_s + layers_s) + gains.step_s + batch * gains.request_s


def _prefill_s(machine: Machine, fresh: float, context: float) -> float:
    """Return the seconds of taking in `fresh` tokens of a prompt that is `context` tokens long."""
    work, gains, engine = machine.work, machine.gains, machine.found.engine
    counts = work.counts
    seen = context - fresh / 2
    attention = fresh * (seen * counts.attention_ops + min(seen, counts.window) * counts.window_ops) / engine.pp
    attention_s = attention / (work.half_tflops * 1e12 * gains.attention)
    operations_s = gains.bound * (fresh * _token_s(machine) + attention_s)
    return engine.pp * (operations_s + fresh * _wire_s(machine)) + gains.chunk_s


def _token_s(machine: Machine) -> float:
    """Return the seconds of one token's matrix operations on one rank."""
    work, counts, gains = machine.work, machine.work.counts, machine.gains
    dense = counts.dense_ops / (work.dense_tflops * compute_factor(counts.dense_format))
    expert = counts.expert_ops / (work.expert_tflops * compute_factor(counts.expert_format))
    return (dense + expert) / (1e12 * gains.compute)


def _messages(machine: Machine) -> int:
    """Return the all-reduces of a step."""
    return 2 * machine.work.counts.layers // machine.found.engine.pp if machine.found.engine.tp > 1 else 0


def _wire_s(machine: Machine) -> float:
    """Return the seconds that one token's activations take on the links: a ring moves 2 (n - 1) / n of them."""
    tp = machine.found.engine.tp
    link = machine.found.deployment.gpu.link_gb_s or _PCIE_GB_S
    moved = 2 * (tp - 1) / tp * machine.work.counts.hidden * 2
    return _messages(machine) * moved / (link * 1e9 * machine.gains.link)


_PCIE_GB_S = 16.0
"""PCIe 3.0 x16, one direction, where a GPU's link is unknown."""


def _speed(machine: Machine, ttft_s: float, tpot_s: float, flow: float, prefill: tuple[float, float]) -> Speed:
    band = machine.band
    tokens, seconds = prefill
    intake = tokens / seconds if seconds else 0.0
    low, high = band.tpot
    return Speed(
        ttft_ms=Figure(ttft_s * 1e3, ttft_s * 1e3 * band.ttft[0], ttft_s * 1e3 * band.ttft[1]),
        tpot_ms=Figure(tpot_s * 1e3, tpot_s * 1e3 * low, tpot_s * 1e3 * high),
        output_tokens_per_s=Figure(flow, flow / high, flow / low),
        prefill_tokens_per_s=Figure(intake, intake / high, intake / low),
        basis=band.basis,
    )
