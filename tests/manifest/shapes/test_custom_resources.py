"""What each custom resource that serves says, and where: one small look-alike for each kind."""

from __future__ import annotations

import pytest

from tests.manifest.samples import one, said
from trimtab.fleet import Scalar
from trimtab.manifest import Tree, inspect

KUBEAI = """\
apiVersion: kubeai.org/v1
kind: Model
metadata: {name: chat}
spec:
  url: hf://org/chat-8b?pull=always
  engine: VLLM
  args:
    - --max-model-len=8192
    - --max-num-batched-token=4096
  resourceProfile: nvidia-gpu-l4:2
  minReplicas: 1
"""
KAITO = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: flags}
data:
  inference_config.yaml: |
    max_probe_steps: 6
    vllm:
      max-model-len: 8192
      gpu-memory-utilization: 0.92
---
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: chat}
resource:
  count: 2
  instanceType: Standard_NC24ads_A100_v4
inference:
  preset: {name: phi-4-mini-instruct}
  config: flags
"""
NIM = """\
apiVersion: apps.nvidia.com/v1alpha1
kind: NIMService
metadata: {name: chat}
spec:
  image:
    repository: nvcr.io/nim/meta/llama-3.1-8b-instruct
    tag: "1.12.0"
  env:
    - name: NIM_MAX_MODEL_LEN
      value: "8192"
  replicas: 2
  resources:
    limits: {nvidia.com/gpu: 1, cpu: "8"}
  nodeSelector: {nvidia.com/gpu.product: NVIDIA-L40S}
"""
DYNAMO = """\
apiVersion: nvidia.com/v1alpha1
kind: DynamoGraphDeployment
metadata: {name: graph}
spec:
  services:
    Frontend:
      componentType: frontend
      replicas: 1
      extraPodSpec: {mainContainer: {image: registry.example/vllm-runtime:0.5.0}}
    Worker:
      componentType: worker
      replicas: 3
      resources: {limits: {gpu: "2"}}
      sharedMemory: {size: 16Gi}
      extraPodSpec:
        mainContainer:
          image: registry.example/vllm-runtime:0.5.0
          command: [/bin/sh, -c]
          args:
            - python3 -m dynamo.vllm --model org/m --tensor-parallel-size 2
"""
RAY = """\
apiVersion: ray.io/v1
kind: RayService
metadata: {name: chat}
spec:
  serveConfigV2: |
    applications:
    - name: llms
      args:
        llm_configs:
        - model_loading_config: {model_id: chat, model_source: org/chat}
          engine_kwargs:
            max_model_len: 16384
            enable_prefix_caching: true
          deployment_config:
            autoscaling_config: {min_replicas: 1, max_replicas: 4}
  rayClusterConfig:
    headGroupSpec: {template: {spec: {containers: [{name: head, image: 'rayproject/ray-llm:2.52.0'}]}}}
    workerGroupSpecs:
    - groupName: gpus
      rayStartParams: {num-gpus: "4"}
      template:
        spec:
          containers:
          - name: worker
            image: rayproject/ray-llm:2.52.0
            resources: {limits: {nvidia.com/gpu: 4}}
