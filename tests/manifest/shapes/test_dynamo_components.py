"""Dynamo's graphs of components, llm-d's former ModelService, and the files of arguments that their engines read."""

from __future__ import annotations

import pytest

from tests.manifest.samples import edited, one, said
from trimtab.manifest import Tree, inspect

GRAPH = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: engine}
data:
  worker.yaml: |
    max_batch_size: 16
    max_seq_len: 9216
    tensor_parallel_size: 4
    kv_cache_config:
      free_gpu_memory_fraction: 0.85
      enable_block_reuse: false
      dtype: fp8
---
apiVersion: nvidia.com/v1beta1
kind: DynamoGraphDeployment
metadata: {name: chat, namespace: llm}
spec:
  backendFramework: trtllm
  components:
    - name: Frontend
      type: frontend
      podTemplate: {spec: {containers: [{name: main, image: runtime:1.2, command: [python3, -m, dynamo.frontend]}]}}
    - name: Worker
      type: worker
      replicas: 2
      sharedMemorySize: 64Gi
      podTemplate:
        spec:
          nodeSelector: {nvidia.com/gpu.product: NVIDIA-B200}
          containers:
            - name: sidecar
              image: sidecar:1
            - name: main
              image: nvcr.io/nvidia/ai-dynamo/tensorrtllm-runtime:1.2.0
              command: [python3, -m, dynamo.trtllm]
              args: [--model-path, org/chat, --max-batch-size, "8", --extra-engine-args, /config/worker.yaml]
              volumeMounts: [{name: engine, mountPath: /config}]
              resources: {limits: {nvidia.com/gpu: "4"}, requests: {memory: 64Gi}}
          volumes: [{name: engine, configMap: {name: engine}}]
"""


def test_a_component_with_a_pod_template_is_a_serving() -> None:
    """The worker's container named `main` serves; what its file of arguments says wins over its command."""
    serving = one(GRAPH)

    assert (serving.engine, serving.container) == ("tensorrt-llm", "Worker")
    assert said(serving) == {
        "enable_prefix_caching": False,
        "engine_version": "1.2.0",
        "gpu_count": 4,
        "gpu_memory_utilization": 0.85,
        "gpu_product": "NVIDIA-B200",
        "gpu_resource": "nvidia.com/gpu",
        "kv_cache_dtype": "fp8",
        "max_model_len": 9216,
        "max_num_seqs": 16,
        "memory_request": "64Gi",
        "model": "org/chat",
        "replicas": 2,
        "shm_size": "64Gi",
        "tensor_parallel_size": 4,
    }
    assert serving.settings["max_num_seqs"].via == "configmap"


@pytest.mark.parametrize(
    ("field", "value", "before", "after"),
    [
        ("max_num_seqs", 32, "max_batch_size: 16", "max_batch_size: 32"),
        ("gpu_memory_utilization", 0.8, "fraction: 0.85", "fraction: 0.8"),
        ("block_size", 64, "      dtype: fp8\n", "      dtype: fp8\n      tokens_per_block: 64\n"),
        ("replicas", 3, "replicas: 2", "replicas: 3"),
    ],
)
def test_arguments_are_edited_in_the_file_that_wins(field: str, value: float, before: str, after: str) -> None:
    """A setting of the file is changed there, and one that it lacks is added there."""
    subject = "chat.yaml#DynamoGraphDeployment/llm/chat/Worker"

    assert edited(GRAPH, subject, **{field: value}) == GRAPH.replace(before, after)


def test_a_component_deployment_by_itself_is_a_serving() -> None:
    """What a graph has under `components`, a DynamoComponentDeployment has in its spec."""
    text = """\
apiVersion: nvidia.com/v1beta1
kind: DynamoComponentDeployment
metadata: {name: decode}
spec:
  backendFramework: vllm
  type: decode
  podTemplate:
    spec:
      containers:
        - {name: main, image: "runtime:1.2", command: [python3, -m, dynamo.vllm], args: [--model=org/chat]}
"""

    assert said(one(text))["model"] == "org/chat"


MODEL_SERVICE = """\
apiVersion: llm-d.ai/v1alpha1
kind: ModelService
metadata: {name: chat}
spec:
  modelArtifacts: {uri: hf://org/chat-8b}
  decode:
    replicas: 2
    parallelism: {tensor: 4}
    acceleratorTypes: {labelKey: nvidia.com/gpu.product, labelValues: [NVIDIA-H100]}
    containers:
      - {name: vllm, args: ["{{ .HFModelName }}", --max-model-len, "8192"]}
  prefill:
    replicas: 1
    containers: [{name: vllm, args: ["{{ .HFModelName }}"]}]
"""


def test_a_model_service_has_a_serving_for_each_pool() -> None:
    """The model is the artifact's address where the arguments only refer to it."""
    servings = {one.container: said(one) for one in inspect(Tree({"chat.yaml": MODEL_SERVICE.encode()})).servings}

    assert servings == {
        "decode": {
            "gpu_product": "NVIDIA-H100",
            "max_model_len": 8192,
            "model": "org/chat-8b",
            "replicas": 2,
            "tensor_parallel_size": 4,
        },
        "prefill": {"model": "org/chat-8b", "replicas": 1},
    }


OUTSIDE = """\
apiVersion: nvidia.com/v1alpha1
kind: DynamoGraphDeployment
metadata: {name: chat}
spec:
  services:
    Frontend:
      componentType: frontend
      extraPodSpec: {mainContainer: {image: $IMAGE, workingDir: /workspace/components/backends/sglang}}
    decode:
      componentType: worker
      replicas: 2
      resources: {limits: {gpu: "${GPUS}"}}
      extraPodSpec:
        mainContainer:
          image: $IMAGE
          workingDir: /workspace/components/backends/sglang
          command: [/bin/sh, -c]
          args: [$COMMAND]
"""


def test_the_folder_of_a_worker_tells_its_engine_where_a_pipeline_fills_in_the_rest() -> None:
    """Image and command come from outside the tree; what stands in it is still a worker with GPUs."""
    serving = one(OUTSIDE)

    assert (serving.engine, serving.container) == ("sglang", "decode")
    assert said(serving) == {"gpu_count": "${GPUS}", "replicas": 2}
