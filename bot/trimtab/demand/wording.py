"""The parts of a finding that every rule builds alike: changes, GPUs held, confidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from trimtab.catalog import bare_product
from trimtab.demand.measures import evidence, gpu_busy_avg, gpu_dram_p95
from trimtab.demand.moves import Move, lacks_room, places_needed
from trimtab.demand.peak import held_replicas
from trimtab.demand.proof import Case, Misfit, Proof
from trimtab.fleet import Cluster, Found, Scalar, Unknown, Workload
from trimtab.rule import Change, Considered, Evidence, Footprint, Option


def gpu_name(workload: Workload) -> str:
    """Return the kind of GPU in words."""
    return "an unknown GPU" if isinstance(workload.gpu, Unknown) else workload.gpu.value.name


def model_name(workload: Workload) -> str:
    """Return the model's name, or the workload's own where it is not known."""
    return workload.name if isinstance(workload.model, Unknown) else workload.model.value.name


def product_of(gpu: str) -> str:
    """Return the whole GPU's product for the name of a slice or share of it."""
    return bare_product(gpu)


def change(workload: Workload, field: str, after: Scalar) -> Change:
    """Return a change from what Git says, or from what is live where the place in Git is not known."""
    if isinstance(workload.place, Found):
        setting = workload.place.value.serving.settings.get(field)
        return Change(field, "" if setting is None else setting.value, after)
    return Change(field, workload.settings.get(field, ""), after)


def footprint(workload: Workload, replicas: float | None = None, gpus: int | None = None) -> Footprint:
    """Return the GPUs held, whole-GPU equivalents, by `replicas` (today's mean) pods of `gpus` (today's) units."""
    pods = held_replicas(workload) if replicas is None else replicas
    units = workload.gpus_per_pod if gpus is None else gpus
    name = "" if isinstance(workload.gpu, Unknown) else product_of(workload.gpu.value.name)
    return Footprint(name, round(pods * units * workload.share, 4))


def sure_of_place(workload: Workload) -> float:
    """Return how sure it is where Git declares the workload; 1 where nothing could be edited anyway."""
    return workload.place.value.sure if isinstance(workload.place, Found) else 1.0


def option(
    workload: Workload, changes: tuple[Change, ...], after: Footprint, proof: Proof, places: float = 0.0
) -> Option:
    """Return a proven way to act, less sure where the place in Git is unsure."""
    sure = sure_of_place(workload)
    doubts = (*proof.doubts, *(("which file declares it is not certain",) if sure < 1 / 1.1 else ()))
    return Option(
        changes=changes,
        after=after,
        places_needed=places,
        resource=workload.gpu_resource,
        predictions=proof.predictions,
        confidence=round(proof.confidence * sure, 2),
        doubts=doubts,
    )


def move_option(workload: Workload, move: Move, proof: Proof) -> Option:
    """Return the option of moving all replicas to another kind of GPU, or to another number of them."""
    pool, changes = move.pool, []
    if not move.own:
        changes.append(change(workload, "gpu_product", pool.selector_value or pool.gpu.name))
    if move.gpus != workload.gpus_per_pod:
        changes += [change(workload, "gpu_count", move.gpus), change(workload, "tensor_parallel_size", move.gpus)]
    after = Footprint(product_of(pool.gpu.name), round(held_replicas(workload) * move.gpus, 4))
    return replace(
        option(workload, tuple(changes), after, proof, float(places_needed(workload, move))),
        resource=pool.resource,
        selector_key="" if move.own else _missing_selector(workload, move),
    )


def try_move(case: Case, move: Move) -> Option | Misfit:
    """Return the option to move there, or what speaks against it: the demand first, then the room."""
    proof = case.prove(move.of(case.now))
    if isinstance(proof, Misfit):
        return proof
    room = lacks_room(case.workload, move)
    return Misfit("room", room) if room else move_option(case.workload, move, proof)


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of several places.

    Attributes:
        options: Those that serve the demand, in the order in which they were tried.
        misfits: The others, with what speaks against each.
    """

    options: tuple[Option, ...]
    misfits: tuple[tuple[Move, Misfit], ...]

    @property
    def considered(self) -> tuple[Considered, ...]:
        """Return the places that were tried in vain, with their reasons."""
        return tuple(Considered(move.title, misfit.reason) for move, misfit in self.misfits)

    def why_none(self, otherwise: str) -> str:
        """Return what speaks against the first few; `otherwise` where none was tried."""
        return "; ".join(f"{move.title}: {misfit.reason}" for move, misfit in self.misfits[:3]) or otherwise


def try_moves(case: Case, moves: Iterable[Move]) -> Tried:
    """Return what becomes of each place."""
    options: list[Option] = []
    misfits: list[tuple[Move, Misfit]] = []
    for move in moves:
        verdict = try_move(case, move)
        if isinstance(verdict, Misfit):
            misfits.append((move, verdict))
        else:
            options.append(verdict)
    return Tried(tuple(options), tuple(misfits))


def peak_evidence(workload: Workload, cluster: Cluster) -> tuple[Evidence, ...]:
    """Return what was seen of a workload's use and traffic, as context for a proof."""
    traffic = workload.traffic
    return evidence(
        cluster,
        ("GPU memory interface active, p95", gpu_dram_p95(workload), "ratio"),
        ("GPU active, mean", gpu_busy_avg(workload), "ratio"),
        ("KV cache in use, max", traffic.kv_usage_max, "ratio"),
        ("requests in progress, busiest moment", traffic.running_peak, "requests"),
        ("requests waiting, p95", traffic.waiting_p95, "requests"),
        ("requests, busiest hour", traffic.requests_per_s_peak, "requests/s"),
        ("generated tokens, busiest hour", traffic.output_tokens_per_s_peak, "tokens/s"),
    )


def _missing_selector(workload: Workload, move: Move) -> str:
    """Return the pool's label key where Git selects no GPU yet; empty where it does or its place is unknown."""
    if isinstance(workload.place, Unknown) or workload.place.value.serving.selector_key:
        return ""
    return move.pool.selector_key


def no_proof(confidence: float, *doubts: str) -> Proof:
    """Return what stands in for a proof where nothing had to be predicted."""
    return Proof((), confidence, doubts)


def at_most(confidence: float, one: Option) -> Option:
    """Return the option, no surer than `confidence`."""
    return replace(one, confidence=min(confidence, one.confidence))
