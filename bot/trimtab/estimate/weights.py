"""Weight memory of the fullest GPU, tensor by tensor, as the engine lays it out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from trimtab.estimate.checkpoint import Measured, measured
from trimtab.estimate.drafts import Draft, draft_of
from trimtab.estimate.engine import Engine
from trimtab.estimate.formats import Format, kept
from trimtab.estimate.lora import lora_layer_bytes, lora_outer_bytes
from trimtab.estimate.model import known_shape
from trimtab.estimate.schemes import Scheme, scheme_of
from trimtab.estimate.shape import Layer, Role, Shape, Split, Weight
from trimtab.fleet import Model

MIB = 1024 * 1024
GIB = 1024 * MIB
_LARGE = 10 * MIB
_STEP = 2 * MIB
_VOCABULARY_STEP = 64
_UNSPLIT = MIB // 3
"""What a repacked matrix loses on average: PyTorch leaves a rest of up to 1 MiB with a block that it hands out again
(`should_split`, see `_allocated`), and repacking hands out freed blocks of other sizes. Of the 0 to
1 MiB that are possible a third was taken with two figures in view (Llama 3.1 8B W4A16 5.38 GiB, Qwen2.5 7B AWQ 5.29):
an expectation, not a count."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes of weights on one rank of the fullest pipeline stage.

    Attributes:
        total: With rounding by the allocator and the rotary table.
        read: What a decode step of one sequence reads: all but embedding, vision tower and idle experts' part.
        expert: Routed experts, included in `total`.
        head: Output head.
        start: First layer of the fullest stage.
        stop: The one after its last.
        measured: Whether the checkpoint's own headers were at hand.
    """

    total: int
    read: int
    expert: int
    head: int
    start: int
    stop: int
    measured: bool = False


def rank_rows_columns(weight: Weight, engine: Engine) -> tuple[int, int, int]:
    """Return rows, columns and experts of a weight on one rank."""
    tp = engine.tp
    rows, columns, experts = weight.rows, weight.columns, weight.experts
    if weight.split is Split.OUT:
        rows = sum(max(1, -(-units // tp)) * size for units, size in weight.out)
    elif weight.split is Split.IN:
        columns = -(-columns // tp)
    elif weight.split is Split.VOCAB:
        padded = -(-rows // _VOCABULARY_STEP) * _VOCABULARY_STEP
        rows = -(-padded // tp)
    elif weight.split is Split.EXPERT and engine.ep > 1:
        experts = -(-experts // engine.ep)
    elif weight.split is Split.EXPERT and "down" in weight.name:
        columns = -(-columns // tp)
    elif weight.split is Split.EXPERT:
        rows = sum(-(-units // tp) * size for units, size in weight.out)
    return rows, columns, experts


def weight_bytes(weight: Weight, form: Format, engine: Engine, family: str) -> int:
    """Return the bytes of one weight on one rank, as the allocator hands them out."""
    rows, columns, experts = rank_rows_columns(weight, engine)
    each = weight.bytes_each or engine.dtype_bytes
    tensors = list(kept(form, family, vllm=engine.name == "vllm").tensors(rows, columns, each))
    if form.name == "mxfp4" and weight.role is Role.EXPERT:
        tensors[0] = int(tensors[0] * _mxfp4_padding(weight, rows, columns, engine, family))
    if form.name == "gguf":
        experts, tensors = 1, [size * experts for size in tensors]
    sizes = [size * experts for size in tensors]
    if weight.bias:
        sizes.append(rows * experts * engine.dtype_bytes)
    slack = _UNSPLIT if form.name == "int4" and sizes[0] > MIB else 0
    return slack + sum(_allocated(size) for size in sizes)


@lru_cache(maxsize=512)
def stored(model: Model, engine: Engine, family: str) -> Stored:
    """Return the weight memory of the fullest pipeline stage's rank.

    Raises:
        ConfigError: The model's shape or its quantisation is unknown.
    """
    shape = known_shape(model)
    scheme = scheme_of(shape.scheme_json, engine.quantization)
    draft = draft_of(shape, engine.extras.speculative_json)
    layers = [_layer(layer, shape, scheme, index, engine, family) for index, layer in enumerate(shape.layers)]
    first, last = [], [(_drafting(draft, shape, scheme, engine, family), Role.DENSE)]
    last.append((lora_outer_bytes(shape, engine), Role.DENSE))
    for weight in shape.outer:
        if weight.role is Role.VISION and engine.extras.language_only:
            continue
        size = weight_bytes(weight, _outer_format(weight, scheme), engine, family)
        entry = (size, weight.role)
        if weight.role in {Role.EMBEDDING, Role.VISION}:
            first.append(entry)
        if weight.role not in {Role.EMBEDDING, Role.VISION} or (engine.pp > 1 and _is_tied(shape, weight)):
            last.append(entry)
    seen = measured(model, engine.quantization)
    stages = _stages(len(layers), engine.pp)
    found = []
    for number, (start, stop) in enumerate(stages):
        around = (first if number == 0 else []) + (last if number == len(stages) - 1 else [])
        found.append(_scaled(_stage(shape, layers[start:stop], around, (start, stop)), seen, shape.rope_bytes))
    return max(found, key=lambda stage: stage.total)


def _scaled(stage: Stored, seen: Measured, rope_bytes: int) -> Stored:
    """Return a stage as large as the checkpoint's headers say; the rotary table is not in the checkpoint."""
    factor = seen.factor
    return replace(
        stage,
        total=int((stage.total - rope_bytes) * factor) + rope_bytes,
        read=int(stage.read * factor),
        expert=int(stage.expert * factor),
        head=int(stage.head * factor),
        measured=seen.known,
    )


