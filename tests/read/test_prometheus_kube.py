"""What kube-state-metrics, cAdvisor, node-exporter and OpenCost tell, dead pods included."""

from __future__ import annotations

import math

import pytest

from tests.read.samples import ENDED_AT_S, HOUR_S, Samples, read

POD = {"namespace": "llm", "pod": "chat-7c9d8f6b5d-xbbzw"}
KEY = "namespace=llm pod=chat-7c9d8f6b5d-xbbzw"
BOX = {**POD, "container": "server"}


def requests(samples: Samples, gpus: float, hours: tuple[float, float] = (-24, 0), **labels: str) -> Samples:
    """Add what a pod on node `a` asks for."""
    box = {**BOX, "node": "a", **labels}
    samples.add("kube_pod_container_resource_requests", gpus, hours, **box, resource="nvidia_com_gpu", unit="integer")
    return samples.add("kube_pod_container_resource_requests", 4, hours, **box, resource="cpu", unit="core")


def test_pods_that_are_gone_keep_their_owners_and_weights() -> None:
    """A pod that was replaced twenty hours ago is still owned, and weighs what it lived."""
    samples = Samples()
    for suffix, span in (("xbbzv", (-24, -18.2)), ("xbbzw", (-18, 0))):
        labels = {"namespace": "llm", "pod": f"chat-7c9d8f6b5d-{suffix}"}
        requests(samples, 2, span, **labels)
        samples.add("kube_pod_info", 1, span, **labels, node="a", uid=suffix)
        samples.add("kube_pod_owner", 1, span, **labels, owner_kind="ReplicaSet", owner_name="chat-7c9d8f6b5d")
    owner = {"owner_kind": "Deployment", "owner_name": "chat"}
    samples.add("kube_replicaset_owner", 1, namespace="llm", replicaset="chat-7c9d8f6b5d", **owner)
    samples.add("kube_replicaset_owner", 1, namespace="llm", replicaset="web-7c9d8f6b5d", **owner)
    answer = read(samples)
    assert len(answer.rows("pod_owner")) == 2
    assert sorted(answer.rows("pod_samples").values()) == [35, 109]
    assert list(answer.rows("pod_now")) == ["namespace=llm node=a pod=chat-7c9d8f6b5d-xbbzw"]
    assert list(answer.rows("replicaset_owner")) == [
        "namespace=llm owner_kind=Deployment owner_name=chat replicaset=chat-7c9d8f6b5d"
    ]
    assert answer.hours("pods_hourly")["chat"] == pytest.approx([1] * 24, abs=0.2)


def test_a_job_that_ended_holds_nothing_afterwards() -> None:
    """kube-state-metrics shows a finished pod until somebody deletes it; its GPUs were free all that time."""
    job = {"namespace": "llm", "pod": "train-x7k2p"}
    samples = requests(Samples(), 8, **job).add("kube_pod_info", 1, **job, node="a")
    for phase, state in (("Running", lambda time_s: time_s < ENDED_AT_S - 18 * HOUR_S),):
        samples.add("kube_pod_status_phase", lambda time_s, on=state: int(on(time_s)), **job, phase=phase)
        samples.add("kube_pod_status_phase", lambda time_s, on=state: int(not on(time_s)), **job, phase="Succeeded")
    samples.add("kube_node_status_allocatable", 8, node="a", resource="nvidia_com_gpu", unit="integer")
    samples.add("kube_node_status_allocatable", 96, node="a", resource="cpu", unit="core")
    answer = read(samples)
    assert answer.rows("node_gpu_requested_avg") == {"node=a": pytest.approx(2, abs=0.1)}
    assert answer.figure("pod_samples") == pytest.approx(36)
    assert answer.rows("node_cpu_requested") == {}
    hourly = answer.hours("pods_hourly")["train"]
    assert hourly[:6] == pytest.approx([1] * 6)
    assert hourly[7:] == (0.0,) * 17


