"""The whole fleet."""

from __future__ import annotations

import random

from tests.join.small import HOURS, Small, config, hours, repository, serving
from trimtab.facts import Facts
from trimtab.fleet import Found, Gap, ObjectRef, Unknown
from trimtab.join import fleet_of

SETTINGS = {"model": "Qwen/Qwen3-8B", "gpu_count": 2, "gpu_product": "NVIDIA-L4", "engine_version": "v0.11.0"}


def test_a_cluster_that_did_not_answer_is_told_from_git() -> None:
    """Its declarations are workloads that are not live; nothing of them was seen; no orphan is claimed."""
    small = Small(gaps=[Gap("eu", "prometheus", "connection refused", blind=True)])
    cluster = small.join(serving("chat", SETTINGS, annotations={"trimtab.dev/intent": "batch"}))
    (workload,) = cluster.workloads
    assert (workload.live, workload.name, workload.engine_version) == (False, "chat", "0.11.0")
    assert (workload.gpu.value.name, workload.gpus_per_pod) == ("NVIDIA-L4", 2)
    assert workload.model.value.name == "Qwen/Qwen3-8B"
    assert workload.traffic.kv_usage_max == Unknown("the cluster was not read")
    assert workload.wishes.intent == "batch"
    assert cluster.orphans == ()


def test_a_cluster_without_any_reading_is_a_gap() -> None:
    """No Prometheus is configured: that is said, and manifests are still judged."""
    fleet = fleet_of(Facts((), (repository(serving("chat", SETTINGS)),)), config("eu"))
    (cluster,) = fleet.clusters
    assert cluster.gaps[0].blind
    assert [one.name for one in cluster.workloads] == ["chat"]


def test_what_is_declared_and_not_running_is_an_orphan() -> None:
    """The cluster answered and does not run it: it is said, with a workload that is not live."""
    small = Small()
    small.node("a")
    small.pod("other-7c9d8f6b5d-xbbzw")
    cluster = small.join(serving("chat", {"model": "Qwen/Qwen3-8B"}))
    assert [one.name for one in cluster.orphans] == ["chat"]
    chat = next(one for one in cluster.workloads if one.name == "chat")
    assert chat.gpu == Found(cluster.pools[0].gpu, "the only kind of nvidia.com/gpu in the cluster")
    assert chat.gpus_per_pod == 1


def test_a_declaration_for_any_cluster_is_missing_only_where_none_runs_it() -> None:
    """One that runs in one cluster is no orphan of another; one that runs nowhere is told once."""
    small = Small()
    small.pod("chat-7c9d8f6b5d-xbbzw")
    other = Small("us")
    other.node("b")
    answering = other.facts().clusters[0]
    facts = small.facts(repository(serving("chat"), serving("lost")))
    both = Facts((*facts.clusters, answering), facts.repositories, "")
    eu, us = fleet_of(both, config("eu", "us")).clusters
    assert [one.name for one in eu.workloads] == ["chat", "lost"]
    assert us.workloads == ()


def test_a_declaration_that_names_its_clusters_is_expected_in_each() -> None:
    """It runs in one of them: it is missing in the other."""
    small = Small()
    small.pod("chat-7c9d8f6b5d-xbbzw")
    facts = small.facts(repository(serving("chat", clusters=("eu", "us"))))
    eu, us = fleet_of(facts, config("eu", "us")).clusters
    assert [one.live for one in eu.workloads] == [True]
    assert [one.live for one in us.workloads] == [False]


def test_what_fits_two_declarations_is_missing_of_neither() -> None:
    """Two files declare one running object: it has no place, and neither file is called an orphan."""
    small = Small()
    small.pod("chat-7c9d8f6b5d-xbbzw")
    cluster = small.join(serving("chat", path="a.yaml"), serving("chat", path="b.yaml"))
    assert [one.live for one in cluster.workloads] == [True]
    assert cluster.orphans == ()