def _drafting(draft: Draft, shape: Shape, scheme: Scheme, engine: Engine, family: str) -> int:
    """Return the bytes of what drafts, stored as the target's last layer is."""
    index = len(shape.layers) - 1
    layers = sum(_layer(layer, shape, scheme, index, engine, family)[0] for layer in draft.layers)
    return layers + sum(weight_bytes(weight, Format("plain"), engine, family) for weight in draft.outer)


def _stage(
    shape: Shape, layers: list[tuple[int, int]], around: list[tuple[int, Role]], span: tuple[int, int]
) -> Stored:
    tied = _tied_head(shape)
    expert = sum(size for _, size in layers)
    body = sum(size for size, _ in layers)
    outside = sum(size for size, _ in around)
    head = sum(size for size, role in around if role is Role.HEAD or (tied and role is Role.EMBEDDING))
    return Stored(body + outside + shape.rope_bytes, body + head, expert, head, *span)


def _layer(layer: Layer, shape: Shape, scheme: Scheme, index: int, engine: Engine, family: str) -> tuple[int, int]:
    """Return (all bytes, routed experts' bytes) of one layer."""
    total = expert = 0
    for weight in layer.weights:
        form = Format("plain") if weight.plain else scheme.of(f"{shape.prefix}.{index}.{weight.name}")
        size = _cached_bytes(weight, form, engine, family)
        total += size
        expert += size if weight.role is Role.EXPERT else 0
    total += lora_layer_bytes(layer, engine)
    total += _unpacked_latent(layer, scheme.of(f"{shape.prefix}.{index}.self_attn.kv_b_proj"), engine)
    return total, expert


def _unpacked_latent(layer: Layer, form: Format, engine: Engine) -> int:
    """Return what MLA keeps of a layer beside the checkpoint's weights.

    A quantised `kv_b_proj` has a 16-bit copy (vLLM 0.19, `MLACommonImpl.process_weights_after_loading`). The V0 core
    multiplied it into the query's and the output's projections beforehand, in the checkpoint's format (vLLM 0.7.2,
    VLLM_MLA_PERFORM_MATRIX_ABSORPTION; 83.88 GiB seen for DeepSeek R1 on 8 GPUs).
    """
    named = {weight.name.rsplit(".", 1)[-1]: weight for weight in layer.weights}
    latent = named.get("kv_b_proj")
    if latent is None or engine.name != "vllm":
        return 0
    if engine.v0:
        heads = -(-layer.heads // engine.tp)
        query = named["q_b_proj"].columns if "q_b_proj" in named else named["q_proj"].columns
        return int(heads * latent.columns * (query + named["o_proj"].rows) * (form.bits / 8 or engine.dtype_bytes))
    rows, columns, _ = rank_rows_columns(latent, engine)
    return rows * columns * engine.dtype_bytes if form.bits else 0


@lru_cache(maxsize=4096)
def _cached_bytes(weight: Weight, form: Format, engine: Engine, family: str) -> int:
    return weight_bytes(weight, form, engine, family)


def _outer_format(weight: Weight, scheme: Scheme) -> Format:
    if weight.role is Role.EMBEDDING:
        return scheme.embedding
    return scheme.of("lm_head") if weight.role is Role.HEAD else Format("plain")


def _tied_head(shape: Shape) -> bool:
    return shape.generates and all(weight.role is not Role.HEAD for weight in shape.outer)


def _is_tied(shape: Shape, weight: Weight) -> bool:
    return weight.role is Role.EMBEDDING and _tied_head(shape)


def _stages(layers: int, pp: int) -> list[tuple[int, int]]:
    """Return the layers of each pipeline stage.

    Source: vLLM 0.19, distributed/utils.py `get_pp_indices`: what does not divide goes to the middle stages.
    """
    sizes = [layers // pp] * pp
    for extra in range(layers % pp):
        sizes[-(extra + 2) % pp] += 1
    starts = [sum(sizes[:number]) for number in range(pp)]
    return [(start, start + size) for start, size in zip(starts, sizes, strict=True)]


def _allocated(size: int) -> int:
    """Return what PyTorch's caching allocator counts for a tensor.

    From 10 MiB on a block comes in whole 2 MiB; a rest above 1 MiB is split off, a smaller one stays with the block.
    Source: PyTorch 2.8, c10/cuda/CUDACachingAllocator.cpp, `get_allocation_size` and `should_split`.
    """
    if size < _LARGE:
        return -(-size // 512) * 512
    rest = -size % _STEP
    return size + rest if rest <= MIB else size


def _mxfp4_padding(weight: Weight, rows: int, columns: int, engine: Engine, family: str) -> float:
    """Return by how much kernels pad MXFP4 experts.

    Source: vLLM 0.19, quantization/mxfp4.py `create_weights`: Marlin pads the intermediate size to 128 and the hidden
    size to 256, Blackwell kernels both to 256; Hopper's Triton layout (0.11 to 0.17) pads the inner size to 512.
    """
    if engine.name != "vllm":
        return 1.0
    inter, hidden = (columns, rows) if "down" in weight.name else (rows // 2, columns)
    if family == "hopper" and (0, 11) <= engine.version < (0, 18):
        return _up(columns, 512) / columns
    step = 256 if family == "blackwell" else 128
    return _up(inter, step) / inter * _up(hidden, 256) / hidden


def _up(size: int, step: int) -> int:
    return -(-size // step) * step
