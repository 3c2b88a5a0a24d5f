from __future__ import annotations

from tests.manifest.samples import said
from trimtab.manifest import EditResult, Tree, edit, inspect

RUNTIME = """\
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: vllm-runtime}
spec:
  containers:
  - name: kserve-container
    image: quay.io/vllm/vllm:v0.9.2
    command: [python, -m, vllm.entrypoints.openai.api_server]
    args:
    - --model=/mnt/models
    - --served-model-name={{.Name}}
    - --max-model-len=4096
"""
SERVICE = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: chat}
spec:
  predictor:
    maxReplicas: 2
    model:
      modelFormat: {name: vLLM}
      runtime: vllm-runtime
      storageUri: hf://org/model
      args:
      - --max-model-len=8192
      resources:
        limits: {nvidia.com/gpu: "1"}
"""
SUBJECT = "a/service.yaml#InferenceService//chat/kserve-container"


def tree(service: str = SERVICE) -> Tree:
    """Return the service beside its runtime."""
    return Tree({"a/service.yaml": service.encode(), "a/runtime.yaml": RUNTIME.encode()})


def test_a_service_is_merged_with_its_runtime() -> None:
    """The service's arguments win over the runtime's, the storage address is the model, the image is the runtime's."""
    serving = inspect(tree()).servings[0]

    assert serving.subject == SUBJECT
    assert said(serving) == {
        "engine_version": "v0.9.2",
        "gpu_count": 1,
        "gpu_resource": "nvidia.com/gpu",
        "max_model_len": 8192,
        "max_replicas": 2,
        "model": "org/model",
    }
    assert serving.settings["engine_version"].location.path == "a/runtime.yaml"
    assert serving.settings["model"].raw == "org/model"


def test_a_new_flag_goes_to_the_service_not_to_the_shared_runtime() -> None:
    """A service without arguments gets its own, so that others on the runtime stay as they are."""
    bare = SERVICE.replace("      args:\n      - --max-model-len=8192\n", "")
    result = edit(tree(bare), SUBJECT, {"max_num_seqs": 16})

    assert isinstance(result, EditResult)
    assert list(result.files) == ["a/service.yaml"]
    assert "      args:\n        - --max-num-seqs=16\n" in result.files["a/service.yaml"].decode()


def test_the_api_group_decides() -> None:
    """The same kind of another group is another thing."""
    other = SERVICE.replace("serving.kserve.io/v1beta1", "inference.llmkube.dev/v1alpha1")

    assert inspect(tree(other)).servings == ()
