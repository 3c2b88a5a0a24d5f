"""Layers of several kinds in one pool of blocks, as vLLM's hybrid KV cache manager groups them.

Source: vLLM 0.9.2 to 0.33, v1/core/kv_cache_utils.py (`get_kv_cache_groups`, `unify_kv_cache_spec_page_size`,
`_get_kv_cache_groups_uniform_page_size`); blocks beside states from `HybridAttentionMambaModelConfig`.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from trimtab.estimate.engine import Engine
from trimtab.estimate.kv_pages import state_bytes, token_bytes
from trimtab.estimate.kv_plan import Group, Plan
from trimtab.estimate.shape import Cache, Keep

_BLOCK, _LATENT_BLOCK = 16, 64
"""Tokens of a block; MLA's kernels (FlashMLA, CUTLASS) take 64."""
_SCAN_CHUNK = 256
"""Tokens that Mamba 2 scans at once (`chunk_size`), to which blocks are aligned where every block has its state."""
_TWO_IN_FLIGHT = (0, 26)
"""From here on windows leave room for the steps that are scheduled ahead (`max_concurrent_batches`)."""
_STATES_SHARED = (0, 26)
"""From here on prefixes of models with states are kept unless that is turned off (`is_prefix_caching_supported`)."""
_STATE_EACH_BLOCK = {"bamba", "falcon_h1", "granitemoehybrid", "jamba", "mamba", "mamba2", "nemotron_h", "zamba2"}
"""Model types that keep a state for every block where prefixes are kept (vLLM 0.26, `SupportsMambaPrefixCaching`)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Layers that keep the same: how many there are on a rank."""

    cache: Cache
    layers: int


def grouped(kinds: list[Kind], engine: Engine, model_type: str) -> Plan:
    """Return the plan for layers that grow with a request, and states beside them where there are some."""
    grows = [kind for kind in kinds if kind.cache.keep is not Keep.STATE]
    states = [kind for kind in kinds if kind.cache.keep is Keep.STATE]
    if not states and _one_rule(grows):
        block = engine.kv.block_size or _usual_block(grows)
        total = sum(kind.layers * token_bytes(kind.cache, engine) for kind in grows)
        return Plan(block, math.ceil(block * total), (_growing(grows[0].cache, 1, block, engine),), engine.kv.blocks)
    return _pooled(grows, states, engine, model_type)


def _one_rule(kinds: list[Kind]) -> bool:
    """Whether all layers keep the same tokens, of whatever size they are (`UniformTypeKVCacheSpecs`)."""
    spans = {(kind.cache.keep, kind.cache.span) for kind in kinds}
    return len(spans) == 1 or all(keep in {Keep.FULL, Keep.LATENT} for keep, _ in spans)


def _usual_block(kinds: list[Kind]) -> int:
    return _LATENT_BLOCK if any(kind.cache.keep is Keep.LATENT for kind in kinds) else _BLOCK


def _pooled(grows: list[Kind], states: list[Kind], engine: Engine, model_type: str) -> Plan:
    """Bring all kinds to one page and cut them into groups of equal size."""
    each = [token_bytes(kind.cache, engine) for kind in grows]
    largest = max([state_bytes(kind.cache, engine) for kind in states], default=0)
    block = _block_beside_states(largest, max(each, default=0), grows, engine, model_type)
    page = math.ceil(block * max(each)) if each else largest
    size = _group_size([kind.layers for kind in (*grows, *states)], engine.version)
    groups = [
        _growing(kind.cache, -(-kind.layers // size), block * max(1, int(max(each) / one)), engine)
        for kind, one in zip(grows, each, strict=True)
    ]
    groups += [_states(-(-kind.layers // size), block, engine, model_type) for kind in states]
    return Plan(block, size * page, tuple(groups), engine.kv.blocks)


def _block_beside_states(state: int, token: float, grows: list[Kind], engine: Engine, model_type: str) -> int:
    """Return the tokens of a block: so many that an attention page holds a state."""
    usual = _usual_block(grows)
    least = engine.kv.block_size or usual
    if not state or not token:
        return least
    step = _SCAN_CHUNK if _each_block_has_a_state(engine, model_type) else usual
    return max(least, step * math.ceil(state / (step * token)))


def _group_size(layers: list[int], version: tuple[int, int]) -> int:
    """Return the layers of a group: the fewest of a kind, or the most where that wastes little."""
    fewest, most = min(layers), max(layers)
    if version < (0, 12):
        return fewest
    return most if most < (1.5 if version >= (0, 19) else 1.25) * fewest else fewest


def _growing(cache: Cache, count: int, block: int, engine: Engine) -> Group:
    ahead = max(2, engine.pp + 1) if engine.version >= _TWO_IN_FLIGHT else 1
    in_flight = engine.max_num_batched_tokens * ahead
    if cache.keep is Keep.WINDOW:
        return Group(count, block, fixed=1, most=cache.span - 1 + in_flight)
    if cache.keep is Keep.CHUNK:
        return Group(count, block, most=cache.span + in_flight)
    return Group(count, block, ranks=engine.cp)


def _states(count: int, block: int, engine: Engine, model_type: str) -> Group:
    """States: one for a request, two where prefixes are kept (`align`), or one for every block (`all`)."""
    ahead = _drafted(engine.extras.speculative_json)
    if _each_block_has_a_state(engine, model_type):
        return Group(count, block, fixed=ahead)
    shared = engine.version >= _STATES_SHARED if engine.kv.prefixes_kept is None else engine.kv.prefixes_kept
    return Group(count, 0, fixed=(2 if shared else 1) + ahead)


def _each_block_has_a_state(engine: Engine, model_type: str) -> bool:
    shared = engine.version >= _STATES_SHARED if engine.kv.prefixes_kept is None else engine.kv.prefixes_kept
    return shared and model_type in _STATE_EACH_BLOCK


def _drafted(speculative_json: str) -> int:
    """Return the tokens drafted ahead, each of which has a state of its own (`num_speculative_blocks`)."""
    try:
        tree = json.loads(speculative_json or "{}")
    except ValueError:
        return 0
    drafted = tree.get("num_speculative_tokens", 0) if isinstance(tree, dict) else 0
    return drafted if isinstance(drafted, int) and 0 <= drafted <= 64 else 0  # noqa: PLR2004  # more is a mistake