def test_a_declared_workload_has_the_name_it_will_have() -> None:
    """Rendering tells it, so that its identity stays when it goes live."""
    item = serving("qwen", kind="", namespace="", live_names=(ObjectRef("Deployment", "llm", "stack-qwen"),))
    small = Small(gaps=[Gap("eu", "prometheus", "connection refused", blind=True)])
    workload = small.only(item)
    assert (workload.kind, workload.namespace, workload.name) == ("Deployment", "llm", "stack-qwen")


def test_the_model_is_the_flags_before_the_alias() -> None:
    """A served name is often an alias; without a flag it is looked up in the catalogue."""
    small = Small()
    small.pod("chat-7c9d8f6b5d-xbbzw")
    small.add(
        "engine_model", 1, namespace="llm", pod="chat-7c9d8f6b5d-xbbzw", model_name="Qwen/Qwen3-8B", engine="sglang"
    )
    assert small.only().model.value.name == "Qwen/Qwen3-8B"
    workload = small.only(serving("chat", {"model": "Qwen/Qwen3-14B"}))
    assert (workload.model.value.name, workload.engine) == ("Qwen/Qwen3-14B", "sglang")


def test_settings_of_the_cluster_stand_over_gits_in_gits_spelling() -> None:
    """What agrees keeps its spelling; what differs is what runs; both are said to be live."""
    small = Small()
    pod = {"namespace": "llm", "pod": "chat-7c9d8f6b5d-xbbzw"}
    small.pod(pod["pod"], gpus=2)
    small.add("pod_cpu_request", 4, **pod, container="server")
    small.add("pod_memory_request", 2.0**35, **pod, container="server")
    small.add("engine_config", 1, **pod, gpu_memory_utilization="0.85", block_size="16", cache_dtype="auto")
    git = {"cpu_request": "4000m", "memory_request": "16Gi", "gpu_memory_utilization": 0.9, "max_model_len": 8192}
    workload = small.only(serving("chat", git))
    assert workload.settings["cpu_request"] == "4000m"
    assert workload.settings["memory_request"] == "32Gi"
    assert workload.settings["gpu_memory_utilization"] == 0.85
    assert workload.settings["max_model_len"] == 8192
    assert "max_model_len" not in workload.live_fields
    assert {"cpu_request", "gpu_count", "memory_request"} <= set(workload.live_fields)
    assert "kv_cache_dtype" not in workload.settings


def test_the_same_facts_in_any_order_are_the_same_fleet() -> None:
    """Nothing depends on the order in which series came."""
    small = _busy_cluster(6)
    first = small.fleet(serving("app-1"), serving("app-2"))
    for seed in range(3):
        random.Random(seed).shuffle(small.series)  # noqa: S311 - a shuffle with a seed is what is wanted here
        assert small.fleet(serving("app-2"), serving("app-1")) == first


def test_four_hundred_workloads_on_two_thousand_gpus_are_joined() -> None:
    """Every workload is found with its GPUs."""
    cluster = _busy_cluster(400, replicas=5).join()
    assert len(cluster.workloads) == 400
    assert sum(len(one.gpu_seen) for one in cluster.workloads) == 2000


def _busy_cluster(count: int, replicas: int = 2) -> Small:
    """Return a cluster with so many workloads, each pod on a GPU of its own."""
    small = Small()
    for app in range(count):
        stem = {"namespace": "llm", "stem": f"app-{app}"}
        node = f"node-{app:03}"
        small.node(node)
        for replica in range(replicas):
            pod = f"app-{app}-7c9d8f6b5d-xbb{'zwvtsrqpnm'[replica]}2"
            small.pod(pod, node)
            small.gpu(f"GPU-{app}-{replica}", pod, node=node, gpu_busy_avg=0.3, gpu_busy_max=0.9, gpu_power_avg=300.0)
            small.add("running_avg", replica, namespace="llm", pod=pod)
            small.add("engine_model", 1, namespace="llm", pod=pod, model_name="Qwen/Qwen3-8B", engine="vllm")
        small.add("pods_hourly", hours(replicas), **stem)
        for signal in ("requests_hourly", "running_hourly", "output_tokens_hourly"):
            small.add(signal, [float(hour % 7) for hour in range(HOURS)], **stem)
    return small