def test_a_node_without_gpu_pods_had_none_requested() -> None:
    """An empty GPU node is a zero, not an absence; a node without GPUs is not told of."""
    samples = requests(Samples(), 1).add("kube_pod_info", 1, **POD, node="a")
    for node, gpus in (("a", 8), ("b", 8), ("web", 0)):
        samples.add("kube_node_status_allocatable", 96, node=node, resource="cpu")
        samples.add("kube_node_status_allocatable", gpus, node=node, resource="nvidia_com_gpu")
    assert read(samples).rows("node_gpu_requested_avg") == {"node=a": pytest.approx(1), "node=b": 0.0}


def test_hours_at_zero_replicas_are_zeros_once_there_was_a_pod() -> None:
    """A workload that was scaled down at night has zeros then, and nothing before its first pod."""
    samples = requests(Samples(), 1, (-18, -12.2)).add("kube_pod_info", 1, (-18, -12.2), **POD, node="a")
    requests(samples, 1, pod="other-0")
    hourly = read(samples).hours("pods_hourly")["chat"]
    assert all(math.isnan(value) for value in hourly[:5])
    assert hourly[6:11] == pytest.approx([1] * 5)
    assert hourly[13:] == (0.0,) * 11


def test_resources_have_their_names_of_kubernetes() -> None:
    """What kube-state-metrics sanitised is what a manifest says again."""
    samples = Samples()
    for resource in ("nvidia_com_mig_1g_10gb", "nvidia_com_mig_1g_10gb_me", "nvidia_com_gpu_shared", "amd_com_gpu"):
        samples.add("kube_pod_container_resource_requests", 1, **BOX, node="a", resource=resource)
    samples.add("kube_pod_container_resource_requests", 1, **BOX, node="a", resource="nvidia_com_gpumem")
    samples.add("kube_pod_container_resource_requests", 1, **BOX, node="a", resource="ephemeral_storage")
    resources = {row.rpartition("resource=")[2] for row in read(samples).rows("pod_gpu_request")}
    assert resources == {"nvidia.com/mig-1g.10gb", "nvidia.com/mig-1g.10gb.me", "nvidia.com/gpu.shared", "amd.com/gpu"}


def test_a_request_from_before_the_pod_had_a_node_is_not_a_second_one() -> None:
    """A pod that waited for its node asked once."""
    samples = Samples()
    labels = {**BOX, "resource": "nvidia_com_gpu"}
    samples.add("kube_pod_container_resource_requests", 1, (-24, -23), **labels)
    samples.add("kube_pod_container_resource_requests", 1, (-22.8, 0), **labels, node="a")
    assert list(read(samples).rows("pod_gpu_request")) == [
        "container=server namespace=llm node=a pod=chat-7c9d8f6b5d-xbbzw resource=nvidia.com/gpu"
    ]


def test_an_exporter_that_is_not_honoured_names_pods_in_exported_labels() -> None:
    """Without honoured labels, `pod` is kube-state-metrics' own everywhere, also in stems."""
    scrape = {"namespace": "monitoring", "pod": "kube-state-metrics-0", "container": "kube-state-metrics"}
    real = {f"exported_{name}": value for name, value in BOX.items()}
    samples = Samples()
    samples.add("kube_pod_container_resource_requests", 2, **scrape, **real, node="a", resource="nvidia_com_gpu")
    samples.add("kube_pod_info", 1, **scrape, exported_namespace="llm", exported_pod=POD["pod"], node="a")
    samples.add("kube_deployment_spec_replicas", 3, **scrape, exported_namespace="llm", deployment="chat")
    answer = read(samples)
    assert list(answer.rows("pod_gpu_request")) == [
        f"container=server namespace=llm node=a {KEY[14:]} resource=nvidia.com/gpu"
    ]
    assert set(answer.hours("pods_hourly")) == {"chat"}
    assert answer.rows("workload_replicas") == {"kind=Deployment name=chat namespace=llm": 3}