"""
LLMISVC = """\
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceService
metadata: {name: chat}
spec:
  model: {uri: hf://org/chat, name: org/chat}
  replicas: 2
  parallelism: {tensor: 4, data: 16}
  template:
    containers:
    - name: main
      env:
      - name: VLLM_ADDITIONAL_ARGS
        value: "--max-model-len 8192 --enforce-eager"
      resources: {limits: {nvidia.com/gpu: "4"}}
"""
VLLM_RUNTIME = """\
apiVersion: production-stack.vllm.ai/v1alpha1
kind: VLLMRuntime
metadata: {name: chat}
spec:
  model: {modelURL: org/chat, maxModelLen: 4096}
  vllmConfig:
    tensorParallelSize: 2
    gpuMemoryUtilization: "0.8"
    extraArgs: ["--max-num-seqs", "64"]
  deploymentConfig:
    replicas: 2
    resources: {cpu: "5", memory: 32Gi, gpu: "2", gpuType: nvidia.com/gpu}
    image: {registry: docker.io, name: "lmcache/vllm-openai:v0.9.2"}
"""
LLMKUBE = """\
apiVersion: inference.llmkube.dev/v1alpha1
kind: Model
metadata: {name: weights}
spec:
  source: hf://org/chat-GGUF
  quantization: Q4_K_M
  hardware: {gpu: {enabled: true, count: 1}}
---
apiVersion: inference.llmkube.dev/v1alpha1
kind: InferenceService
metadata: {name: chat}
spec:
  modelRef: weights
  image: ghcr.io/ggml-org/llama.cpp:server-cuda@sha256:0123
  replicas: 1
  contextSize: 32768
  parallelSlots: 2
  cacheTypeK: q8_0
  resources: {gpu: 1, cpu: 500m, memory: 16Gi}
  extraArgs: [--n-predict, "-1"]
"""
LLMAZ = """\
apiVersion: llmaz.io/v1alpha1
kind: OpenModel
metadata: {name: weights}
spec:
  source: {modelHub: {modelID: org/chat}}
  inferenceConfig: {flavors: [{name: t4, limits: {nvidia.com/gpu: 1}}]}
---
apiVersion: inference.llmaz.io/v1alpha1
kind: Playground
metadata: {name: chat}
spec:
  replicas: 2
  modelClaim: {modelName: weights}
  backendRuntimeConfig:
    backendName: sglang
    version: v0.5.0
    args: [--context-length, "8192"]
"""
BOOSTER = """\
apiVersion: workload.serving.volcano.sh/v1alpha1
kind: ModelBooster
metadata: {name: chat}
spec:
  backend:
    type: vLLM
    modelURI: hf://org/chat
    workers:
    - type: server
      image: vllm/vllm-openai:v0.7.1
      replicas: 1
      resources: {limits: {huawei.com/ascend-1980: "4"}}
      config: {max-model-len: 8192, enforce-eager: ""}
"""
CACHE = """\
apiVersion: apps.nvidia.com/v1alpha1
kind: NIMCache
metadata: {name: chat}
spec: {source: {ngc: {modelPuller: "nvcr.io/nim/meta/llama-3.1-8b-instruct:1.12.0"}}}
"""
SAID: dict[str, tuple[str, str, dict[str, Scalar]]] = {
    "kubeai": (
        KUBEAI,
        "vllm",
        {
            "gpu_count": 2,
            "gpu_product": "nvidia-gpu-l4",
            "max_model_len": 8192,
            "max_num_batched_tokens": 4096,
            "min_replicas": 1,
            "model": "org/chat-8b",
        },
    ),
    "kaito": (
        KAITO,
        "vllm",
        {
            "gpu_memory_utilization": 0.92,
            "gpu_product": "Standard_NC24ads_A100_v4",
            "max_model_len": 8192,
            "model": "phi-4-mini-instruct",
            "replicas": 2,
        },
    ),
    "nim": (
        NIM,
        "nim",
        {
            "cpu_limit": "8",
            "engine_version": "1.12.0",
            "gpu_count": 1,
            "gpu_product": "NVIDIA-L40S",
            "gpu_resource": "nvidia.com/gpu",
            "max_model_len": 8192,
            "model": "meta/llama-3.1-8b-instruct",
            "replicas": 2,
        },
    ),
    "dynamo": (
        DYNAMO,
        "vllm",
        {
            "engine_version": "0.5.0",
            "gpu_count": 2,
            "model": "org/m",
            "replicas": 3,
            "shm_size": "16Gi",
            "tensor_parallel_size": 2,
        },
    ),
    "ray": (
        RAY,
        "vllm",
        {
            "enable_prefix_caching": True,
            "gpu_count": 4,
            "gpu_resource": "nvidia.com/gpu",
            "max_model_len": 16384,
            "max_replicas": 4,
            "min_replicas": 1,
            "model": "org/chat",
        },
    ),
    "llmisvc": (
        LLMISVC,
        "vllm",
        {
            "data_parallel_size": 16,
            "enforce_eager": True,
            "gpu_count": 4,
            "gpu_resource": "nvidia.com/gpu",
            "max_model_len": 8192,
            "model": "org/chat",
            "replicas": 2,
            "tensor_parallel_size": 4,
        },
    ),
    "vllm-runtime": (
        VLLM_RUNTIME,
        "vllm",
        {
            "cpu_request": "5",
            "engine_version": "v0.9.2",
            "gpu_count": 2,
            "gpu_memory_utilization": 0.8,
            "gpu_resource": "nvidia.com/gpu",
            "max_model_len": 4096,
            "max_num_seqs": 64,
            "memory_request": "32Gi",
            "model": "org/chat",
            "replicas": 2,
            "tensor_parallel_size": 2,
        },
    ),
    "llmkube": (
        LLMKUBE,
        "llama.cpp",
        {
            "cpu_request": "500m",
            "engine_version": "server-cuda",
            "gpu_count": 1,
            "kv_cache_dtype": "q8_0",
            "max_model_len": 32768,
            "max_num_seqs": 2,
            "memory_request": "16Gi",
            "model": "org/chat-GGUF",
            "quantization": "Q4_K_M",
            "replicas": 1,
        },
    ),
    "llmaz": (
        LLMAZ,
        "sglang",
        {
            "engine_version": "v0.5.0",
            "gpu_count": 1,
            "gpu_resource": "nvidia.com/gpu",
            "max_model_len": 8192,
            "model": "org/chat",
            "replicas": 2,
        },
    ),
    "model-booster": (
        BOOSTER,
        "vllm",
        {
            "enforce_eager": True,
            "engine_version": "v0.7.1",
            "gpu_count": 4,
            "gpu_resource": "huawei.com/ascend-1980",
            "max_model_len": 8192,
            "model": "org/chat",
            "replicas": 1,
        },
    ),
}


@pytest.mark.parametrize("name", sorted(SAID))
def test_a_custom_resource_says_what_it_serves(name: str) -> None:
    """Each kind yields one serving with its engine and exactly the settings that stand in it."""
    text, engine, settings = SAID[name]

    serving = one(text)

    assert (serving.engine, serving.wrapper) == (engine, "crd")
    assert said(serving) == settings


@pytest.mark.parametrize("name", sorted(SAID))
def test_each_setting_stands_where_it_says(name: str) -> None:
    """The bytes of every span are the raw text, and mean the value."""
    text = SAID[name][0]
    for setting in one(text).settings.values():
        at = setting.location
        assert text.encode()[at.start : at.end].decode() == setting.raw
        assert str(setting.value).lower() == setting.raw.lower() or setting.value is True


@pytest.mark.parametrize("name", sorted(SAID))
def test_the_api_group_decides_never_the_kind(name: str) -> None:
    """The same kinds of another group serve nothing."""
    text = SAID[name][0]
    groups = {line.split()[1].partition("/")[0] for line in text.splitlines() if line.startswith("apiVersion:")}
    for group in groups - {"v1"}:
        text = text.replace(f"apiVersion: {group}/", "apiVersion: example.org/")

    assert inspect(Tree({"chat.yaml": text.encode()})).servings == ()


@pytest.mark.parametrize(
    "text",
    [
        CACHE,
        KAITO.replace("inference:\n", "tuning:\n").replace("preset: {", "method: qlora\n  preset: {"),
        LLMISVC.replace("kind: LLMInferenceService", "kind: LLMInferenceServiceConfig"),
        LLMAZ.partition("---\n")[0],
        LLMKUBE.partition("---\n")[0],
        RAY.replace("llm_configs", "other").replace("rayproject/ray-llm", "rayproject/ray"),
    ],
    ids=["nim-cache", "kaito-tuning", "llmisvc-config", "open-model", "llmkube-model", "ray-app"],
)
def test_what_only_belongs_to_a_serving_is_none(text: str) -> None:
    """Caches, models, configurations, tuning and other applications serve nothing by themselves."""
    assert inspect(Tree({"a.yaml": text.encode()})).servings == ()
