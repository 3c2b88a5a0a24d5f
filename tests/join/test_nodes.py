"""Nodes, slices, shares and pools."""

from __future__ import annotations

import pytest

from tests.join.small import Small
from trimtab.facts import LiveObject
from trimtab.fleet import Found, Sharing, Unknown

A100 = "NVIDIA-A100-SXM4-80GB"


def test_a_whole_node_offers_what_is_not_requested() -> None:
    """Units of pods that exist now are requested; those of pods that ended or are gone are not."""
    small = Small()
    small.node("a")
    small.pod("chat-7c9d8f6b5d-xbbzw", gpus=2)
    small.pod("done-7c9d8f6b5d-xbbzw", gpus=4)
    small.add("pod_phase", 1, namespace="llm", pod="done-7c9d8f6b5d-xbbzw", phase="Succeeded")
    small.pod("gone-7c9d8f6b5d-xbbzw", gpus=1, now=False)
    cluster = small.join()
    (node,) = cluster.nodes
    assert (node.gpus, node.free("nvidia.com/gpu"), node.sharing) == (8, 6.0, Sharing.WHOLE)
    (pool,) = cluster.pools
    assert (pool.free, pool.largest_free, pool.selector_value, pool.capacity_known) == (
        6.0,
        6.0,
        node.product.value,
        True,
    )


def test_time_sliced_gpus_are_counted_once() -> None:
    """Four replicas of each of two GPUs are two GPUs; a pod holds a quarter of one, and no pool is made of shares."""
    small = Small()
    small.add(
        "node_labels", 1, node="a", label_nvidia_com_gpu_product="NVIDIA-A10G-SHARED", label_nvidia_com_gpu_replicas="4"
    )
    small.add("node_allocatable", 8, node="a", resource="nvidia.com/gpu")
    small.pod("chat-7c9d8f6b5d-xbbzw")
    cluster = small.join()
    assert (cluster.nodes[0].gpus, cluster.nodes[0].replicas_per_gpu) == (2, 4)
    workload = cluster.workloads[0]
    assert (workload.share, workload.sharing, workload.gpu.value.name) == (0.25, Sharing.TIME_SLICED, "NVIDIA-A10G")
    assert cluster.pools == ()


def test_shares_without_their_label_are_told_by_pods_that_stand_together() -> None:
    """Eight units and two GPUs, on one of which two pods stand now, are shares; an exporter that misses GPUs is not."""
    small = Small()
    small.node("a", "NVIDIA-A10G", gpu=8)
    small.pod("one-7c9d8f6b5d-xbbzw")
    small.pod("two-7c9d8f6b5d-xbbzw")
    small.gpu("GPU-1", "one-7c9d8f6b5d-xbbzw")
    alone = small.join().nodes[0]
    small.gpu("GPU-1", "two-7c9d8f6b5d-xbbzw")
    small.gpu("GPU-2")
    together = small.join().nodes[0]
    assert (alone.gpus, alone.replicas_per_gpu) == (8, 1)
    assert (together.gpus, together.replicas_per_gpu, together.sharing) == (2, 4, Sharing.TIME_SLICED)


def test_mig_slices_of_the_mixed_strategy_are_resources_of_their_own() -> None:
    """A pod on `mig-3g.40gb` runs on a slice: its memory is the slice's and it holds three sevenths of a GPU."""
    small = Small()
    small.node("a", A100, mig_3g_40gb=2, mig_1g_10gb=7)
    small.pod("chat-7c9d8f6b5d-xbbzw", resource="nvidia.com/mig-3g.40gb")
    cluster = small.join()
    workload = cluster.workloads[0]
    assert (workload.sharing, round(workload.share, 4)) == (Sharing.MIG, round(3 / 7, 4))
    assert workload.gpu.value.slices == 3
    assert workload.gpu.value.memory_gib < 41
    assert {(pool.resource, pool.free) for pool in cluster.pools} == {
        ("nvidia.com/mig-3g.40gb", 1.0),
        ("nvidia.com/mig-1g.10gb", 7.0),
    }
    assert cluster.nodes[0].gpus == 2


def test_mig_slices_of_the_single_strategy_hide_behind_the_plain_resource() -> None:
    """The product's suffix makes `nvidia.com/gpu` a slice; seven of them are one GPU."""
    small = Small()
    small.node("a", f"{A100}-MIG-1g.10gb", gpu=7)
    small.pod("chat-7c9d8f6b5d-xbbzw")
    cluster = small.join()
    assert (cluster.nodes[0].gpus, cluster.nodes[0].sharing) == (1, Sharing.MIG)
    assert round(cluster.workloads[0].share * 7, 6) == 1
    assert cluster.pools[0].gpu.slices == 1


