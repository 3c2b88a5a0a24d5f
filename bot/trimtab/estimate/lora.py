"""Memory of LoRA slots, which vLLM lays out before any adapter is loaded.

Source: vLLM 0.33, lora/layers (`create_lora_weights`): for each of `max_loras` slots and each part of a fused matrix an
A of rank x inputs, whole on every rank of tensor parallelism, and a B of outputs x rank, cut as the matrix is; of a
matrix cut by inputs A is cut and B is whole. Each expert has its own; embedding and head have slots in some models.
Agrees with saved logs that have LoRA on if their rank, which they do not state, was 32: Qwen3 8B FP8 8.9638 GiB
(8.964 estimated), Llama 3.2 1B FP8 1.4721 (1.470), Mistral 7B in 4 bits 4.0423 (4.022).
"""

from __future__ import annotations

from trimtab.estimate.engine import Engine
from trimtab.estimate.shape import Layer, Role, Shape, Split, Weight

_WORDS = frozenset({
    "apertus", "cohere", "cohere2", "ernie4_5", "exaone", "exaone4", "exaone_moe", "falcon_h1", "granite", "granitemoe",
    "granitemoehybrid", "granitemoeshared", "hyperclovax", "jamba", "lfm2", "lfm2_moe", "llama", "minicpm", "ministral",
    "mistral", "mixtral", "nemotron", "nemotron_h", "nemotron-nas", "phi3", "phimoe", "solar", "yi",
})  # fmt: skip
"""Model types whose class adapts embedding and head (`embedding_modules`)."""
_WORDS_LATER = frozenset({"qwen3", "qwen3_moe", "qwen3_5", "qwen3_5_text", "qwen3_5_moe", "qwen3_5_moe_text"})
_LATER = (0, 12)
"""The same for these from about here on, a guess between 0.10.2, whose one log fits without them, and 0.33, which has
them; worth 0.02 GiB at rank 32."""


def lora_layer_bytes(layer: Layer, engine: Engine) -> int:
    """Return the bytes of all slots of one layer on one rank; 0 without LoRA."""
    if not engine.extras.lora_slots:
        return 0
    return (
        sum(_slot_elements(weight, engine) for weight in layer.weights) * engine.extras.lora_slots * engine.dtype_bytes
    )


def lora_outer_bytes(shape: Shape, engine: Engine) -> int:
    """Return the bytes of the slots of embedding and head on one rank; 0 without LoRA."""
    words = shape.model_type in _WORDS or (shape.model_type in _WORDS_LATER and engine.version >= _LATER)
    if not engine.extras.lora_slots or not words:
        return 0
    vocabulary = 2 * -(-shape.vocabulary // engine.tp)
    return engine.extras.lora_slots * engine.extras.lora_rank * (vocabulary + 2 * shape.hidden) * engine.dtype_bytes


def _slot_elements(weight: Weight, engine: Engine) -> int:
    """Return the elements of one slot of one matrix; vectors, routers and what is never adapted have none."""
    if weight.plain or weight.role in {Role.VISION, Role.EMBEDDING} or weight.columns == 1:
        return 0
    rank, tp = engine.extras.lora_rank, 1 if weight.split is Split.NONE else engine.tp
    experts = -(-weight.experts // engine.ep)
    if weight.split is Split.EXPERT and engine.ep > 1:
        tp = 1
    by_inputs = weight.split is Split.IN or (weight.split is Split.EXPERT and "down" in weight.name)
    columns = -(-weight.columns // tp) if by_inputs else weight.columns
    rows = weight.rows if by_inputs else -(-weight.rows // tp)
    return experts * rank * (len(weight.out) * columns + rows)
