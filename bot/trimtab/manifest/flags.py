"""Which flag and which variable of which engine says which word of the vocabulary.

Sources: vLLM 0.19 `vllm serve --help` and vllm/engine/arg_utils.py; SGLang 0.5 python/sglang/srt/server_args.py; Text
Generation Inference 3.3 launcher/src/main.rs; llama.cpp common/arg.cpp (b6500); Ollama 0.12 envconfig/config.go; NVIDIA
NIM for LLMs 1.13 configuration reference; Text Embeddings Inference 1.8 router/src/main.rs; TensorRT-LLM 1.0 serve.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one engine is told its settings.

    Attributes:
        flags: Field by flag, for flags that take a value.
        switches: Field and meaning by flag, for flags that take none.
        others: Flags that share a beginning with one above, so that an abbreviation of both is none.
        variables: Field by environment variable.
        preferred: The flag, or the variable, that an insert is written with.
        absent: What a field means in every release where no flag says it, so that removing the flag says so.
    """

    flags: Mapping[str, str]
    switches: Mapping[str, tuple[str, bool]]
    others: frozenset[str]
    variables: Mapping[str, str]
    preferred: Mapping[str, str]
    absent: Mapping[str, bool]


_VLLM = Dialect(
    flags={
        "--model": "model",
        "--model-id": "model",
        "--revision": "revision",
        "--quantization": "quantization",
        "-q": "quantization",
        "--dtype": "dtype",
        "--kv-cache-dtype": "kv_cache_dtype",
        "--max-model-len": "max_model_len",
        "--max-num-seqs": "max_num_seqs",
        "--max-num-batched-tokens": "max_num_batched_tokens",
        "--gpu-memory-utilization": "gpu_memory_utilization",
        "--tensor-parallel-size": "tensor_parallel_size",
        "-tp": "tensor_parallel_size",
        "--pipeline-parallel-size": "pipeline_parallel_size",
        "-pp": "pipeline_parallel_size",
        "--data-parallel-size": "data_parallel_size",
        "-dp": "data_parallel_size",
        "--block-size": "block_size",
        "--swap-space": "swap_space",
    },
    switches={
        "--enable-prefix-caching": ("enable_prefix_caching", True),
        "--no-enable-prefix-caching": ("enable_prefix_caching", False),
        "--enforce-eager": ("enforce_eager", True),
        "--no-enforce-eager": ("enforce_eager", False),
    },
    others=frozenset(
        {
            "--model-impl",
            "--model-loader-extra-config",
            "--max-num-partial-prefills",
            "--max-long-partial-prefills",
            "--data-parallel-size-local",
            "--data-parallel-rank",
            "--data-parallel-address",
            "--data-parallel-backend",
            "--data-parallel-rpc-port",
            "--data-parallel-start-rank",
            "--data-parallel-hybrid-lb",
            "--data-parallel-external-lb",
            "--quantization-param-path",
            "--enable-prompt-tokens-details",
            "--enable-prompt-embeds",
            "--max-logprobs",
            "--max-loras",
            "--max-lora-rank",
            "--max-seq-len-to-capture",
            "--max-cpu-loras",
            "--kv-cache-memory-bytes",
            "--block-hash",
        }
    ),
    variables={},
    preferred={},
    absent={"enforce_eager": False},
)

_SGLANG = Dialect(
    flags={
        "--model-path": "model",
        "--model": "model",
        "--revision": "revision",
        "--quantization": "quantization",
        "--dtype": "dtype",
        "--kv-cache-dtype": "kv_cache_dtype",
        "--context-length": "max_model_len",
        "--max-running-requests": "max_num_seqs",
        "--max-prefill-tokens": "max_num_batched_tokens",
        "--mem-fraction-static": "gpu_memory_utilization",
        "--tensor-parallel-size": "tensor_parallel_size",
        "--tp-size": "tensor_parallel_size",
        "--tp": "tensor_parallel_size",
        "--pipeline-parallel-size": "pipeline_parallel_size",
        "--pp-size": "pipeline_parallel_size",
        "--data-parallel-size": "data_parallel_size",
        "--dp-size": "data_parallel_size",
        "--dp": "data_parallel_size",
        "--expert-parallel-size": "expert_parallel_size",
        "--ep-size": "expert_parallel_size",
        "--ep": "expert_parallel_size",
        "--page-size": "block_size",
    },
    switches={
        "--disable-radix-cache": ("enable_prefix_caching", False),
        "--disable-cuda-graph": ("enforce_eager", True),
    },
    others=frozenset({"--context-length-override", "--model-loader-extra-config", "--model-impl"}),
    variables={},
    preferred={"model": "--model-path"},
    absent={"enable_prefix_caching": True, "enforce_eager": False},
)

