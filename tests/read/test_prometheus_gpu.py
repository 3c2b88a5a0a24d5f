"""What dcgm-exporter tells, in the forms that its releases and scrapes have."""

from __future__ import annotations

import pytest

from tests.read.samples import Samples, read

H100 = {"modelName": "NVIDIA H100 80GB HBM3"}
BLANK = 9223372036854775794.0


def gpu(index: int, **labels: str) -> dict[str, str]:
    """Return the labels of one GPU on node `a`, held by nobody unless said."""
    return {"gpu": str(index), "UUID": f"GPU-{index}", "Hostname": "a", **H100, **labels}


def test_a_gpu_has_its_figures_under_one_set_of_labels() -> None:
    """Activity, memory and power come in ratios, bytes and watts, with node, model and holder."""
    held = gpu(0, namespace="llm", pod="chat-7c9d8f6b5d-xbbzw")
    samples = (
        Samples()
        .add("DCGM_FI_PROF_GR_ENGINE_ACTIVE", lambda time_s: 0.2 if time_s % 1200 else 0.6, **held)
        .add("DCGM_FI_DEV_GPU_UTIL", 99, **held)
        .add("DCGM_FI_PROF_DRAM_ACTIVE", 0.3, **held)
        .add("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", 0.1, **held)
        .add("DCGM_FI_DEV_FB_USED", 72000, **held)
        .add("DCGM_FI_DEV_FB_FREE", 8000, **held)
        .add("DCGM_FI_DEV_FB_RESERVED", 500, **held)
        .add("DCGM_FI_DEV_POWER_USAGE", 300, **held)
    )
    answer = read(samples)
    key = "model=NVIDIA H100 80GB HBM3 namespace=llm node=a pod=chat-7c9d8f6b5d-xbbzw uuid=GPU-0"
    assert answer.rows("gpu_busy_avg") == {key: pytest.approx(0.4, abs=0.01)}
    assert answer.figure("gpu_busy_max") == 0.6
    assert answer.figure("gpu_busy_p95") == 0.6
    assert answer.figure("gpu_dram_avg") == pytest.approx(0.3)
    assert answer.figure("gpu_tensor_avg") == pytest.approx(0.1)
    assert answer.figure("gpu_memory_used_max") == 72000 * 2**20
    assert answer.figure("gpu_memory_total") == 80500 * 2**20
    assert answer.figure("gpu_power_avg") == 300
    assert answer.hours("gpu_busy_hourly")["chat"] == pytest.approx([0.4] * 24, abs=0.05)


