"""What one step does on one GPU: bytes read, operations, messages. Pure counting, no efficiency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trimtab.estimate.formats import Format
from trimtab.estimate.kv import read_bytes
from trimtab.estimate.memory import Resolved
from trimtab.estimate.shape import Keep, Role, Weight
from trimtab.estimate.weights import rank_rows_columns

_COMPUTE = {"fp8": "fp8", "fp8_block": "fp8", "int8": "int8", "nvfp4": "fp4", "mxfp4": "fp4"}
"""Precision in which a format is multiplied where the GPU can; all others are unpacked to 16 bits first."""


@dataclass(frozen=True, slots=True)
class Work:
    """Counts for one rank; a pipeline's stages together make one rank's worth of time.

    Attributes:
        dense_bytes: Weights every step reads.
        expert_bytes: All routed experts' weights.
        dense_ops: Operations of dense weights for one token.
        expert_ops: Operations of the chosen experts for one token.
        dense_tflops: Peak of the precision that dense weights are multiplied in.
        expert_tflops: Peak of the precision that experts are multiplied in.
        half_tflops: Peak in 16 bits.
        dense_format: How the largest dense weight is stored.
        expert_format: How routed experts are stored.
        layers: Number of layers.
        moe_layers: Those with experts.
        experts: Routed experts of a layer; 0 for a dense model.
        experts_per_token: Chosen for a token.
        hidden: Hidden size.
        attention_ops: Operations of attention for one token and one token of context.
        window_ops: The same for layers with a window, whose context is at most `window`.
        window: Tokens.
    """

    dense_bytes: float
    expert_bytes: float
    dense_ops: float
    expert_ops: float
    dense_tflops: float
    expert_tflops: float
    half_tflops: float
    dense_format: str
    expert_format: str
    layers: int
    moe_layers: int
    experts: int
    experts_per_token: int
    hidden: int
    attention_ops: float
    window_ops: float
    window: int

    def expert_bytes_read(self, tokens: float) -> float:
        """Return what a step with this many tokens reads of the experts, if tokens choose evenly."""
        if not self.experts:
            return 0.0
        untouched = (1 - self.experts_per_token / self.experts) ** max(0.0, tokens)
        return self.expert_bytes * (1 - untouched)


def work_of(found: Resolved) -> Work:
    """Return the counts of a deployment."""
    shape, engine, gpu = found.shape, found.engine, found.deployment.gpu
    moe = shape.moe
    chosen = moe.experts_per_token / moe.experts if moe else 0.0
    dense_form, expert_form = _formats(found)
    layers = [weight for layer in shape.layers for weight in layer.weights]
    matrices = [weight for weight in layers if weight.columns > 1]
    head = next((weight for weight in shape.outer if weight.role in {Role.HEAD, Role.EMBEDDING}), None)
    dense = [weight for weight in matrices if weight.role is Role.DENSE] + ([head] if head else [])
    full, windowed, window = _attention(found)
    return Work(
        dense_bytes=found.stored.read - found.stored.expert,
        expert_bytes=found.stored.expert,
        dense_ops=2.0 * sum(_elements(weight, found) for weight in dense) / engine.pp,
        expert_ops=2.0 * chosen * sum(_elements(w, found) for w in matrices if w.role is Role.EXPERT) / engine.pp,
        dense_tflops=_peak(dense_form, gpu.tflops),
        expert_tflops=_peak(expert_form, gpu.tflops),
        half_tflops=_peak(Format("plain"), gpu.tflops),
        dense_format=dense_form.name,
        expert_format=expert_form.name,
        layers=len(shape.layers),
        moe_layers=sum(any(w.role is Role.EXPERT for w in layer.weights) for layer in shape.layers),
        experts=moe.experts if moe else 0,
        experts_per_token=moe.experts_per_token if moe else 0,
        hidden=shape.hidden,
        attention_ops=full / engine.tp,
        window_ops=windowed / engine.tp,
        window=window,
    )


def cache_bytes_read(found: Resolved, tokens: float) -> float:
    """Return what a decode step reads of the cache on one rank for one request of this length."""
    return read_bytes(found.shape, found.engine, tokens)


def _elements(weight: Weight, found: Resolved) -> int:
    rows, columns, experts = rank_rows_columns(weight, found.engine)
    return rows * columns * experts


def _formats(found: Resolved) -> tuple[Format, Format]:
    """Return the formats of the largest dense and of the largest routed weight, from the middle layer."""
    middle = len(found.shape.layers) // 2
    layers = found.shape.layers[middle:] or found.shape.layers
    plain = Format("plain")
    found_forms = {Role.DENSE: plain, Role.EXPERT: plain}
    sizes = {Role.DENSE: 0, Role.EXPERT: 0}
    for index, layer in enumerate(layers[:8], middle):
        for weight in layer.weights:
            if weight.role in sizes and not weight.plain and weight.parameters > sizes[weight.role]:
                sizes[weight.role] = weight.parameters
                found_forms[weight.role] = found.scheme.of(f"{found.shape.prefix}.{index}.{weight.name}")
    return found_forms[Role.DENSE], found_forms[Role.EXPERT]


def _peak(form: Format, tflops: Mapping[str, float]) -> float:
    half = tflops.get("bf16") or tflops.get("fp16") or tflops.get("fp32") or 1.0
    if form.name == "mxfp4":
        return tflops.get("fp8", half) if "fp4" in tflops else half
    return tflops.get(_COMPUTE.get(form.name, ""), half)


def _attention(found: Resolved) -> tuple[float, float, int]:
    """Return operations for one token and token of context: full layers, windowed layers, and the window."""
    full = windowed = 0.0
    window = 0
    for layer in found.shape.layers:
        for cache in layer.caches:
            ops = 2.0 * layer.heads * (cache.head_dim + (cache.value_dim or cache.head_dim)) / cache.every
            if cache.span and cache.keep in {Keep.WINDOW, Keep.CHUNK}:
                windowed, window = windowed + ops, max(window, cache.span)
            elif cache.keep is not Keep.STATE:
                full += ops
    return full, windowed, window