_TGI = Dialect(
    flags={
        "--model-id": "model",
        "--revision": "revision",
        "--quantize": "quantization",
        "--dtype": "dtype",
        "--kv-cache-dtype": "kv_cache_dtype",
        "--max-total-tokens": "max_model_len",
        "--max-concurrent-requests": "max_num_seqs",
        "--max-batch-prefill-tokens": "max_num_batched_tokens",
        "--cuda-memory-fraction": "gpu_memory_utilization",
        "--num-shard": "tensor_parallel_size",
    },
    switches={},
    others=frozenset({"--max-total-batch"}),
    variables={
        "MODEL_ID": "model",
        "REVISION": "revision",
        "QUANTIZE": "quantization",
        "DTYPE": "dtype",
        "KV_CACHE_DTYPE": "kv_cache_dtype",
        "MAX_TOTAL_TOKENS": "max_model_len",
        "MAX_CONCURRENT_REQUESTS": "max_num_seqs",
        "MAX_BATCH_PREFILL_TOKENS": "max_num_batched_tokens",
        "CUDA_MEMORY_FRACTION": "gpu_memory_utilization",
        "NUM_SHARD": "tensor_parallel_size",
    },
    preferred={},
    absent={},
)

_LLAMA_CPP = Dialect(
    flags={
        "--model": "model",
        "-m": "model",
        "--hf-repo": "model",
        "-hf": "model",
        "-hfr": "model",
        "--ctx-size": "max_model_len",
        "-c": "max_model_len",
        "--parallel": "max_num_seqs",
        "-np": "max_num_seqs",
        "--cache-type-k": "kv_cache_dtype",
        "-ctk": "kv_cache_dtype",
    },
    switches={},
    others=frozenset({"--cache-type-v", "--model-url", "--hf-file", "--hf-token", "--parallel-tool-calls"}),
    variables={
        "LLAMA_ARG_MODEL": "model",
        "LLAMA_ARG_HF_REPO": "model",
        "LLAMA_ARG_CTX_SIZE": "max_model_len",
        "LLAMA_ARG_N_PARALLEL": "max_num_seqs",
        "LLAMA_ARG_CACHE_TYPE_K": "kv_cache_dtype",
    },
    preferred={"model": "--model"},
    absent={},
)

_TEI = Dialect(
    flags={
        "--model-id": "model",
        "--revision": "revision",
        "--dtype": "dtype",
        "--max-concurrent-requests": "max_num_seqs",
        "--max-batch-tokens": "max_num_batched_tokens",
    },
    switches={},
    others=frozenset({"--max-batch-requests", "--max-client-batch-size"}),
    variables={
        "MODEL_ID": "model",
        "REVISION": "revision",
        "DTYPE": "dtype",
        "MAX_CONCURRENT_REQUESTS": "max_num_seqs",
        "MAX_BATCH_TOKENS": "max_num_batched_tokens",
    },
    preferred={},
    absent={},
)

_TRTLLM = Dialect(
    flags={
        "--model": "model",
        "--model-path": "model",
        "--max_seq_len": "max_model_len",
        "--max-seq-len": "max_model_len",
        "--max_batch_size": "max_num_seqs",
        "--max-batch-size": "max_num_seqs",
        "--max_num_tokens": "max_num_batched_tokens",
        "--max-num-tokens": "max_num_batched_tokens",
        "--tp_size": "tensor_parallel_size",
        "--tp-size": "tensor_parallel_size",
        "--pp-size": "pipeline_parallel_size",
        "--ep-size": "expert_parallel_size",
        "--tensor-parallel-size": "tensor_parallel_size",
        "--pipeline-parallel-size": "pipeline_parallel_size",
        "--expert-parallel-size": "expert_parallel_size",
        "--kv-cache-free-gpu-memory-fraction": "gpu_memory_utilization",
        "--free-gpu-memory-fraction": "gpu_memory_utilization",
    },
    switches={},
    others=frozenset(),
    variables={},
    preferred={"max_model_len": "--max_seq_len"},
    absent={},
)

_NIM = Dialect(
    flags={},
    switches={},
    others=frozenset(),
    variables={
        "NIM_MODEL_NAME": "model",
        "NIM_MAX_MODEL_LEN": "max_model_len",
        "NIM_TENSOR_PARALLEL_SIZE": "tensor_parallel_size",
        "NIM_PIPELINE_PARALLEL_SIZE": "pipeline_parallel_size",
        "NIM_KVCACHE_PERCENT": "gpu_memory_utilization",
        "NIM_MAX_BATCH_SIZE": "max_num_seqs",
    },
    preferred={"max_model_len": "NIM_MAX_MODEL_LEN"},
    absent={},
)