def test_without_profiling_metrics_utilisation_stands_in() -> None:
    """A GPU without a profiling metric is as busy as its utilisation, beside one that has the metric."""
    samples = (
        Samples()
        .add("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0.25, **gpu(0))
        .add("DCGM_FI_DEV_GPU_UTIL", 90, **gpu(0))
        .add("DCGM_FI_DEV_GPU_UTIL", 40, **gpu(1))
    )
    rows = read(samples).rows("gpu_busy_avg")
    assert [round(value, 3) for _, value in sorted(rows.items())] == [0.25, 0.4]


def test_an_exporter_that_is_not_honoured_leaves_the_holder_in_exported_labels() -> None:
    """With `exported_pod`, `pod` is the exporter's own, also on a GPU that nobody holds."""
    scrape = {"namespace": "gpu-operator", "pod": "nvidia-dcgm-exporter-x7k2p", "container": "exporter"}
    held = {"exported_namespace": "llm", "exported_pod": "chat-7c9d8f6b5d-xbbzw"}
    samples = (
        Samples()
        .add("DCGM_FI_DEV_GPU_UTIL", 40, **gpu(0, **scrape, **held))
        .add("DCGM_FI_DEV_GPU_UTIL", 0, **gpu(1, **scrape))
    )
    answer = read(samples)
    assert answer.rows("gpu_busy_avg") == {
        "model=NVIDIA H100 80GB HBM3 namespace=llm node=a pod=chat-7c9d8f6b5d-xbbzw uuid=GPU-0": pytest.approx(0.4),
        "model=NVIDIA H100 80GB HBM3 node=a uuid=GPU-1": 0.0,
    }
    assert set(answer.hours("gpu_busy_hourly")) == {"chat"}


def test_idle_gpus_of_an_exporter_that_is_not_honoured_belong_to_nobody() -> None:
    """Where no GPU is held at all, the exporter's own pod is not taken for a holder."""
    samples = Samples().add("DCGM_FI_DEV_GPU_UTIL", 0, **gpu(0, namespace="gpu", pod="dcgm-exporter-x7k2p"))
    assert read(samples).rows("gpu_busy_avg") == {"model=NVIDIA H100 80GB HBM3 node=a uuid=GPU-0": 0.0}


@pytest.mark.parametrize(
    "labels",
    [
        {"uuid": "GPU-0", "hostname": "a"},
        {"UUID": "GPU-0", "hostname": "a.example.internal"},
        {"UUID": "GPU-0", "Hostname": "a:9400"},
        {"UUID": "GPU-0", "instance": "a:9400"},
        {"UUID": "GPU-0", "instance": "10.0.0.7:9400", "node": "a"},
        {"UUID": "GPU-0", "Hostname": "nvidia-dcgm-exporter-x7k2p"},
    ],
)
def test_the_node_is_found_however_it_is_written(labels: dict[str, str]) -> None:
    """Releases and scrapes name the node by label, host name, address or the exporter's own pod."""
    samples = (
        Samples()
        .add("DCGM_FI_DEV_GPU_UTIL", 10, gpu="0", **labels)
        .add("kube_node_status_allocatable", 8, node="a", resource="nvidia_com_gpu")
        .add("kube_pod_info", 1, namespace="gpu", pod="nvidia-dcgm-exporter-x7k2p", node="a")
    )
    assert list(read(samples).rows("gpu_busy_avg")) == ["node=a uuid=GPU-0"]


def test_blanks_are_dropped_before_anything_is_averaged() -> None:
    """A huge number that means `no value` changes neither mean, percentile nor maximum; all blank is no figure."""

    def now_and_then(time_s: int) -> float:
        return BLANK if time_s % 7200 == 0 else 0.5

    samples = (
        Samples()
        .add("DCGM_FI_PROF_GR_ENGINE_ACTIVE", now_and_then, **gpu(0, namespace="llm", pod="chat-0"))
        .add("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0.1, **gpu(1))
        .add("DCGM_FI_PROF_DRAM_ACTIVE", BLANK, **gpu(0))
        .add("DCGM_FI_DEV_POWER_USAGE", 2147483632, **gpu(0))
        .add("DCGM_FI_DEV_FB_USED", lambda time_s: BLANK if time_s % 7200 == 0 else 1000, **gpu(0))
    )
    answer = read(samples)
    assert sorted(answer.rows("gpu_busy_avg").values()) == [pytest.approx(0.1), pytest.approx(0.5)]
    assert sorted(answer.rows("gpu_busy_max").values()) == [0.1, 0.5]
    assert answer.hours("gpu_busy_hourly")["chat-0"] == pytest.approx([0.5] * 24)
    assert answer.rows("gpu_dram_avg") == {}
    assert answer.rows("gpu_dram_p95") == {}
    assert answer.rows("gpu_power_avg") == {}
    assert answer.figure("gpu_memory_used_max") == 1000 * 2**20
    assert "< 2147483632" in answer.facts.queries["gpu_busy_avg"]


def test_two_exporters_on_a_node_tell_one_history() -> None:
    """A GPU that is scraped twice is there once; the scrape that names no holders gives way to the one that does."""
    held = gpu(0, namespace="llm", pod="chat-0", job="operator", instance="10.0.0.1:9400")
    samples = (
        Samples()
        .add("DCGM_FI_DEV_GPU_UTIL", 40, **held)
        .add("DCGM_FI_DEV_GPU_UTIL", 40, **{**held, "prometheus_replica": "b"})
        .add("DCGM_FI_DEV_GPU_UTIL", 40, **gpu(0, job="own", instance="10.0.0.2:9400"))
    )
    rows = read(samples).rows("gpu_samples")
    assert rows == {"model=NVIDIA H100 80GB HBM3 namespace=llm node=a pod=chat-0 uuid=GPU-0": 145.0}


def test_an_exporter_that_was_restarted_is_weighted_by_its_samples() -> None:
    """Parts of one history at two addresses are averaged by how long they are, not one against the other."""
    held = gpu(0, namespace="llm", pod="chat-0", job="dcgm")
    samples = (
        Samples()
        .add("DCGM_FI_DEV_GPU_UTIL", 80, (-24, -18.2), **held, instance="10.0.0.1:9400")
        .add("DCGM_FI_DEV_GPU_UTIL", 0, (-18, 0), **held, instance="10.0.0.2:9400")
    )
    answer = read(samples)
    assert answer.figure("gpu_busy_avg") == pytest.approx(0.2, abs=0.01)
    assert answer.figure("gpu_samples") == 144


def test_a_pod_that_was_replaced_is_a_second_holder() -> None:
    """Two pods that held one GPU in turn are two series, each with its own weight."""
    samples = (
        Samples()
        .add("DCGM_FI_DEV_GPU_UTIL", 80, (-24, -18.1), **gpu(0, namespace="llm", pod="chat-7c9d8f6b5d-xbbzv"))
        .add("DCGM_FI_DEV_GPU_UTIL", 20, (-18, 0), **gpu(0, namespace="llm", pod="chat-7c9d8f6b5d-xbbzw"))
    )
    answer = read(samples)
    assert sorted(answer.rows("gpu_busy_avg").values()) == [pytest.approx(0.2), pytest.approx(0.8)]
    assert sorted(answer.rows("gpu_samples").values()) == [36, 109]
    assert answer.hours("gpu_busy_hourly")["chat"][0] == pytest.approx(0.8)
    assert answer.hours("gpu_busy_hourly")["chat"][-1] == pytest.approx(0.2)


def test_mig_instances_are_apart_from_each_other() -> None:
    """Each MIG instance has its number and profile; the whole GPU's utilisation, which tells nothing, is not asked."""
    samples = (
        Samples()
        .add("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0.3, **gpu(0, GPU_I_ID="1", GPU_I_PROFILE="1g.10gb"))
        .add("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0.5, **gpu(0, GPU_I_ID="2", GPU_I_PROFILE="2g.20gb"))
        .add("DCGM_FI_DEV_GPU_UTIL", 0, **gpu(0))
    )
    model = "model=NVIDIA H100 80GB HBM3 node=a uuid=GPU-0"
    answer = read(samples)
    assert answer.rows("gpu_busy_avg") == {
        f"gpu_instance=1 mig_profile=1g.10gb {model}": pytest.approx(0.3),
        f"gpu_instance=2 mig_profile=2g.20gb {model}": pytest.approx(0.5),
    }
    assert "DCGM_FI_DEV_GPU_UTIL" not in answer.facts.queries["gpu_busy_avg"]
