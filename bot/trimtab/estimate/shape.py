"""A model as tables: the weights of each layer, what each layer keeps of a request, and the sizes around them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Split(StrEnum):
    """How tensor parallelism cuts a weight."""

    OUT = "out"
    """By output rows; a unit (an attention head) is never cut, and is copied where there are too few."""
    IN = "in"
    """By input columns."""
    NONE = "none"
    """Every rank holds all of it."""
    VOCAB = "vocab"
    """By vocabulary rows, padded to a multiple of 64 on each rank."""
    EXPERT = "expert"
    """By experts where expert parallelism is on, else by the intermediate size: rows of `w13`, columns of `w2`."""


class Role(StrEnum):
    """What a weight is for, which decides how often a step reads it."""

    DENSE = "dense"
    EXPERT = "expert"
    EMBEDDING = "embedding"
    HEAD = "head"
    VISION = "vision"


@dataclass(frozen=True, slots=True)
class Weight:
    """One matrix as the engine holds it: fused (`qkv`, `gate_up`) where engines fuse.

    Attributes:
        name: Name of its first part below the layer, such as `self_attn.q_proj`: what ignore lists match.
        out: (units, rows of one unit) for each fused part.
        columns: Input size.
        split: How it is cut.
        role: What it is for.
        experts: Number of such matrices in one tensor; 1 unless it is an experts' weight.
        bias: Whether it has a bias.
        plain: Whether no quantisation ever touches it (norms, routers, embeddings, convolutions).
        bytes_each: Bytes of one element where that is not the model's own type; 0 otherwise.
    """

    name: str
    out: tuple[tuple[int, int], ...]
    columns: int
    split: Split
    role: Role = Role.DENSE
    experts: int = 1
    bias: bool = False
    plain: bool = False
    bytes_each: int = 0

    @property
    def rows(self) -> int:
        """Output rows of one matrix, uncut."""
        return sum(units * size for units, size in self.out)

    @property
    def parameters(self) -> int:
        """Elements of all experts together, bias included."""
        return self.experts * self.rows * (self.columns + (1 if self.bias else 0))


class Keep(StrEnum):
    """What a layer keeps of a request between steps."""

    FULL = "full"
    WINDOW = "window"
    CHUNK = "chunk"
    LATENT = "latent"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Cache:
    """What one layer keeps of a request.

    Attributes:
        keep: Everything, a sliding window, a chunk, a latent vector for each token (MLA), or a state of fixed size.
        kv_heads: Heads of key and value.
        head_dim: Size of a key's head; of `LATENT` the whole vector.
        value_dim: Size of a value's head; 0 for `LATENT`.
        span: Tokens of the window or chunk.
        extra_bytes: Bytes for each token beside it, whatever the cache's type (a sparse-attention index).
        states: (elements uncut by TP, bytes of an element) of a `STATE`; a convolution's bytes are the model's own: 0.
        every: Tokens that share one entry (compressed attention); 1 otherwise.
    """

    keep: Keep
    kv_heads: int = 1
    head_dim: int = 0
    value_dim: int = 0
    span: int = 0
    extra_bytes: int = 0
    states: tuple[tuple[int, int], ...] = ()
    every: int = 1


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: its weights, its caches (most have one; a layer without attention has none)."""

    weights: tuple[Weight, ...]
    caches: tuple[Cache, ...] = ()
    heads: int = 0
    """Query heads, for the arithmetic of attention."""


@dataclass(frozen=True, slots=True)
class Moe:
    """The routed experts of a model, for the arithmetic of a step."""

    experts: int
    experts_per_token: int
    intermediate: int
    hidden: int


@dataclass(frozen=True, slots=True)
class Shape:
    """A model, as far as memory and speed depend on it.

    Attributes:
        model_type: As the configuration says.
        dtype_bytes: Bytes of one unquantised weight.
        hidden: Hidden size.
        intermediate: Largest dense intermediate size (0 where every layer has experts only).
        vocabulary: Vocabulary size.
        heads: Query heads of the first attention layer.
        kv_heads: Its key-value heads.
        max_positions: Longest context, after rope scaling.
        layers: In order.
        prefix: What the names of layers start with, such as `model.layers`.
        outer: Embedding, head, final norm, vision tower, projector.
        rope_bytes: The table of rotary angles, on every rank.
        moe: The experts; None for a dense model.
        vision: Whether it takes images.
        generates: Whether it generates text (embedding models and encoders do not).
        scheme_json: The text of `quantization_config`, empty where there is none.
        doubt: Why the shape may be wrong; empty where the architecture is known.
        doubt_share: By how much of itself the count may then be off.
    """

    model_type: str
    dtype_bytes: int
    hidden: int
    intermediate: int
    vocabulary: int
    heads: int
    kv_heads: int
    max_positions: int
    layers: tuple[Layer, ...]
    prefix: str
    outer: tuple[Weight, ...]
    rope_bytes: int
    moe: Moe | None
    vision: bool
    generates: bool
    scheme_json: str
    doubt: str = ""
    doubt_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Parameters:
    """How many parameters a model has.

    Attributes:
        total: All of them.
        active: Those that one token passes through: of the experts only the chosen ones, of the embedding none.
    """

    total: int
    active: int


def linear(name: str, rows: int, columns: int, split: Split = Split.OUT, *, bias: bool = False) -> Weight:
    """Return a matrix that is not cut by heads."""
    return Weight(name, ((rows, 1),), columns, split, bias=bias)


def small(name: str, elements: int, split: Split = Split.NONE, bytes_each: int = 0) -> Weight:
    """Return a vector or another small tensor that is never quantised."""
    return Weight(name, ((elements, 1),), 1, split, plain=True, bytes_each=bytes_each)
