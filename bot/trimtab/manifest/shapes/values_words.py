"""The words that charts share for the settings, whatever they nest them under; letters and digits alone count."""

from __future__ import annotations

import re

WORDS = {
    "maxmodellen": "max_model_len",
    "maxmodellength": "max_model_len",
    "modelmaxcontextlength": "max_model_len",
    "maxcontextlength": "max_model_len",
    "contextlength": "max_model_len",
    "contextsize": "max_model_len",
    "ctxsize": "max_model_len",
    "numctx": "max_model_len",
    "maxtotaltokens": "max_model_len",
    "gpumemoryutilization": "gpu_memory_utilization",
    "gpumemoryutilisation": "gpu_memory_utilization",
    "gpumemutilization": "gpu_memory_utilization",
    "memfractionstatic": "gpu_memory_utilization",
    "cudamemoryfraction": "gpu_memory_utilization",
    "tensorparallelsize": "tensor_parallel_size",
    "tensorparallelism": "tensor_parallel_size",
    "tensorparallel": "tensor_parallel_size",
    "tpsize": "tensor_parallel_size",
    "numshard": "tensor_parallel_size",
    "pipelineparallelsize": "pipeline_parallel_size",
    "pipelineparallelism": "pipeline_parallel_size",
    "ppsize": "pipeline_parallel_size",
    "dataparallelsize": "data_parallel_size",
    "dataparallelism": "data_parallel_size",
    "maxnumseqs": "max_num_seqs",
    "maxconcurrentrequests": "max_num_seqs",
    "numparallel": "max_num_seqs",
    "maxnumbatchedtokens": "max_num_batched_tokens",
    "enableprefixcaching": "enable_prefix_caching",
    "enforceeager": "enforce_eager",
    "kvcachedtype": "kv_cache_dtype",
    "blocksize": "block_size",
    "swapspace": "swap_space",
    "dtype": "dtype",
    "quantization": "quantization",
    "quantize": "quantization",
    "revision": "revision",
    "shmsize": "shm_size",
    "shmsizelimit": "shm_size",
    "sharedmemorysize": "shm_size",
    "replicacount": "replicas",
    "replicas": "replicas",
    "minreplicas": "min_replicas",
    "minreplicacount": "min_replicas",
    "maxreplicas": "max_replicas",
    "maxreplicacount": "max_replicas",
    "gpucount": "gpu_count",
    "gpus": "gpu_count",
    "numgpus": "gpu_count",
    "gpu": "gpu_count",
    "accelerators": "gpu_count",
    "priorityclassname": "priority_class",
    "runtimeclassname": "runtime_class",
}
STRONG = frozenset(
    {"maxmodellen", "maxmodellength", "gpumemoryutilization", "tensorparallelsize", "maxnumseqs", "maxnumbatchedtokens"}
)
"""Keys that nothing but an inference engine has."""

ENGINES = {
    "vllm": "vllm",
    "sglang": "sglang",
    "tgi": "tgi",
    "textgenerationinference": "tgi",
    "tei": "tei",
    "teirerank": "tei",
    "textembeddingsinference": "tei",
    "ollama": "ollama",
    "llamacpp": "llama.cpp",
    "llamaserver": "llama.cpp",
    "nim": "nim",
    "nimllm": "nim",
    "trtllm": "tensorrt-llm",
    "tensorrtllm": "tensorrt-llm",
    "triton": "triton",
    "tritonserver": "triton",
    "tritoninferenceserver": "triton",
}
"""Names of charts, and keys of parts of charts, that are an engine's own."""

_SERVES = re.compile(r"(.+?)(?:kserve|serving|server|runtime|deployment)")
"""How charts are called that do nothing but run the engine that their names begin with."""

MODEL_KEYS = frozenset(
    {
        "modelid",
        "huggingfacename",
        "huggingfacemodel",
        "huggingfacemodelid",
        "hfmodelid",
        "hfmodelname",
        "hfmodel",
        "modelurl",
        "modeluri",
        "modelname",
        "modelrepo",
        "modelfile",
        "ollamapull",
        "modelreference",
        "storageuri",
        "model",
        "llmmodelid",
        "embeddingmodelid",
        "rerankmodelid",
    }
)
MODEL_PARENTS = frozenset({"model", "models", "modelspec"})
ENGINE_KEYS = frozenset({"framework", "backend", "engine", "inferenceengine", "enginetype"})
"""Keys by which a chart is told which engine to run."""
MODEL_INNER = frozenset({"id", "huggingfacename", "name", "uri", "repo", "repository", "path", "modelid", "hfid"})


def plain(key: str) -> str:
    """Return a key's letters and digits, in lower case."""
    return re.sub(r"[^a-z0-9]", "", key.lower())


def engine_of_chart(name: str) -> str:
    """Return the engine that a chart such as `vllm-kserve` is named after; empty where it is after none."""
    word = plain(name)
    called = _SERVES.fullmatch(word)
    return ENGINES.get(word) or (ENGINES.get(called[1], "") if called is not None else "")


def names_model(word: str, parent: str) -> bool:
    """Return whether a key, below another, names the model."""
    if parent in MODEL_PARENTS:
        return word in MODEL_KEYS or word in MODEL_INNER or word in ENGINES
    return word in MODEL_KEYS or (parent, word) == ("storage", "uri")


def field_of_key(dotted: str) -> str:
    """Return the field that a dotted key such as `deployment.maxModelLen` says; empty where it says none."""
    parts = [plain(part) for part in re.split(r"(?<!\\)\.", dotted)]
    if names_model(parts[-1], parts[-2] if len(parts) > 1 else ""):
        return "model"
    if parts[-2:] == ["image", "tag"]:
        return "engine_version"
    return WORDS.get(parts[-1], "")