_OLLAMA = Dialect(
    flags={},
    switches={},
    others=frozenset(),
    variables={
        "OLLAMA_CONTEXT_LENGTH": "max_model_len",
        "OLLAMA_NUM_PARALLEL": "max_num_seqs",
        "OLLAMA_KV_CACHE_TYPE": "kv_cache_dtype",
    },
    preferred={},
    absent={},
)

_NONE = Dialect({}, {}, frozenset(), {}, {}, {})

DIALECTS: Mapping[str, Dialect] = {
    "vllm": _VLLM,
    "sglang": _SGLANG,
    "tgi": _TGI,
    "llama.cpp": _LLAMA_CPP,
    "tei": _TEI,
    "tensorrt-llm": _TRTLLM,
    "nim": _NIM,
    "ollama": _OLLAMA,
    "triton": _NONE,
    "dynamo": _VLLM,
}

UNMISTAKABLE: Mapping[str, frozenset[str]] = {
    "sglang": frozenset({"--mem-fraction-static", "--max-running-requests", "--disable-radix-cache"}),
    "llama.cpp": frozenset({"--ctx-size", "--n-gpu-layers", "-ngl", "--cache-type-k"}),
    "tgi": frozenset({"--num-shard", "--max-total-tokens", "--max-batch-prefill-tokens"}),
    "vllm": frozenset(
        {
            "--max-model-len",
            "--gpu-memory-utilization",
            "--tensor-parallel-size",
            "--max-num-seqs",
            "--max-num-batched-tokens",
            "--enable-prefix-caching",
            "--served-model-name",
        }
    ),
}
"""Flags that name the engine where neither command nor image does; vLLM last, as others took over some of its."""

UNMISTAKABLE_VARIABLES: Mapping[str, frozenset[str]] = {
    "ollama": frozenset(
        {
            "OLLAMA_CONTEXT_LENGTH",
            "OLLAMA_FLASH_ATTENTION",
            "OLLAMA_KV_CACHE_TYPE",
            "OLLAMA_MAX_LOADED_MODELS",
            "OLLAMA_MODELS",
            "OLLAMA_NUM_PARALLEL",
        }
    ),
    "llama.cpp": frozenset(_LLAMA_CPP.variables),
    "nim": frozenset(_NIM.variables) - {"NIM_MODEL_NAME"},
}
"""Variables that nothing but an engine's own server reads."""


def dialect(engine: str) -> Dialect:
    """Return how an engine is told its settings; an unknown one is told nothing."""
    return DIALECTS.get(engine, _NONE)


def canonical(name: str) -> str:
    """Return a flag with hyphens for underscores, as vLLM's parser reads it (`FlexibleArgumentParser`)."""
    return "--" + name[2:].replace("_", "-") if name.startswith("--") else name


def field_of(name: str, engine: str) -> str:
    """Return the field that a flag with a value sets, empty where it sets none; abbreviations count as in argparse."""
    known = dialect(engine)
    exact = known.flags.get(name) or known.flags.get(canonical(name))
    return exact or known.flags.get(_completed(canonical(name), known), "")


def switch_of(name: str, engine: str) -> tuple[str, bool] | None:
    """Return the field and the value that a bare flag sets, or None."""
    known = dialect(engine)
    return known.switches.get(canonical(name)) or known.switches.get(_completed(canonical(name), known))


def _completed(name: str, known: Dialect) -> str:
    """Return the one long flag that `name` abbreviates, empty where it is none or several."""
    if not name.startswith("--") or name in known.others:
        return ""
    every = {flag for flag in (*known.flags, *known.switches, *known.others) if flag.startswith(name)}
    return every.pop() if len(every) == 1 else ""


def flag_for(field: str, engine: str) -> str:
    """Return the flag that sets a field, the engine's long form; empty where it has none."""
    known = dialect(engine)
    if field in known.preferred and known.flags:
        return known.preferred[field]
    for name, word in known.flags.items():
        if word == field and name.startswith("--"):
            return name
    return ""


def switch_for(field: str, value: bool, engine: str) -> str:
    """Return the bare flag that sets a field to `value`, empty where the engine has none."""
    for name, said in dialect(engine).switches.items():
        if said == (field, value):
            return name
    return ""


def variable_for(field: str, engine: str) -> str:
    """Return the environment variable that sets a field, empty where the engine has none."""
    known = dialect(engine)
    if known.preferred.get(field, "") in known.variables:
        return known.preferred[field]
    return next((name for name, word in known.variables.items() if word == field), "")
