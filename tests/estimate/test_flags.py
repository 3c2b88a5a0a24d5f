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
