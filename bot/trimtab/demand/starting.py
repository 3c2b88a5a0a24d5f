"""What makes a set-up start that would run out of GPU memory, smallest change first."""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.demand.estimates import engine_of
from trimtab.demand.measures import known, number
from trimtab.demand.moves import lacks_room, moves, own_moves
from trimtab.demand.peak import held_replicas, peak_of
from trimtab.demand.proof import Proof, starts
from trimtab.demand.setup import only_tensor_parallel, with_settings
from trimtab.demand.wording import change, footprint, move_option, option
from trimtab.estimate import Deployment, Figure, Impossible, Memory, divides_heads
from trimtab.fleet import Cluster, Scalar, Unknown, Workload
from trimtab.rule import Option, Prediction

_MORE_MEMORY = (0.92, 0.95)
_LESS_MEMORY = (0.05, 0.1, 0.15)
_SEATS = (256, 128, 64, 32)
_SHORTEST = 2048
_MOST_GPUS = 8
_UNKNOWN_LENGTHS = "how long requests are is not known, and longer ones would be refused"

_Candidate = tuple[str, Scalar, tuple[str, ...]]


def starting_options(workload: Workload, cluster: Cluster, now: Deployment, held: Memory) -> tuple[Option, ...]:
    """Return changes after which the set-up starts for certain, smallest first; empty where none is found."""
    found: dict[str, Option] = {}
    for field, value, doubts in _settings(workload, now, held):
        then = starts(with_settings(now, **{field: value}), now)
        if isinstance(then, Memory) and not then.reason and field not in found:
            proof = Proof(_predictions(held, then), 0.85 - 0.1 * len(doubts), doubts)
            found[field] = option(workload, (change(workload, field, value),), footprint(workload), proof)
    return (*found.values(), *_larger(workload, cluster, now, held))


def _settings(workload: Workload, now: Deployment, held: Memory) -> Iterator[_Candidate]:
    """Yield settings to try: for a lack of KV cache more memory or shorter contexts, for warm-up less of either."""
    engine = engine_of(now)
    if isinstance(engine, Impossible):
        return
    taken = engine.utilisation if engine.name == "vllm" else 1.0
    if held.outcome == "oom_runtime":
        yield from _fewer_seats(workload, engine.max_num_seqs)
        if taken < 1:
            yield from (("gpu_memory_utilization", round(taken - step, 2), ()) for step in _LESS_MEMORY)
    else:
        yield from (("gpu_memory_utilization", value, ()) for value in _MORE_MEMORY if value > taken)
        yield from _shorter(workload, now, held)
        yield from _fewer_seats(workload, engine.max_num_seqs)


def _shorter(workload: Workload, now: Deployment, held: Memory) -> Iterator[_Candidate]:
    """Yield contexts that may fit and that observed requests do not exceed, longest first."""
    peak = peak_of(workload, now)
    needed = _SHORTEST if isinstance(peak, Unknown) else max(_SHORTEST, peak.longest_tokens * 2)
    lengths_seen = known(workload.traffic.input_tokens_p99)
    for part in (1.0, 0.95, 0.9, 0.8, 0.65, 0.5):
        length = int(held.max_model_len_that_fits * part) // 1024 * 1024
        if length >= needed:
            yield "max_model_len", length, () if lengths_seen else (_UNKNOWN_LENGTHS,)


def _fewer_seats(workload: Workload, seats: int) -> Iterator[_Candidate]:
    """Yield smaller batches, which the sampler's warm-up takes less memory for, above those in progress."""
    busiest = number(workload.traffic.running_peak, 0.0) / max(1.0, held_replicas(workload))
    for fewer in _SEATS:
        if busiest < fewer < seats:
            yield "max_num_seqs", fewer, ()


def _larger(workload: Workload, cluster: Cluster, now: Deployment, held: Memory) -> Iterator[Option]:
    """Yield more GPUs of the same kind, and other kinds, on which it starts and for which there is room.

    Fewest GPUs first, since each more has to be waited for; nothing that reads memory slower than what is held now.
    """
    counts = [now.gpus * factor for factor in (2, 4, 8)] if only_tensor_parallel(workload) else []
    more = tuple(gpus for gpus in counts if gpus <= _MOST_GPUS and divides_heads(now.model, gpus))
    found = [*own_moves(workload, cluster, more), *moves(workload, cluster, (now.gpus, *more))]
    done: set[str] = set()
    for move in sorted(found, key=lambda move: (move.gpus, move.size, move.title)):
        slower = move.pool.gpu.bandwidth_gb_s * move.gpus < now.gpu.bandwidth_gb_s * now.gpus
        if slower or move.pool.gpu.name in done:
            continue
        then = starts(move.of(now), now)
        if isinstance(then, Memory) and not then.reason and not lacks_room(workload, move):
            done.add(move.pool.gpu.name)
            yield move_option(workload, move, Proof(_predictions(held, then), 0.85, ()))


def _predictions(before: Memory, after: Memory) -> tuple[Prediction, ...]:
    def line(name: str, unit: str, was: Figure, then: Figure, limit: float) -> Prediction:
        return Prediction(name, unit, was.value, then.value, then.low, then.high, limit, "arithmetic")

    return (
        line("KV cache of one GPU", "GiB", before.kv_cache_gib, after.kv_cache_gib, float("nan")),
        line("requests of the longest context at once", "count", before.max_concurrency, after.max_concurrency, 1.0),
    )
