"""What stands around the layers: embedding, learned positions, head, and what some families add beside them."""

from __future__ import annotations

from trimtab.estimate.config import Keys
from trimtab.estimate.shape import Role, Split, Weight, linear, small
from trimtab.estimate.sizes import hidden_of
from trimtab.estimate.traits import traits_of

_PER_LAYER = ("gemma3n", "gemma4")
_POOLED = ("ForSequenceClassification", "ForTokenClassification", "PreTrainedModel")


def outer_weights(top: Keys, keys: Keys, context: int, *, generates: bool) -> tuple[Weight, ...]:
    """Return embedding, head and final norm; a tied head is the embedding itself."""
    hidden, traits = hidden_of(keys), traits_of(keys.text("model_type"))
    vocabulary = vocabulary_of(keys)
    wide = keys.integer("word_embed_proj_dim", "embedding_size", default=hidden, least=1)
    embedding = Weight("embed_tokens", ((vocabulary, 1),), wide, Split.VOCAB, Role.EMBEDDING, plain=True)
    placed = wide if keys.has("embedding_size") else hidden
    rest = [*_positions(keys, traits.positions, context, placed), small("norm", traits.final_norms * hidden)]
    if wide != hidden:
        rest.append(linear("embed_proj", hidden, (1 if keys.has("embedding_size") else 2) * wide, Split.NONE))
    rest += [*_segments(keys, wide), *_per_layer(keys, hidden)]
    if not generates or is_tied(top, keys):
        return (embedding, *rest)
    bias = keys.flag("lm_head_bias", default=traits.head_bias)
    return (embedding, *rest, Weight("lm_head", ((vocabulary, 1),), wide, Split.VOCAB, Role.HEAD, bias=bias))


def vocabulary_of(keys: Keys) -> int:
    """Return the size of the vocabulary."""
    return keys.integer("vocab_size", "padded_vocab_size", least=1, most=100_000_000)


def is_tied(top: Keys, keys: Keys) -> bool:
    """Whether the head is the embedding; what the whole model says counts before what its language part says."""
    if keys is not top and "tie_word_embeddings" in top.tree:
        return top.flag("tie_word_embeddings")
    return keys.flag("tie_word_embeddings", default=traits_of(keys.text("model_type")).tied)


def _positions(keys: Keys, more: int | None, context: int, wide: int) -> tuple[Weight, ...]:
    """Learned positions, on every rank."""
    if more is None or keys.text("position_embedding_type", default="absolute") != "absolute":
        return ()
    return (small("embed_positions", (context + more) * wide),)


def _segments(keys: Keys, wide: int) -> tuple[Weight, ...]:
    """Token types of the BERT family."""
    types = keys.integer("type_vocab_size", default=0, most=1_000)
    return (small("token_type_embeddings", types * wide),) if types else ()


def _per_layer(keys: Keys, hidden: int) -> tuple[Weight, ...]:
    """Gemma 3n's and 4's second embedding with an entry for each layer, and 3n's projections of its streams.

    Source: vLLM 0.33, gemma3n.py and gemma4.py.
    """
    each = keys.integer("hidden_size_per_layer_input", default=0)
    if not each or not keys.text("model_type").startswith(_PER_LAYER):
        return ()
    layers = keys.integer("num_hidden_layers", least=1, most=2_000)
    words = keys.integer("vocab_size_per_layer_input", default=vocabulary_of(keys), least=1)
    weights = (
        Weight("embed_tokens_per_layer", ((words, 1),), layers * each, Split.VOCAB, Role.EMBEDDING, plain=True),
        linear("per_layer_model_projection", layers * each, hidden),
        small("per_layer_projection_norm", each),
    )
    streams = keys.integer("altup_num_inputs", default=1, least=1, most=64) - 1
    return (*weights, linear("altup_projections", 2 * streams * hidden, hidden)) if streams else weights
