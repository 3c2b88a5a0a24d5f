"""The demand at the peak, its objective, and the proof that a set-up serves it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.rules.building import cluster_of, workload_of
from trimtab import demand
from trimtab.catalog import find_gpu
from trimtab.demand import Case, Misfit, Proof
from trimtab.demand.moves import Move, lacks_room
from trimtab.demand.objective import objective_of
from trimtab.estimate import Deployment
from trimtab.fleet import Cluster, Found, GpuType, Unknown, Workload


def case_of(**described: object) -> Case:
    """Return the case of a described workload."""
    workload = workload_of({"settings": {"max_model_len": 8192}, **described})
    now = demand.deployment_of(workload)
    assert isinstance(now, Deployment)
    peak = demand.peak_of(workload, now)
    assert not isinstance(peak, Unknown)
    return Case(workload, cluster_of({}), now, peak)


def gpu(name: str) -> GpuType:
    """Return a kind of GPU from the catalogue."""
    found = find_gpu(name)
    assert isinstance(found, Found)
    return found.value


def whole(workload: Workload) -> Cluster:
    """Return a cluster that holds a workload."""
    return replace(cluster_of({}), workloads=(workload,))


def test_the_peak_is_for_one_replica() -> None:
    """Rates and requests in progress are shared by the replicas; the KV cache in use is that of the fullest."""
    peak = case_of(replicas=4, running_peak=20, requests_per_s_peak=8, kv_usage_max=0.5, kv_cache_tokens=100_000).peak

    assert (peak.concurrency, peak.requests_per_s, peak.kv_tokens) == (5, 2, 50_000)
    assert peak.on(2).kv_tokens == 100_000


def test_typical_load_counts_requests_not_hours() -> None:
    """A workload that is busy for a quarter of the time meets four times its mean load."""
    quiet = case_of(running_avg=1, running_peak=10, hourly_requests_per_s=[4, 0, 0, 0]).peak

    assert quiet.concurrency_typical == pytest.approx(4)


def test_an_assumed_objective_that_is_missed_already_is_relaxed() -> None:
    """What nobody declared and nobody gets is half above what users get; it is said to be assumed."""
    workload = workload_of({"tpot_p95_ms_objective": None, "ttft_p95_ms_objective": None, "tpot_p95_ms": 80})

    objective = objective_of(workload, whole(workload))

    assert (objective.tpot_ms, objective.ttft_ms, objective.assumed) == (120, 1000, True)


def test_a_declared_batch_has_no_latency_objective() -> None:
    """Nobody waits for a token of a batch, unless its users say so."""
    words = {"intent": "batch", "intent_declared": True, "tpot_p95_ms_objective": None, "ttft_p95_ms_objective": None}
    workload = workload_of(words)

    assert objective_of(workload, whole(workload)).tpot_ms == math.inf


def test_what_runs_is_proven_for_what_it_does() -> None:
    """The set-up of today serves today's peak, with the figures it shows."""
    case = case_of()

    proof = case.prove(case.now)

    assert isinstance(proof, Proof)
    told = {prediction.name: prediction for prediction in proof.predictions}
    assert told["time per output token, p95"].after == pytest.approx(9, rel=0.1)
    assert told["time per output token, p95"].limit == 40


def test_a_slower_gpu_holds_more_requests_at_once() -> None:
    """What takes longer stays longer: the same traffic needs more KV cache on a slower GPU."""
    case = case_of(kv_usage_max=0.05, tpot_p95_ms_objective=500, ttft_p95_ms_objective=9000)

    proof = case.prove(replace(case.now, gpu=gpu("NVIDIA-L40S")))

    assert isinstance(proof, Proof)
    needed = next(prediction.limit for prediction in proof.predictions if prediction.name.startswith("KV cache"))
    assert needed > 2 * case.peak.kv_tokens


@pytest.mark.parametrize(
    ("name", "words", "about", "said"),
    [
        ("NVIDIA-L40S", {"tpot_p95_ms_objective": 12}, "latency", "ms a token"),
        ("NVIDIA-L40S", {"kv_usage_max": 0.9}, "memory", "KV cache"),
        ("Tesla-T4", {}, "memory", "bfloat16"),
        ("NVIDIA-L40S", {"running_peak": 4000, "running_avg": 2000}, "load", ""),
    ],
)
def test_what_fails_is_named(name: str, words: dict[str, object], about: str, said: str) -> None:
    """A place that does not serve the peak is refused with the figure that failed."""
    case = case_of(**words)

    misfit = case.prove(replace(case.now, gpu=gpu(name)))

    assert isinstance(misfit, Misfit)
    assert misfit.about == about
    assert said in misfit.reason


def test_an_engine_that_reports_less_cache_than_estimated_is_believed() -> None:
    """Where the engine's own figure falls short of the estimate, every estimate of room is cut in the same part."""
    full, cut = case_of(kv_cache_tokens=440_000), case_of(kv_cache_tokens=220_000)

    rooms = []
    for case in (full, cut):
        proof = case.prove(case.now)
        assert isinstance(proof, Proof)
        rooms.append(next(one.after for one in proof.predictions if one.name.startswith("KV cache")))

    assert rooms[1] == pytest.approx(rooms[0] / 2, rel=0.02)


def test_slices_are_never_split_over() -> None:
    """A MIG slice may change for another of its size, never for several under tensor parallelism."""
    words = {"gpu": "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb", "sharing": "mig", "share": 1 / 7}
    cluster = cluster_of({"pools": [{"gpu": "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb"}]})

    found = list(demand.moves(workload_of(words), cluster, (1, 2, 4)))

    assert [move.gpus for move in found] == [1]
    assert list(demand.own_moves(workload_of(words), cluster, (2,))) == []


def test_a_change_starts_from_what_git_says() -> None:
    """The value before is the one in Git; empty where Git does not set it; the live one where its place is unknown."""
    placed = workload_of({"settings": {"max_model_len": 8192}})
    unplaced = workload_of({"settings": {"max_model_len": 8192}, "sure": 0})

    assert demand.change(placed, "max_model_len", 4096).before == 8192
    assert demand.change(placed, "max_num_seqs", 64).before == ""
    assert demand.change(unplaced, "max_model_len", 4096).before == 8192


def test_a_slice_counts_as_its_part_of_the_whole_gpu() -> None:
    """What is held is told in whole GPUs of the product under the slice."""
    words = {"gpu": "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb", "sharing": "mig", "share": 1 / 7, "replicas": 7}

    held = demand.footprint(workload_of(words))

    assert (held.product, held.gpus) == ("NVIDIA-A100-SXM4-80GB", pytest.approx(1.0, abs=0.001))


def test_a_pool_that_git_cannot_select_has_no_room() -> None:
    """Where Git selects GPUs by another label than the pool's, its product is not written; more of its own may."""
    workload = workload_of({"settings": {"gpu_product": "nvidia-h100-80gb"}})
    assert isinstance(workload.place, Found)
    place = workload.place.value
    by_gke = replace(place, serving=replace(place.serving, selector_key="cloud.google.com/gke-accelerator"))
    pool = cluster_of({"pools": [{"gpu": "NVIDIA-L40S"}]}).pools[0]

    assert lacks_room(workload, Move(pool, 1)) == ""
    assert "Git selects GPUs by" in lacks_room(replace(workload, place=Found(by_gke)), Move(pool, 1))
    assert lacks_room(replace(workload, place=Found(by_gke)), Move(pool, 1, own=True)) == ""