def test_gke_names_slices_and_shares_by_labels_of_its_own() -> None:
    """A partition size makes `nvidia.com/gpu` a slice, a number of clients makes it a share."""
    small = Small()
    gke = {"label_cloud_google_com_gke_accelerator": "nvidia-tesla-a100"}
    small.add("node_labels", 1, node="a", **gke, label_cloud_google_com_gke_gpu_partition_size="1g.5gb")
    small.add("node_allocatable", 7, node="a", resource="nvidia.com/gpu")
    small.add("node_labels", 1, node="b", **gke, label_cloud_google_com_gke_max_shared_clients_per_gpu="2")
    small.add("node_allocatable", 2, node="b", resource="nvidia.com/gpu")
    sliced, shared = small.join().nodes
    assert (sliced.gpus, sliced.sharing) == (1, Sharing.MIG)
    assert (shared.gpus, shared.sharing, shared.replicas_per_gpu) == (1, Sharing.TIME_SLICED, 2)


def test_slices_behind_the_plain_resource_are_told_by_dcgm_without_labels() -> None:
    """Seven `nvidia.com/gpu` on a GPU that DCGM shows in slices of one profile are slices."""
    small = Small()
    small.node("a", "", gpu=7)
    small.pod("chat-7c9d8f6b5d-xbbzw")
    small.gpu("GPU-1", model="NVIDIA A100-SXM4-80GB")
    held = {"model": "NVIDIA A100-SXM4-80GB", "gpu_instance": "7", "mig_profile": "1g.10gb"}
    small.gpu("GPU-1", "chat-7c9d8f6b5d-xbbzw", **held)
    cluster = small.join()
    assert (cluster.nodes[0].gpus, cluster.nodes[0].sharing) == (1, Sharing.MIG)
    assert cluster.workloads[0].gpu.value.slices == 1


def test_the_parent_row_of_a_sliced_gpu_is_not_counted() -> None:
    """DCGM shows a GPU in MIG mode and its instances; only the instances are observed."""
    small = Small()
    small.node("a", A100, mig_1g_10gb=7)
    small.pod("chat-7c9d8f6b5d-xbbzw", resource="nvidia.com/mig-1g.10gb")
    small.gpu("GPU-1", gpu_busy_avg=0.9)
    small.gpu("GPU-1", "chat-7c9d8f6b5d-xbbzw", gpu_instance="7", mig_profile="1g.10gb", gpu_busy_avg=0.3)
    (seen,) = small.only().gpu_seen
    assert (seen.uuid, seen.mig_profile, seen.busy_avg.value) == ("GPU-1/7", "1g.10gb", 0.3)


def test_a_gpu_that_changed_hands_is_weighed_for_each_tenant_alone() -> None:
    """A workload sees the figures of the time it held the GPU, and everyone who stood on it."""
    small = Small()
    small.pod("chat-7c9d8f6b5d-xbbzw")
    small.pod("lab-7c9d8f6b5d-xbbzw", now=False)
    small.add("workload_replicas", 0, namespace="llm", kind="Deployment", name="lab")
    small.gpu("GPU-1", "chat-7c9d8f6b5d-xbbzw", samples=500, gpu_busy_avg=0.8, gpu_memory_used_max=2.0**35)
    small.gpu("GPU-1", "lab-7c9d8f6b5d-xbbzw", samples=1500, gpu_busy_avg=0.1)
    chat, lab = (one.gpu_seen[0] for one in small.join().workloads)
    assert (chat.busy_avg.value, lab.busy_avg.value) == (0.8, 0.1)
    assert chat.memory_used_max_gib.value == 32
    assert chat.pods == lab.pods == ("llm/chat-7c9d8f6b5d-xbbzw", "llm/lab-7c9d8f6b5d-xbbzw")


@pytest.mark.parametrize(
    ("labels", "model", "product"),
    [
        ({"label_cloud_google_com_gke_accelerator": "nvidia-l4"}, "", "nvidia-l4"),
        ({}, "NVIDIA A10G", "NVIDIA-A10G"),
        ({"label_node_kubernetes_io_instance_type": "p5.48xlarge"}, "", "NVIDIA-H100-80GB-HBM3"),
    ],
)
def test_a_product_is_known_without_gpu_feature_discovery(labels: dict[str, str], model: str, product: str) -> None:
    """GKE's label, DCGM's model and the cloud's instance type stand in for the product label."""
    small = Small()
    small.add("node_labels", 1, node="a", **labels)
    small.add("node_allocatable", 8, node="a", resource="nvidia.com/gpu")
    if model:
        small.gpu("GPU-1", model=model)
    assert small.join().nodes[0].product.value == product


