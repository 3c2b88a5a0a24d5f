"""OME's InferenceService: what stands in it, in the runtime that it names, and in the model's own object."""

from __future__ import annotations

from tests.manifest.samples import said
from trimtab.fleet import Serving
from trimtab.manifest import EditResult, Tree, edit, inspect

RUNTIME = """\
apiVersion: ome.io/v1beta1
kind: ClusterServingRuntime
metadata: {name: srt-chat}
spec:
  engineConfig:
    volumes: [{name: dshm, emptyDir: {medium: Memory, sizeLimit: 32Gi}}]
    runner:
      name: ome-container
      image: docker.io/lmsysorg/sglang:v0.5.5
      command: [python3, -m, sglang.launch_server, --model-path, $(MODEL_PATH), --tp-size, "4", --mem-frac, "0.9"]
      volumeMounts: [{name: dshm, mountPath: /dev/shm}]
      resources: {requests: {cpu: 10}, limits: {cpu: 10, nvidia.com/gpu: 4}}
  decoderConfig:
    runner:
      image: docker.io/lmsysorg/sglang:v0.5.5
      command: [python3, -m, sglang.launch_server, --model-path, $(MODEL_PATH), --tp-size, "8"]
  routerConfig:
    runner: {image: router, command: [python3, -m, sglang_router.launch_router]}
"""
MODEL = """\
apiVersion: ome.io/v1beta1
kind: ClusterBaseModel
metadata: {name: chat-8b}
spec: {storage: {storageUri: hf://org/chat-8b, path: /raid/chat-8b}}
"""
SERVICE = """\
apiVersion: ome.io/v1beta1
kind: InferenceService
metadata: {name: chat, namespace: llm}
spec:
  model: {name: chat-8b}
  runtime: {name: srt-chat}
  engine:
    minReplicas: 1
    maxReplicas: 2
    runner:
      name: ome-container
      resources: {limits: {nvidia.com/gpu: 2}}
  router: {minReplicas: 1}
"""


def tree(service: str) -> Tree:
    """Return a tree of a service, its runtime and its model."""
    files = {"chat.yaml": service, "runtime.yaml": RUNTIME, "model.yaml": MODEL}
    return Tree({path: text.encode() for path, text in files.items()})


def served(service: str) -> tuple[Serving, ...]:
    """Return what is served in such a tree."""
    return inspect(tree(service)).servings


def test_an_engine_lies_over_the_runtime_that_it_names() -> None:
    """The service's own resources win, the rest of the container comes from the runtime, the model from its object."""
    serving = served(SERVICE)[0]

    assert (serving.engine, serving.container) == ("sglang", "ome-container")
    assert said(serving) == {
        "cpu_limit": "10",
        "cpu_request": "10",
        "engine_version": "v0.5.5",
        "gpu_count": 2,
        "gpu_memory_utilization": 0.9,
        "gpu_resource": "nvidia.com/gpu",
        "max_replicas": 2,
        "min_replicas": 1,
        "model": "org/chat-8b",
        "shm_size": "32Gi",
        "tensor_parallel_size": 4,
    }
    assert serving.settings["model"].location.path == "model.yaml"


def test_a_decoder_serves_beside_the_engine() -> None:
    """Prefill and decode stand apart, each with its own part of the runtime; the router serves nothing."""
    servings = served(SERVICE.replace("  router:", "  decoder: {minReplicas: 3}\n  router:"))

    assert {one.container: one.settings["tensor_parallel_size"].value for one in servings} == {
        "ome-container": 4,
        "decoder/ome-container": 8,
    }
    assert [one.settings["min_replicas"].value for one in servings] == [1, 3]


def test_a_service_whose_runtime_is_elsewhere_still_serves() -> None:
    """What the cluster chooses is not known; the model and the limits of scaling are."""
    serving = served(SERVICE.replace("srt-chat", "srt-other"))[0]

    assert said(serving) == {
        "gpu_count": 2,
        "gpu_resource": "nvidia.com/gpu",
        "max_replicas": 2,
        "min_replicas": 1,
        "model": "org/chat-8b",
    }


def test_the_older_predictor_names_model_and_runtime_itself() -> None:
    """`predictor.model.baseModel` is what `model.name` is today."""
    serving = served(
        """\
apiVersion: ome.io/v1beta1
kind: InferenceService
metadata: {name: chat}
spec:
  predictor:
    model: {baseModel: chat-8b, runtime: srt-chat}
    minReplicas: 1
"""
    )[0]

    assert serving.settings["model"].value == "org/chat-8b"
    assert serving.settings["tensor_parallel_size"].value == 4


def test_the_limits_of_an_engine_are_edited_in_the_service() -> None:
    """The number of copies is the service's own, not the runtime's."""
    result = edit(tree(SERVICE), "chat.yaml#InferenceService/llm/chat/ome-container", {"max_replicas": 4})

    assert isinstance(result, EditResult)
    assert result.files == {"chat.yaml": SERVICE.replace("maxReplicas: 2", "maxReplicas: 4").encode()}


def test_leader_and_workers_change_together() -> None:
    """A part of several nodes has a leader and workers of its own; number and kind of their GPUs change as one."""
    service = """\
apiVersion: ome.io/v1beta1
kind: InferenceService
metadata: {name: chat}
spec:
  model: {name: chat-8b}
  runtime: {name: srt-other}
  engine:
    leader:
      nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100}
      runner: {name: main, image: "lmsysorg/sglang:v1", resources: {limits: {nvidia.com/gpu: 8}}}
    worker:
      nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100}
      runner: {name: main, resources: {limits: {nvidia.com/gpu: 8}}}
"""
    wanted = {"gpu_count": 4, "gpu_product": "NVIDIA-B200"}
    result = edit(tree(service), "chat.yaml#InferenceService//chat/main", wanted)

    assert isinstance(result, EditResult)
    after = service.replace("gpu: 8", "gpu: 4").replace("NVIDIA-H100", "NVIDIA-B200")
    assert result.files == {"chat.yaml": after.encode()}
