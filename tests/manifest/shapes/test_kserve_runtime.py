"""What an InferenceService has from its runtime's pod and from its group of nodes."""

from __future__ import annotations

import pytest

from tests.manifest.samples import said
from trimtab.fleet import Scalar, Serving
from trimtab.manifest import EditResult, Tree, edit, inspect

RUNTIME = """\
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: vllm-cuda}
spec:
  runtimeClassName: nvidia
  nodeSelector: {nvidia.com/gpu.product: NVIDIA-L40S}
  containers:
  - name: kserve-container
    image: registry.example/vllm:v0.11.0
    args: ["--model=/mnt/models", "--tensor-parallel-size=${TENSOR_PARALLEL_SIZE}"]
    volumeMounts: [{name: shm, mountPath: /dev/shm}]
  volumes:
  - name: shm
    emptyDir: {medium: Memory, sizeLimit: 2Gi}
"""
SERVICE = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: chat}
spec:
  predictor:
    model:
      modelFormat: {name: custom}
      runtime: vllm-cuda
      storageUri: oci://registry.example/modelcar:1.0
      resources: {limits: {nvidia.com/gpu: "4"}}
    workerSpec:
      tensorParallelSize: 4
      pipelineParallelSize: 2
      containers: [{name: worker-container, resources: {limits: {nvidia.com/gpu: "4"}}}]
"""


def service(**files: str) -> Serving:
    """Return the only serving of some files."""
    (found,) = inspect(Tree({f"{name}.yaml": text.encode() for name, text in files.items()})).servings
    return found


def test_the_runtimes_pod_counts_where_the_service_says_nothing() -> None:
    """Shared memory, classes and selectors of the runtime are the service's, at the runtime's place."""
    serving = service(service=SERVICE, runtime=RUNTIME)

    assert said(serving) == {
        "engine_version": "v0.11.0",
        "gpu_count": 4,
        "gpu_product": "NVIDIA-L40S",
        "gpu_resource": "nvidia.com/gpu",
        "model": "oci://registry.example/modelcar:1.0",
        "pipeline_parallel_size": 2,
        "runtime_class": "nvidia",
        "shm_size": "2Gi",
        "tensor_parallel_size": 4,
    }
    assert serving.settings["shm_size"].location.path == "runtime.yaml"
    assert serving.settings["tensor_parallel_size"].location.path == "service.yaml"


def test_a_runtime_out_of_reach_is_known_by_its_name() -> None:
    """A service whose runtime is not in the tree serves with the engine that the runtime is named after."""
    assert service(service=SERVICE).engine == "vllm"


def test_a_runtime_alone_serves_nothing() -> None:
    """A runtime, or a template of one, is what others may serve with."""
    template = "apiVersion: template.openshift.io/v1\nkind: Template\nmetadata: {name: t}\nobjects:\n"
    inside = "".join(f"  {line}\n" for line in RUNTIME.splitlines()).replace("  apiVersion", "- apiVersion", 1)

    assert inspect(Tree({"a.yaml": RUNTIME.encode(), "b.yaml": (template + inside).encode()})).servings == ()


def test_each_resource_that_the_service_leaves_out_is_the_runtimes() -> None:
    """A service that asks for GPUs alone runs with the CPU and memory of its runtime, at the runtime's place."""
    runtime = RUNTIME.replace(
        "    volumeMounts", "    resources: {requests: {cpu: '6', memory: 24Gi}}\n    volumeMounts"
    )
    serving = service(service=SERVICE, runtime=runtime)

    assert said(serving)["cpu_request"] == "6"
    assert serving.settings["cpu_request"].location.path == "runtime.yaml"
    assert said(serving)["gpu_count"] == 4


def test_of_two_runtimes_of_one_name_the_one_in_the_services_own_file_serves_it() -> None:
    """Samples that bring their runtime with them are not read with a neighbour's."""
    own = RUNTIME.replace("v0.11.0", "v0.12.0")
    both = f"{own}---\n{SERVICE}"
    serving = service(a_neighbour=RUNTIME, service=both)

    assert said(serving)["engine_version"] == "v0.12.0"


def test_the_path_in_a_bucket_is_the_model() -> None:
    """Where the storage is a connection and a path, the path says what is served, not the mount."""
    text = SERVICE.replace(
        "storageUri: oci://registry.example/modelcar:1.0", "storage: {key: models, path: org/chat-8b-instruct}"
    )
    serving = service(service=text, runtime=RUNTIME)

    assert said(serving)["model"] == "org/chat-8b-instruct"


def test_services_of_the_groups_former_name_are_read() -> None:
    """Before release 0.7 the group was serving.kubeflow.org."""
    text = """\
apiVersion: serving.kubeflow.org/v1beta1
kind: InferenceService
metadata: {name: old}
spec:
  predictor:
    minReplicas: 1
    containers:
    - name: main
      image: registry.example/gptj:1
      command: [/opt/tritonserver/bin/tritonserver]
      resources: {limits: {nvidia.com/gpu: 1}}
"""
    serving = service(old=text)

    assert (serving.engine, said(serving)["min_replicas"]) == ("triton", 1)


SHARED = RUNTIME.replace('"--tensor', '"--max-num-seqs=8", "--tensor').replace(
    "    volumeMounts", "    resources: {requests: {cpu: '2'}}\n    volumeMounts"
)
CHAT = SERVICE[: SERVICE.index("    workerSpec")]


@pytest.mark.parametrize(("field", "value", "said_here"), [("max_num_seqs", 4, "args"), ("cpu_request", "4", "cpu: ")])
def test_what_a_shared_runtime_says_is_said_once_more_by_the_service(field: str, value: Scalar, said_here: str) -> None:
    """Another service keeps what the runtime says; a runtime of one service is edited itself."""
    files = {"runtime.yaml": SHARED, "chat.yaml": CHAT, "code.yaml": CHAT.replace("name: chat", "name: code")}
    tree = Tree({path: text.encode() for path, text in files.items()})
    shared = edit(tree, "chat.yaml#InferenceService//chat/kserve-container", {field: value})
    assert isinstance(shared, EditResult), shared
    assert set(shared.files) == {"chat.yaml"}
    assert said_here in shared.files["chat.yaml"].decode()
    alone = Tree({path: text.encode() for path, text in files.items() if path != "code.yaml"})
    only = edit(alone, "chat.yaml#InferenceService//chat/kserve-container", {field: value})
    assert isinstance(only, EditResult)
    assert set(only.files) == {"runtime.yaml"}
