"""Changes that give a full KV cache room, each shown by the estimate to do so."""

from __future__ import annotations

import math
from collections.abc import Iterator

from trimtab.demand.estimates import engine_of, memory_of
from trimtab.demand.measures import number
from trimtab.demand.moves import Move, lacks_room, own_pool
from trimtab.demand.peak import held_replicas
from trimtab.demand.proof import Case, Misfit, Proof, starts
from trimtab.demand.setup import with_settings
from trimtab.demand.wording import change, footprint, option
from trimtab.estimate import Impossible, Memory
from trimtab.fleet import Pool, Scalar
from trimtab.rule import Option, Prediction

_UTILIZATIONS = (0.9, 0.92, 0.95)
"""Tried in this order; at 0.95 the sampler's warm-up has failed on measured start-ups, so the estimate decides."""
_LEAST_GAIN = 1.1
"""A change that gives less than this many times today's room is not worth a restart."""
_PARTLY = 0.15
"""How much less sure a cure is that gives less room than is wanted."""


def cache_cures(case: Case) -> Iterator[Option]:
    """Yield settings that give room, those that give enough first."""
    found: list[tuple[float, Option]] = []
    for field, value, confidence, doubts in _candidates(case):
        held = starts(with_settings(case.now, **{field: value}), case.now)
        if isinstance(held, Memory):
            found += _cure(case, (field, value), held, confidence, doubts)
    enough: dict[str, Option] = {}
    for covered, one in found:
        if covered >= 1:
            enough.setdefault(one.changes[0].field, one)
    partly = max((covered for covered, _ in found if covered < 1), default=0.0)
    yield from (*enough.values(), *_fewer_seats(case))
    if not enough:
        yield from [one for covered, one in found if covered == partly][:1]


def _candidates(case: Case) -> Iterator[tuple[str, Scalar, float, tuple[str, ...]]]:
    """Yield field, value, confidence and doubts of what can be set, best first."""
    engine = engine_of(case.now)
    if isinstance(engine, Impossible) or engine.name != "vllm":
        return
    for value in _UTILIZATIONS:
        if value > engine.utilisation:
            yield "gpu_memory_utilization", value, 0.9, ()
    if engine.kv.element_bytes > 1 and "fp8" in case.now.gpu.tflops:
        yield "kv_cache_dtype", "fp8", 0.65, ("a KV cache in FP8 can change answers",)


def _cure(
    case: Case, setting: tuple[str, Scalar], held: Memory, confidence: float, doubts: tuple[str, ...]
) -> Iterator[tuple[float, Option]]:
    """Yield how much of the wanted room a setting gives, with the option; nothing where it gains too little."""
    today = memory_of(case.now)
    if not isinstance(today, Memory) or today.kv_cache_tokens.value <= 0:
        return
    reported = number(case.workload.traffic.kv_cache_tokens, today.kv_cache_tokens.value)
    gain = held.kv_cache_tokens.value / today.kv_cache_tokens.value
    if gain < _LEAST_GAIN:
        return
    careful = reported * held.kv_cache_tokens.low / today.kv_cache_tokens.value
    covered = careful / max(case.peak.kv_tokens, 1.0)
    if covered < 1:
        confidence, doubts = confidence - _PARTLY, (*doubts, f"it gives {covered:.0%} of the room that is wanted")
    prediction = Prediction(
        "KV cache of one replica", "tokens", reported, reported * gain, careful,
        reported * held.kv_cache_tokens.high / today.kv_cache_tokens.value, case.peak.kv_tokens, "arithmetic",
    )  # fmt: skip
    proof = Proof((prediction,), round(confidence, 2), doubts)
    workload = case.workload
    yield covered, option(workload, (change(workload, *setting),), footprint(workload), proof)


def _fewer_seats(case: Case) -> Iterator[Option]:
    """Yield as many places in the batch as the cache has room for, where requests displace each other, none waits."""
    workload = case.workload
    if number(workload.traffic.waiting_p95, 0.0) >= 1:
        return
    full = max(number(workload.traffic.kv_usage_max, 1.0), 0.1)
    seats = math.floor(0.9 * case.peak.concurrency / full)
    if 1 <= seats < case.peak.concurrency:
        proof = Proof((), 0.7, ("requests then wait for a place instead of starting again",))
        yield option(workload, (change(workload, "max_num_seqs", seats),), footprint(workload), proof)


def replica_cures(case: Case) -> Iterator[Option]:
    """Yield the smallest number of further replicas, at most twice as many, over which the demand fits."""
    workload = case.workload
    pool, count = own_pool(workload, case.cluster), workload.scale.replicas
    if workload.scale.autoscaler or not isinstance(pool, Pool):
        return
    for more in range(count + 1, 2 * count + 1):
        proof = case.prove(case.now, float(more))
        if isinstance(proof, Misfit):
            continue
        added = (more - count) * workload.gpus_per_pod
        if not lacks_room(workload, Move(pool, workload.gpus_per_pod, own=True)) and pool.free >= added:
            sure = Proof(proof.predictions, min(0.8, proof.confidence), proof.doubts)
            after = footprint(workload, held_replicas(workload) + more - count)
            yield option(workload, (change(workload, "replicas", more),), after, sure, float(added))
        return
