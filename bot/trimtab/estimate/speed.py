"""How fast one replica answers at a load: each step as a roofline, with the efficiency that engines were seen to reach.

A decode step reads the weights and every request's cache, multiplies one token for each request, and waits for
messages between GPUs; prompts of new requests are taken in between, so each output token also carries its share of
their prefill. What generates no text (an encoder) only takes prompts in.
"""

from __future__ import annotations

from trimtab.estimate.band import MOST_MEASURED, Band, crowded, within
from trimtab.estimate.machine import Machine, machine_of, max_batch
from trimtab.estimate.timing import chunks, decode_s, prefill_s, whole_step_s
from trimtab.estimate.types import Deployment, Impossible, Load, Speed

_MOST = 1e9


def speed(deployment: Deployment, load: Load) -> Speed | Impossible:
    """Return the latency and throughput of one replica at a steady load.

    `Impossible` where the deployment contradicts itself, its cache holds not one request, or the load is no load.
    """
    machine = machine_of(deployment)
    return machine if isinstance(machine, Impossible) else time_load(machine, load)


def time_load(machine: Machine, load: Load) -> Speed | Impossible:
    """Return what a machine does at a load; what does not fit into the batch waits in a queue."""
    figures = (load.concurrency, load.input_tokens, load.output_tokens, load.prefix_hit)
    if not all(0 <= figure <= _MOST for figure in figures) or load.concurrency == 0 or load.prefix_hit > 1:
        return Impossible("a load needs a concurrency above 0, lengths from 0 to 10^9, and a prefix hit from 0 to 1")
    asked = load.concurrency / machine.found.engine.dp
    batch = min(asked, max_batch(machine, load))
    if batch < min(1.0, asked):
        return Impossible(f"the KV cache holds no request of {load.input_tokens + load.output_tokens:.0f} tokens")
    band = crowded(machine.band) if asked > min(batch, MOST_MEASURED) else machine.band
    if not machine.work.counts.generates:
        return _encode(machine, load, asked, band)
    return _generate(machine, load, (asked, batch), band)


def _generate(machine: Machine, load: Load, requests: tuple[float, float], band: Band) -> Speed:
    """Return the speed of a model that writes; `requests` are those in progress on one copy, and those in its batch."""
    asked, batch = requests
    gains = machine.gains
    output = max(1.0, load.output_tokens)
    fresh = load.input_tokens * (1 - load.prefix_hit)
    step_s = decode_s(machine, batch, load.input_tokens + output / 2)
    intake_s = prefill_s(machine, fresh, load.input_tokens)
    tpot_s = step_s + batch / output * intake_s
    waiting_s = gains.first_s + step_s * (1 + gains.first_steps * (1 - 1 / max(1.0, batch)))
    own_s = gains.prefill_share * (intake_s + chunks(machine, fresh) * gains.chunk_s)
    ttft_s = waiting_s + own_s * (1 + gains.prefill_queue * batch)
    rate = batch / (ttft_s + tpot_s * (output - 1))
    if asked > batch:
        ttft_s = max(ttft_s, asked / rate - tpot_s * (output - 1))
    copies = machine.found.engine.dp
    return _speed(band, ttft_s, tpot_s, rate * output * copies, copies * fresh / intake_s if intake_s else 0.0)


def _encode(machine: Machine, load: Load, asked: float, band: Band) -> Speed:
    """Return the speed of a model that only reads: a step takes in as many prompts as its tokens allow."""
    engine = machine.found.engine
    fits = max(1.0, engine.max_num_batched_tokens / max(1.0, load.input_tokens))
    batch = max(1.0, min(asked, fits, engine.max_num_seqs))
    step_s = whole_step_s(machine, batch, load.input_tokens)
    wait_s = machine.gains.first_s + step_s * max(1.0, asked / batch)
    return _speed(band, wait_s, 0.0, 0.0, engine.dp * batch * load.input_tokens / step_s)


def _speed(band: Band, ttft_s: float, tpot_s: float, flow: float, intake: float) -> Speed:
    return Speed(
        ttft_ms=within(ttft_s * 1e3, band.ttft),
        tpot_ms=within(tpot_s * 1e3, band.tpot),
        output_tokens_per_s=within(flow, band.flow),
        prefill_tokens_per_s=within(intake, band.flow),
        basis=band.basis,
    )
