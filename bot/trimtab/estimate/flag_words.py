"""Spellings of engines' flags by word of the vocabulary: vLLM 0.33, SGLang 0.5, TGI 3, trtllm-serve 1.0, llama.cpp."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.fleet import Scalar

FLAGS: Mapping[str, tuple[str, ...]] = {
    "max_model_len": ("max-model-len", "context-length", "max-total-tokens", "max-seq-len", "ctx-size"),
    "max_num_seqs": (
        "max-num-seqs",
        "max-running-requests",
        "max-concurrent-requests",
        "max-batch-size",
        "parallel",
    ),
    "max_num_batched_tokens": (
        "max-num-batched-tokens",
        "chunked-prefill-size",
        "max-batch-prefill-tokens",
        "max-num-tokens",
        "batch-size",
    ),
    "gpu_memory_utilization": ("gpu-memory-utilization", "mem-fraction-static", "cuda-memory-fraction"),
    "tensor_parallel_size": ("tensor-parallel-size", "tp-size", "tp", "num-shard"),
    "pipeline_parallel_size": ("pipeline-parallel-size", "pp-size", "pp"),
    "data_parallel_size": ("data-parallel-size", "dp-size", "dp"),
    "expert_parallel_size": ("expert-parallel-size", "ep-size", "ep"),
    "decode_context_parallel_size": ("decode-context-parallel-size", "dcp-size", "dcp"),
    "quantization": ("quantization", "quantize"),
    "dtype": ("dtype",),
    "kv_cache_dtype": ("kv-cache-dtype", "cache-type-k"),
    "kv_cache_memory_bytes": ("kv-cache-memory-bytes",),
    "num_gpu_blocks_override": ("num-gpu-blocks-override",),
    "cpu_offload_gb": ("cpu-offload-gb",),
    "block_size": ("block-size", "page-size"),
    "swap_space": ("swap-space",),
    "max_loras": ("max-loras", "max-loras-per-batch"),
    "max_lora_rank": ("max-lora-rank",),
    "speculative_config": ("speculative-config",),
    "revision": ("revision",),
    "model": ("model", "model-path", "model-id"),
}
SWITCHES: Mapping[str, tuple[str, Scalar]] = {
    "enforce-eager": ("enforce_eager", True),
    "no-enforce-eager": ("enforce_eager", False),
    "disable-cuda-graph": ("enforce_eager", True),
    "enable-prefix-caching": ("enable_prefix_caching", True),
    "no-enable-prefix-caching": ("enable_prefix_caching", False),
    "disable-radix-cache": ("enable_prefix_caching", False),
    "disable-hybrid-kv-cache-manager": ("disable_hybrid_kv_cache_manager", True),
    "no-disable-hybrid-kv-cache-manager": ("disable_hybrid_kv_cache_manager", False),
    "enable-expert-parallel": ("expert_parallel_size", "enabled"),
    "no-enable-expert-parallel": ("expert_parallel_size", 1),
    "enable-lora": ("enable_lora", True),
    "language-model-only": ("language_model_only", True),
}
SHORT: Mapping[str, str] = {
    "-tp": "tp",
    "-pp": "pp",
    "-dp": "dp",
    "-ep": "ep",
    "-dcp": "dcp",
    "-q": "quantization",
    "-c": "ctx-size",
    "-np": "parallel",
    "-ctk": "cache-type-k",
    "-sc": "speculative-config",
}
TEXTS = {"quantization", "dtype", "kv_cache_dtype", "revision", "model", "speculative_config"}
"""Words whose values are no numbers."""
OBJECTS = {"speculative_config"}
"""Words whose values are JSON, which may come key by key (`--speculative-config.method mtp`)."""