def test_a_nameless_gpu_is_unknown_and_in_no_pool() -> None:
    """Without any of these the product is unknown, with what to do about it."""
    small = Small()
    small.node("a", "", gpu=8)
    small.pod("chat-7c9d8f6b5d-xbbzw")
    cluster = small.join()
    assert isinstance(cluster.nodes[0].product, Unknown)
    assert "nvidia.com/gpu.product" in cluster.nodes[0].product.reason
    assert cluster.pools == ()
    assert isinstance(cluster.workloads[0].gpu, Unknown)


def test_nodes_without_any_label_are_a_gap() -> None:
    """What is kept free on purpose cannot be told then, and the gap says which option to set."""
    small = Small()
    small.node("a", "", gpu=8)
    (gap,) = small.join().gaps
    assert "--metric-labels-allowlist" in gap.reason
    assert not gap.blind


def test_labels_of_the_api_keep_their_real_keys() -> None:
    """What the Kubernetes API gives stands over kube-state-metrics' sanitised labels."""
    small = Small()
    small.node("a")
    small.add("node_labels", 1, node="a", label_team="red", label_trimtab_dev_purpose="headroom")
    small.objects.append(LiveObject("Node", "", "a", {"team": "blue", "zone/x": "1"}, {}, {}))
    (node,) = small.join().nodes
    assert (node.labels["team"], node.labels["zone/x"], node.purpose) == ("blue", "1", "headroom")


def test_dcgm_may_know_a_node_by_its_short_name() -> None:
    """A host name that begins one node's full name is that node."""
    small = Small()
    small.node("ip-10-0-0-1.ec2.internal")
    small.gpu("GPU-1", node="ip-10-0-0-1")
    assert [node.name for node in small.join().nodes] == ["ip-10-0-0-1.ec2.internal"]


def test_a_node_that_is_not_ready_offers_no_place() -> None:
    """Its GPUs are in no pool."""
    small = Small()
    small.node("a")
    small.add("node_unready", 1, node="a")
    cluster = small.join()
    assert (cluster.nodes[0].ready, cluster.pools) == (False, ())


def test_free_units_are_not_claimed_where_nobody_counted_pods() -> None:
    """Without kube-state-metrics' pods a pool's capacity is not known."""
    small = Small()
    small.node("a")
    assert small.join().pools[0].capacity_known is False


def test_pods_on_two_kinds_of_gpu_have_no_one_kind() -> None:
    """A workload that runs on two kinds is not judged as either."""
    small = Small()
    small.node("a")
    small.node("b", "NVIDIA-L40S")
    small.pod("chat-7c9d8f6b5d-xbbzw", "a")
    small.pod("chat-7c9d8f6b5d-q2x4z", "b")
    assert "NVIDIA-L40S" in small.only().gpu.reason


def test_the_cost_exporters_placeholder_is_no_price() -> None:
    """OpenCost's built-in 0.95 USD is passed over and said; a real price is kept by instance type and product."""
    small = Small()
    small.node("a")
    small.node("b", "NVIDIA-L40S")
    small.add("gpu_hourly_cost", 0.95, node="a", instance_type="p5.48xlarge")
    small.add("gpu_hourly_cost", 1.5, node="b", instance_type="g6e.4xlarge")
    cluster = small.join()
    assert cluster.usd_per_gpu_hour == {"NVIDIA-L40S": 1.5, "g6e.4xlarge": 1.5}
    assert any("built-in 0.95" in gap.reason for gap in cluster.gaps)
    assert isinstance(cluster.nodes[1].product, Found)
    assert cluster.nodes[1].instance_type == "g6e.4xlarge"


def test_a_pod_whose_request_is_not_known_holds_what_dcgm_shows_it_on() -> None:
    """A GPU that a pod stands on is not free because its request could not be read."""
    small = Small()
    small.node("a")
    small.pod("chat-7c9d8f6b5d-xbbzw", gpus=0)
    small.gpu("GPU-1", "chat-7c9d8f6b5d-xbbzw")
    assert small.join().nodes[0].free("nvidia.com/gpu") == 7


@pytest.mark.parametrize("figure", [-1.0, 1.8e19, 1e308])
def test_a_figure_that_its_unit_cannot_have_was_not_seen(figure: float) -> None:
    """A share of the KV cache is no negative, and no overflow of a counter."""
    small = Small()
    small.pod("chat-7c9d8f6b5d-xbbzw")
    small.add("kv_usage_max", figure, namespace="llm", pod="chat-7c9d8f6b5d-xbbzw")
    assert isinstance(small.only().traffic.kv_usage_max, Unknown)