def test_workloads_of_every_kind_are_told_with_their_annotations() -> None:
    """Replicas, age, annotations and autoscalers come by kind, namespace and name."""
    samples = (
        Samples()
        .add("kube_deployment_spec_replicas", 3, namespace="llm", deployment="chat")
        .add("kube_statefulset_replicas", 2, namespace="llm", statefulset="embed")
        .add("kube_deployment_created", 1_790_000_000, namespace="llm", deployment="chat")
        .add("kube_job_created", 1_790_000_001, namespace="llm", job_name="train")
        .add("kube_deployment_annotations", 1, namespace="llm", deployment="chat", annotation_trimtab_dev_intent="chat")
        .add("kube_deployment_labels", 1, namespace="llm", deployment="chat", label_team="search", job="ksm")
        .add(
            "kube_horizontalpodautoscaler_info", 1, namespace="llm", horizontalpodautoscaler="chat-hpa",
            scaletargetref_kind="Deployment", scaletargetref_name="chat",
        )
        .add("kube_horizontalpodautoscaler_spec_min_replicas", 2, namespace="llm", horizontalpodautoscaler="chat-hpa")
    )  # fmt: skip
    answer = read(requests(samples, 1))
    assert answer.rows("workload_replicas") == {
        "kind=Deployment name=chat namespace=llm": 3,
        "kind=StatefulSet name=embed namespace=llm": 2,
    }
    assert answer.rows("workload_created")["kind=Job name=train namespace=llm"] == 1_790_000_001
    assert set(answer.rows("workload_annotations")) == {
        "annotation_trimtab_dev_intent=chat kind=Deployment name=chat namespace=llm",
        "kind=Deployment label_team=search name=chat namespace=llm",
    }
    assert list(answer.rows("autoscaler")) == ["name=chat-hpa namespace=llm target_kind=Deployment target_name=chat"]
    assert answer.rows("autoscaler_min") == {"name=chat-hpa namespace=llm": 2}


def test_trouble_of_pods_is_told() -> None:
    """Restarts are whole numbers, the last exit has its reason, and a pod without a place is unschedulable."""
    samples = requests(Samples(), 1).add("kube_pod_status_unschedulable", 1, **POD)
    samples.add("kube_pod_container_status_restarts_total", lambda time_s: int(time_s > ENDED_AT_S - HOUR_S) * 3, **BOX)
    for reason, state in (("OOMKilled", 1), ("Error", 0)):
        samples.add("kube_pod_container_status_last_terminated_reason", state, **BOX, reason=reason)
    samples.count("container_oom_events_total", 1 / HOUR_S, **BOX, image="x")
    answer = read(samples)
    assert answer.figure("pod_restarts") == 3
    assert list(answer.rows("pod_last_exit")) == [f"container=server {KEY[:13]} {KEY[14:]} reason=OOMKilled"]
    assert answer.figure("pod_unschedulable") == 1
    assert answer.figure("oom_events") == pytest.approx(24)


def test_nodes_on_which_nothing_can_be_placed_are_told() -> None:
    """A node that is not ready, and one that is cordoned; a good one is not among them."""
    samples = Samples()
    for node, ready, cordoned in (("good", 1, 0), ("down", 0, 0), ("cordoned", 1, 1)):
        samples.add("kube_node_status_condition", ready, node=node, condition="Ready", status="true")
        samples.add("kube_node_spec_unschedulable", cordoned, node=node)
        samples.add("kube_node_status_allocatable", 8, node=node, resource="nvidia_com_gpu")
        samples.add("kube_node_labels", 1, node=node, label_nvidia_com_gpu_product="NVIDIA-L40S", instance="ksm:8080")
    answer = read(samples)
    assert set(answer.rows("node_unready")) == {"node=down", "node=cordoned"}
    assert "label_nvidia_com_gpu_product=NVIDIA-L40S node=good" in answer.rows("node_labels")


