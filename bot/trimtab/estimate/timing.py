"""How long one step takes: what is read, computed and sent, each at the share of its peak that engines reach."""

from __future__ import annotations

import math

from trimtab.estimate.efficiency import compute_factor, expert_factor
from trimtab.estimate.machine import Machine

_PCIE_GB_S = 16.0
"""PCIe 3.0 x16, one direction, where a GPU's link is unknown."""
_ELEMENT_BYTES = 2
"""Activations travel in 16 bits."""


def decode_s(machine: Machine, batch: float, context: float) -> float:
    """Return the seconds of one decode step with `batch` requests of `context` tokens, on one copy."""
    gains, engine = machine.gains, machine.found.engine
    stage_batch = batch / engine.pp
    bound_s = _weights_s(machine, stage_batch) + stage_batch * (_token_s(machine) + _attention_s(machine, context))
    stage_s = gains.bound * bound_s + _messages_s(machine) + stage_batch * _wire_s(machine)
    return engine.pp * stage_s + _layers_s(machine) + gains.step_s + batch * gains.request_s


def prefill_s(machine: Machine, fresh: float, context: float) -> float:
    """Return the seconds that `fresh` tokens of a prompt, `context` tokens long with them, add to others' steps."""
    work, gains, engine = machine.work, machine.gains, machine.found.engine
    attention_s = work.attention.prefill_ops(fresh, context) / (work.half_tflops * 1e12 * gains.attention)
    return engine.pp * (gains.bound * (fresh * _token_s(machine) + attention_s) + fresh * _wire_s(machine))


def chunks(machine: Machine, fresh: float) -> float:
    """Return the steps that so many tokens of a prompt are cut into."""
    return max(1.0, fresh / machine.found.engine.max_num_batched_tokens)


def whole_step_s(machine: Machine, requests: float, tokens: float) -> float:
    """Return the seconds of one step that takes in whole prompts of `tokens` tokens and generates nothing."""
    gains, engine = machine.gains, machine.found.engine
    alone_s = prefill_s(machine, tokens, tokens)
    fixed_s = engine.pp * (gains.bound * _weights_s(machine, requests * tokens) + _messages_s(machine))
    return fixed_s + _layers_s(machine) + gains.step_s + requests * (alone_s + gains.request_s)


def _weights_s(machine: Machine, tokens: float) -> float:
    """Return the seconds of reading the weights that a step with so many tokens touches."""
    work, gains, engine = machine.work, machine.gains, machine.found.engine
    bandwidth = machine.found.deployment.gpu.bandwidth_gb_s * 1e9
    # Experts that are spread over ranks of data parallel copies see the tokens of all copies.
    routed = tokens * (engine.dp if engine.ep > 1 else 1)
    share = gains.expert * expert_factor(gains, work.counts.expert_format, engine)
    return work.dense_bytes / (bandwidth * gains.dense) + work.expert_bytes_read(routed) / (bandwidth * share)


def _attention_s(machine: Machine, context: float) -> float:
    """Return the seconds of one decoding request's attention."""
    work, gains = machine.work, machine.gains
    read_s = work.attention.read_bytes(context) / (machine.found.deployment.gpu.bandwidth_gb_s * 1e9 * gains.cache)
    return read_s + work.attention.decode_ops(context) / (work.half_tflops * 1e12 * gains.attention)


def _token_s(machine: Machine) -> float:
    """Return the seconds of one token's matrix operations on one rank."""
    work, counts, gains = machine.work, machine.work.counts, machine.gains
    dense = counts.dense_ops / (work.dense_tflops * gains.compute * compute_factor(gains, counts.dense_format))
    share = gains.expert_compute * compute_factor(gains, counts.expert_format)
    return (dense + counts.expert_ops / (work.expert_tflops * share)) / 1e12


def _layers_s(machine: Machine) -> float:
    """Return the seconds of all layers beside reading, computing and sending."""
    counts, gains = machine.work.counts, machine.gains
    sparse_s = machine.work.attention.sparse_layers * gains.sparse_layer_s
    return counts.layers * gains.layer_s + counts.moe_layers * gains.moe_layer_s + sparse_s


def _messages_s(machine: Machine) -> float:
    """Return the seconds that a stage's messages take however short: all-reduces and exchanges."""
    engine = machine.found.engine
    reduces_s = _reduces(machine) * _latency(engine.tp)
    exchanges_s = _exchanges(machine) * _latency(engine.tp * engine.dp)
    return machine.gains.message_s * (reduces_s + exchanges_s)


def _latency(ranks: int) -> float:
    """Return how much longer a message takes among so many ranks than among two."""
    return 0.5 + 0.5 * math.log2(ranks)


def _reduces(machine: Machine) -> float:
    engine = machine.found.engine
    return 2 * machine.work.counts.layers / engine.pp if engine.tp > 1 else 0.0


def _exchanges(machine: Machine) -> float:
    """Return the dispatches and combinations of a step: where copies share the experts, tokens go to them and back."""
    engine = machine.found.engine
    return 2 * machine.work.counts.moe_layers / engine.pp if engine.dp > 1 and engine.ep > 1 else 0.0


def _wire_s(machine: Machine) -> float:
    """Return the seconds that one token's activations take on the links.

    A ring of n moves 2 (n - 1) / n of them (https://github.com/NVIDIA/nccl-tests, doc/PERFORMANCE.md); an exchange
    moves a token once for each of its experts on another rank.
    """
    counts, engine = machine.work.counts, machine.found.engine
    link = machine.found.deployment.gpu.link_gb_s or _PCIE_GB_S
    ranks = engine.tp * engine.dp
    reduced = _reduces(machine) * 2 * (engine.tp - 1) / engine.tp
    exchanged = _exchanges(machine) * counts.experts_per_token * (ranks - 1) / ranks / engine.tp
    return (reduced + exchanged) * counts.hidden * _ELEMENT_BYTES / (link * 1e9 * machine.gains.link)
