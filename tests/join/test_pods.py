"""Pods to workloads."""

from __future__ import annotations

from tests.join.small import HOURS, SAMPLES, Small, hours


def test_pods_belong_to_the_deployment_above_their_replica_set() -> None:
    """A pod's top owner is found through its ReplicaSet."""
    small = Small()
    small.pod("chat-7c9d8f6b5d-xbbzw")
    small.add(
        "replicaset_owner", 1, namespace="llm", replicaset="chat-7c9d8f6b5d", owner_kind="Rollout", owner_name="chat"
    )
    assert (small.only().kind, small.only().name) == ("Rollout", "chat")


def test_a_replica_set_without_its_owner_on_record_is_a_deployments() -> None:
    """The hash at the end of a ReplicaSet's name is left out where nothing tells its owner."""
    small = Small()
    small.pod("chat-7c9d8f6b5d-xbbzw")
    assert (small.only().kind, small.only().name) == ("Deployment", "chat")


def test_gone_pods_count_by_their_samples() -> None:
    """A mean over pods weighs a pod that was there for a tenth of the week as a tenth."""
    small = Small()
    small.pod("chat-7c9d8f6b5d-xbbzw", samples=SAMPLES * 0.9)
    small.pod("chat-6d5f8b7c9d-q2x4z", samples=SAMPLES * 0.1, now=False)
    small.add("pods_hourly", hours(1), namespace="llm", stem="chat")
    small.add("cpu_used_avg", 2.0, namespace="llm", pod="chat-7c9d8f6b5d-xbbzw")
    small.add("cpu_used_avg", 12.0, namespace="llm", pod="chat-6d5f8b7c9d-q2x4z")
    used = small.only().host.cpu_used_avg_cores
    assert round(used.value, 6) == 3.0
    assert used.source == "query of cpu_used_avg"


def test_the_runs_of_a_cron_job_are_one_workload() -> None:
    """Jobs of a CronJob are joined, though none has a pod now."""
    small = Small()
    for run in ("29384700", "29386140"):
        small.pod(f"nightly-{run}-x7k2p", owner=("Job", f"nightly-{run}"), now=False)
        small.add("job_owner", 1, namespace="llm", job=f"nightly-{run}", owner_kind="CronJob", owner_name="nightly")
    small.pod("other-7c9d8f6b5d-xbbzw")
    found = [(one.kind, one.name) for one in small.join().workloads]
    assert found == [("CronJob", "nightly"), ("Deployment", "other")]


def test_what_has_no_pod_now_and_no_replica_count_is_gone() -> None:
    """A Deployment that was deleted during the week is not a workload."""
    small = Small()
    small.pod("old-7c9d8f6b5d-xbbzw", now=False)
    small.pod("chat-7c9d8f6b5d-xbbzw")
    assert [one.name for one in small.join().workloads] == ["chat"]


def test_without_kube_state_metrics_the_name_of_a_pod_tells_its_owner() -> None:
    """DCGM alone shows a Deployment's and a StatefulSet's pods by how they are named."""
    small = Small()
    small.gpu("GPU-1", "chat-7c9d8f6b5d-xbbzw", gpu_busy_avg=0.5)
    small.gpu("GPU-2", "store-0", gpu_busy_avg=0.5)
    small.gpu("GPU-3", "store-1", gpu_busy_avg=0.5)
    found = [(one.kind, one.name, one.gpus_per_pod) for one in small.join().workloads]
    assert found == [("Deployment", "chat", 1), ("StatefulSet", "store", 1)]


def test_a_group_of_a_leader_worker_set_is_one_replica() -> None:
    """Leaders and workers are one workload; a replica holds the GPUs of its whole group."""
    small = Small()
    for group in ("0", "1"):
        small.pod(f"big-{group}", owner=("StatefulSet", "big"), gpus=8)
        small.pod(f"big-{group}-1", owner=("StatefulSet", f"big-{group}"), gpus=8)
        small.add("pods_hourly", hours(1), namespace="llm", stem=f"big-{group}")
        small.add("pods_hourly", hours(1), namespace="llm", stem=f"big-{group}-1")
    small.add("workload_replicas", 2, namespace="llm", kind="StatefulSet", name="big")
    workload = small.only()
    assert (workload.kind, workload.name, workload.gpus_per_pod) == ("LeaderWorkerSet", "big", 16)
    assert (workload.scale.replicas, workload.scale.ready_avg.value) == (2, 2.0)


def test_a_pod_without_gpus_is_no_workload() -> None:
    """Only pods that ask for a GPU, sit on one or run an engine are joined."""
    small = Small()
    small.pod("router-7c9d8f6b5d-xbbzw", gpus=0)
    assert small.join().workloads == ()


def test_hourly_figures_of_two_workloads_with_one_stem_are_not_guessed() -> None:
    """Where two workloads' pods have one stem, what came by stem is unknown to both, with the other's name."""
    small = Small()
    small.pod("chat-7c9d8f6b5d-xbbzw")
    small.pod("chat-x7k2p", owner=("DaemonSet", "chat"))
    small.add("requests_hourly", [1.0] * HOURS, namespace="llm", stem="chat")
    daemon, deployment = small.join().workloads
    assert "Deployment llm/chat" in daemon.traffic.requests_per_s_peak.reason
    assert "DaemonSet llm/chat" in deployment.traffic.requests_per_s_peak.reason
    assert deployment.traffic.hourly_requests_per_s == ()
