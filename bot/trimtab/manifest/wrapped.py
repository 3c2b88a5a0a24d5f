"""The variables by which programs that wrap vLLM are told its settings, where the engine itself reads none.

Sources: KubeRay's samples (ray-operator/config/samples/vllm, v1.4), RunPod's worker-vllm (docs/configuration.md, v2.9)
and the samples of the clouds for Ray Serve and LeaderWorkerSet.
"""

from __future__ import annotations

from collections.abc import Sequence

from trimtab.manifest.engines import engine_of_flags

WRAPPED = {
    "MODEL_ID": "model",
    "MODEL_NAME": "model",
    "MODEL": "model",
    "HF_MODEL_ID": "model",
    "TENSOR_PARALLELISM": "tensor_parallel_size",
    "TENSOR_PARALLEL_SIZE": "tensor_parallel_size",
    "PIPELINE_PARALLELISM": "pipeline_parallel_size",
    "PIPELINE_PARALLEL_SIZE": "pipeline_parallel_size",
    "MAX_MODEL_LEN": "max_model_len",
    "MAX_NUM_SEQS": "max_num_seqs",
    "MAX_NUM_SEQ": "max_num_seqs",
    "MAX_NUM_BATCHED_TOKENS": "max_num_batched_tokens",
    "GPU_MEMORY_UTILIZATION": "gpu_memory_utilization",
    "BLOCK_SIZE": "block_size",
    "SWAP_SPACE": "swap_space",
    "DTYPE": "dtype",
    "QUANTIZATION": "quantization",
    "KV_CACHE_DTYPE": "kv_cache_dtype",
}
"""Field by variable; some programs put `VLLM_` before them."""

_OWN_PROGRAMS = ("vllm/vllm-openai", "vllm-openai:")


def is_wrapped(words: Sequence[str], image: str) -> bool:
    """Return whether a container whose command names no engine runs a program of its own, told by its variables.

    Args:
        words: All words of its `command` and `args`.
        image: Its image, of vLLM.
    """
    if any(word.startswith("-") for word in words) or engine_of_flags(words):
        return False
    return bool(words) or not any(name in image for name in _OWN_PROGRAMS)