def test_cpu_is_what_containers_used_over_the_pods_life() -> None:
    """Pause containers and sums over a pod do not count; a young pod is not averaged over the whole window."""
    samples = requests(Samples(), 1, (-6, 0)).add("kube_pod_info", 1, (-6, 0), **POD, node="a")
    samples.add("kube_node_status_allocatable", 96, node="a", resource="cpu")
    samples.add("kube_pod_info", 1, namespace="llm", pod="other-0", node="a")
    requests(samples, 1, pod="other-0")
    cgroup = {"image": "vllm", "id": "/pods/1"}
    samples.count("container_cpu_usage_seconds_total", 1.5, (-6, 0), **BOX, **cgroup)
    samples.count(
        "container_cpu_usage_seconds_total", 0.5, (-6, 0), **POD, container="sidecar", image="x", id="/pods/2"
    )
    samples.count("container_cpu_usage_seconds_total", 2.0, (-6, 0), **POD, id="/pods")
    samples.count("container_cpu_usage_seconds_total", 9.0, (-6, 0), **POD, container="POD", image="pause")
    samples.count("container_cpu_cfs_periods_total", 10, (-6, 0), **BOX, **cgroup)
    samples.count("container_cpu_cfs_throttled_periods_total", 4, (-6, 0), **BOX, **cgroup)
    samples.add("container_memory_working_set_bytes", 5e9, (-6, 0), **BOX, **cgroup)
    samples.count("container_cpu_usage_seconds_total", 7.0, namespace="web", pod="web-0", container="web", image="x")
    answer = read(samples)
    assert answer.rows("cpu_used_avg") == {KEY: pytest.approx(2.0, rel=0.05)}
    assert answer.rows("cpu_throttled") == {KEY: pytest.approx(0.4)}
    assert answer.rows("memory_used_max") == {KEY: 5e9}
    assert set(answer.hours("cpu_used_hourly")) == {"chat"}
    assert answer.hours("cpu_used_hourly")["chat"][-1] == pytest.approx(2.0)


@pytest.mark.parametrize("labels", [{"node": "a"}, {}, {"nodename": "a"}])
def test_how_busy_a_nodes_cpus_were(labels: dict[str, str]) -> None:
    """Time not idle, for a node told by label or by its host name; what was not recorded is not work."""
    samples = Samples().add("kube_node_status_allocatable", 8, node="a", resource="nvidia_com_gpu")
    samples.add("node_uname_info", 1, instance="10.0.0.7:9100", nodename="a")
    for cpu in ("0", "1"):
        scrape = {"instance": "10.0.0.7:9100", "cpu": cpu, **labels}
        samples.count("node_cpu_seconds_total", 0.7, (-12.5, 0), **scrape, mode="idle")
        samples.count("node_cpu_seconds_total", 0.3, (-12.5, 0), **scrape, mode="user")
    answer = read(samples)
    assert answer.rows("node_cpu_busy_avg") == {"node=a": pytest.approx(0.3, abs=0.01)}
    assert answer.rows("node_cpu_busy_p95") == {"node=a": pytest.approx(0.3, abs=0.01)}


def test_the_cost_exporters_price_is_one_gpus() -> None:
    """OpenCost's price comes with the node and its instance type; nodes without GPUs have none."""
    samples = Samples().add("node_gpu_hourly_cost", 2.5, node="a", instance_type="p5.48xlarge", instance="oc:9003")
    samples.add("node_gpu_hourly_cost", 0, node="web", instance_type="m5.large")
    samples.add("kube_node_status_allocatable", 8, node="a", resource="nvidia_com_gpu")
    assert read(samples).rows("gpu_hourly_cost") == {"instance_type=p5.48xlarge node=a": 2.5}


def test_configured_matchers_pick_one_cluster_of_a_shared_server() -> None:
    """Only series that match are read, whatever else the server holds."""
    samples = Samples()
    for cluster, gpus in (("eu", 1), ("us", 4)):
        requests(samples, gpus, cluster=cluster)
        samples.add("DCGM_FI_DEV_GPU_UTIL", 10 * gpus, UUID="GPU-0", Hostname="a", cluster=cluster, **POD)
        samples.add("vllm:num_requests_running", gpus, **POD, model_name="m", cluster=cluster)
    answer = read(samples, matchers='cluster="eu"')
    assert answer.figure("pod_gpu_request") == 1
    assert answer.figure("gpu_busy_avg") == pytest.approx(0.1)
    assert answer.figure("running_max") == 1
    assert all('cluster="eu"' in query for query in answer.facts.queries.values())
