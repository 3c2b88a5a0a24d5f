"""Engines' command lines as people paste them."""

from __future__ import annotations

import pytest

from trimtab.estimate.flags import parse_flags
from trimtab.fleet import Scalar


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("--max-model-len 8192", {"max_model_len": 8192}),
        ("--max-model-len=8192", {"max_model_len": 8192}),
        ("--max_model_len 32k", {"max_model_len": 32_000}),
        ("--max-model-len 32K", {"max_model_len": 32_768}),
        ("--max-model 4096", {"max_model_len": 4096}),
        ("-tp 2 -pp 2", {"tensor_parallel_size": 2, "pipeline_parallel_size": 2}),
        ("--tp-size 4 --mem-fraction-static 0.85", {"tensor_parallel_size": 4, "gpu_memory_utilization": 0.85}),
        ("--enforce-eager --dtype half", {"enforce_eager": True, "dtype": "half"}),
        ("--no-enable-prefix-caching", {"enable_prefix_caching": False}),
        ("vllm serve some/model --max-num-seqs 64", {"max_num_seqs": 64}),
        ("--max-num-seqs 64 --max-num-seqs 32", {"max_num_seqs": 32}),
        ("--gpu-memory-utilization abc", {"gpu_memory_utilization": "abc"}),
        ("--max-model-len 25.6k", {"max_model_len": 25_600}),
        ("--max-model-len 25.6K", {"max_model_len": "25.6K"}),
        ("--max-model-len -1", {"max_model_len": -1}),
        ("--max-model-len auto", {"max_model_len": "auto"}),
        ("--kv-cache-memory-bytes 2G", {"kv_cache_memory_bytes": 2 << 30}),
        ("--num-gpu-blocks-override 512 --cpu-offload-gb 4", {"num_gpu_blocks_override": 512, "cpu_offload_gb": 4}),
        (
            "--disable-hybrid-kv-cache-manager -dcp 2",
            {"disable_hybrid_kv_cache_manager": True, "decode_context_parallel_size": 2},
        ),
        ("--enable-prefix-caching=false", {"enable_prefix_caching": False}),
        ("-O3 --max-num-seqs 8", {"max_num_seqs": 8}),
        ("-c 8192 -np 4 -ctk q8_0", {"max_model_len": 8192, "max_num_seqs": 4, "kv_cache_dtype": "q8_0"}),
        (
            "--speculative-config.method mtp --speculative_config.num_speculative_tokens=3",
            {"speculative_config": '{"method": "mtp", "num_speculative_tokens": 3}'},
        ),
        ("--num-shard 2 --quantize awq", {"tensor_parallel_size": 2, "quantization": "awq"}),
    ],
)
def test_spellings(line: str, settings: dict[str, Scalar]) -> None:
    """All spellings of a flag set the same word."""
    assert parse_flags(line.split()).settings == settings


def test_unknown_flags_are_kept_and_named() -> None:
    """A flag that means nothing to the estimate is named and takes its value with it."""
    found = parse_flags(
        ["--served-model-name", "m", "--max-model-len", "4096", "--disable-log-requests", "--port", "8000"]
    )
    assert found.unknown == ("--served-model-name", "--disable-log-requests", "--port")
    assert found.settings == {"max_model_len": 4096}


def test_a_prefix_of_several_flags_is_unknown() -> None:
    """`--max` could be many things and is none."""
    assert parse_flags(["--max", "3"]).unknown == ("--max",)


def test_keys_of_objects_that_mean_nothing_are_named() -> None:
    """JSON key by key for an unknown flag is named and takes its value with it; a key of no object is unknown."""
    found = parse_flags(["--compilation-config.level", "3", "--max-num-seqs.x", "4", "-O3", "--port", "80"])
    assert found.unknown == ("--compilation-config.level", "--max-num-seqs.x", "-O3", "--port")
    assert found.settings == {}
