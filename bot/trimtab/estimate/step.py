"""What one step does on one GPU: weights read, operations, messages. Pure counting, no efficiency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from trimtab.estimate.attend import Attending, attending
from trimtab.estimate.engine import Engine
from trimtab.estimate.formats import Format
from trimtab.estimate.memory import Resolved
from trimtab.estimate.model import known_shape
from trimtab.estimate.schemes import Scheme, scheme_of
from trimtab.estimate.shape import Role, Shape, Weight
from trimtab.estimate.weights import rank_rows_columns
from trimtab.fleet import Model

_COMPUTE = {"fp8": "fp8", "fp8_block": "fp8", "int8": "int8", "nvfp4": "fp4", "mxfp4": "fp4"}
"""Precision in which a format is multiplied where the GPU can; all others are unpacked to 16 bits first."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a token costs on one rank, whatever the GPU.

    Attributes:
        dense_ops: Operations of dense weights for one token.
        expert_ops: Operations of the chosen experts for one token.
        dense_format: How the largest dense weight is stored.
        expert_format: How routed experts are stored.
        layers: Number of layers.
        moe_layers: Those with experts.
        experts: Routed experts of a layer; 0 for a dense model.
        experts_per_token: Chosen for a token.
        hidden: Hidden size.
        generates: Whether it generates text; encoders do not.
    """

    dense_ops: float
    expert_ops: float
    dense_format: str
    expert_format: str
    layers: int
    moe_layers: int
    experts: int
    experts_per_token: int
    hidden: int
    generates: bool


@dataclass(frozen=True, slots=True)
class Work:
    """Counts for one rank of a deployment; a pipeline's stages together make one rank's worth of time.

    Attributes:
        counts: What a token costs.
        attention: What attention reads and computes.
        dense_bytes: Weights every step reads.
        expert_bytes: All routed experts' weights.
        dense_tflops: Peak of the precision that dense weights are multiplied in.
        expert_tflops: Peak of the precision that experts are multiplied in.
        half_tflops: Peak in 16 bits.
    """

    counts: Counts
    attention: Attending
    dense_bytes: float
    expert_bytes: float
    dense_tflops: float
    expert_tflops: float
    half_tflops: float

    def expert_bytes_read(self, tokens: float) -> float:
        """Return what a step with this many tokens reads of the experts, if tokens choose evenly."""
        if not self.counts.experts:
            return 0.0
        untouched: float = (1 - self.counts.experts_per_token / self.counts.experts) ** max(0.0, tokens)
        return self.expert_bytes * (1 - untouched)


def work_of(found: Resolved) -> Work:
    """Return the counts of a deployment with the peaks of its GPU."""
    tflops = found.deployment.gpu.tflops
    counts = counts_of(found.deployment.model, found.engine)
    return Work(
        counts=counts,
        attention=attending(found.deployment.model, found.engine),
        dense_bytes=found.stored.read - found.stored.expert,
        expert_bytes=found.stored.expert,
        dense_tflops=_peak(counts.dense_format, tflops),
        expert_tflops=_peak(counts.expert_format, tflops),
        half_tflops=_peak("plain", tflops),
    )


@lru_cache(maxsize=512)
def counts_of(model: Model, engine: Engine) -> Counts:
    """Return what a token costs on one rank.

    Raises:
        ConfigError: The model's shape or its quantisation is unknown.
    """
    shape = known_shape(model)
    forms = _formats(shape, scheme_of(shape.scheme_json, engine.quantization))
    matrices = [weight for layer in shape.layers for weight in layer.weights if weight.columns > 1]
    head = next((weight for weight in shape.outer if weight.role in {Role.HEAD, Role.EMBEDDING}), None)
    dense = [weight for weight in matrices if weight.role is Role.DENSE] + ([head] if head else [])
    experts = [weight for weight in matrices if weight.role is Role.EXPERT]
    moe = shape.moe
    chosen = moe.experts_per_token / moe.experts if moe else 0.0
    return Counts(
        dense_ops=2.0 * sum(_elements(weight, engine) for weight in dense) / engine.pp,
        expert_ops=2.0 * chosen * sum(_elements(weight, engine) for weight in experts) / engine.pp,
        dense_format=forms[Role.DENSE].name,
        expert_format=forms[Role.EXPERT].name,
        layers=len(shape.layers),
        moe_layers=sum(any(weight.role is Role.EXPERT for weight in layer.weights) for layer in shape.layers),
        experts=moe.experts if moe else 0,
        experts_per_token=moe.experts_per_token if moe else 0,
        hidden=shape.hidden,
        generates=shape.generates,
    )


def _elements(weight: Weight, engine: Engine) -> int:
    rows, columns, experts = rank_rows_columns(weight, engine)
    return rows * columns * experts


def _formats(shape: Shape, scheme: Scheme) -> Mapping[Role, Format]:
    """Return the formats of the largest dense and of the largest routed weight, from the middle of the model."""
    middle = len(shape.layers) // 2
    forms = {Role.DENSE: Format("plain"), Role.EXPERT: Format("plain")}
    sizes = {Role.DENSE: 0, Role.EXPERT: 0}
    for index, layer in enumerate(shape.layers[middle : middle + _SAMPLE], middle):
        for weight in layer.weights:
            if weight.role in sizes and not weight.plain and weight.parameters > sizes[weight.role]:
                sizes[weight.role] = weight.parameters
                forms[weight.role] = scheme.of(f"{shape.prefix}.{index}.{weight.name}")
    return forms


_SAMPLE = 8
"""Layers looked at: at least one of each kind in every known hybrid."""


def _peak(form: str, tflops: Mapping[str, float]) -> float:
    """Return the peak for a format; MXFP4 experts are multiplied with 8-bit activations where FP4 units exist."""
    half = tflops.get("bf16") or tflops.get("fp16") or tflops.get("fp32") or 1.0
    if form == "mxfp4":
        return tflops.get("fp8", half) if "fp4" in tflops else half
    return tflops.get(_COMPUTE.get(form, ""), half)
