"""What each release of an engine takes beside weights, and what it does where nothing is set."""

from __future__ import annotations

import pytest

from tests.estimate.building import deploy, gpu, known, small, sure
from trimtab.estimate import Deployment, Impossible, memory
from trimtab.estimate.engine import Engine
from trimtab.estimate.memory import Resolved, look_up
from trimtab.fleet import Scalar


def engine(deployment: Deployment) -> Engine:
    """Return the settings in force."""
    found = look_up(deployment)
    assert isinstance(found, Resolved)
    return found.engine


@pytest.mark.parametrize(
    ("gpu_name", "version", "batch"),
    [
        ("H100", "0.8.5", (1024, 8192)),
        ("A100-80GB", "0.8.5", (1024, 8192)),
        ("A100-80GB", "0.9.2", (256, 2048)),
        ("H200", "0.26.0", (1024, 8192)),
        ("B200", "0.26.0", (1024, 8192)),
        ("B200", "0.28.0", (1024, 16384)),
        ("GB10", "0.32.0", (1024, 8192)),
        ("GB10", "0.33.0", (256, 2048)),
        ("L4", "0.19.0", (256, 2048)),
        ("T4", "0.9.2", (256, 8192)),
        ("T4", "0.11.0", (256, 2048)),
    ],
)
def test_batches_by_release_and_gpu(gpu_name: str, version: str, batch: tuple[int, int]) -> None:
    """Requests and tokens of a step that nobody set depend on the release and on the GPU's memory and kind."""
    found = engine(deploy(small(), gpu_name, version=version))
    assert (found.max_num_seqs, found.max_num_batched_tokens) == batch


def test_the_first_core_runs_on_old_gpus_until_it_is_gone() -> None:
    """0.8 to 0.10 keep their first core on a T4 and run the second on an L4; from 0.11 on there is one."""
    runs = {
        (name, version): engine(deploy(small(), name, version=version)).v0
        for name in ("T4", "L4")
        for version in ("0.7.3", "0.9.2", "0.11.0")
    }
    assert [pair for pair, first in runs.items() if first] == [("T4", "0.7.3"), ("T4", "0.9.2"), ("L4", "0.7.3")]


def test_long_prompts_are_chunked_by_the_first_core() -> None:
    """Beyond 32,768 tokens the first core takes 2,048 tokens a step, below a whole prompt."""
    short, long = (
        engine(deploy(small(max_position_embeddings=131072), version="0.7.3", max_model_len=length))
        for length in (32768, 65536)
    )
    assert (short.max_num_batched_tokens, long.max_num_batched_tokens) == (32768, 2048)


@pytest.mark.parametrize(("version", "gib"), [("0.16.0", 5.64), ("0.17.0", 2.23), ("0.18.0", 2.23), ("0.19.0", 2.21)])
def test_the_sampler_of_each_release(version: str, gib: float) -> None:
    """Qwen2.5 7B on an H100: the sort that 0.17 replaced takes more than twice what came after it."""
    found = sure(memory(deploy(known("Qwen/Qwen2.5-7B-Instruct"), version=version, max_model_len=8192)))
    assert found.activation_gib.value == pytest.approx(gib, rel=0.02)


def test_the_second_runner_profiles_without_sampling() -> None:
    """From 0.30 to 0.32 only the forward pass is profiled; 0.33 samples again."""
    model = known("Qwen/Qwen2.5-7B-Instruct")
    before, without, again = (
        sure(memory(deploy(model, "L4", version=version, max_model_len=8192))).activation_gib.value
        for version in ("0.22.0", "0.31.0", "0.33.0")
    )
    assert without < before * 0.75
    assert again == pytest.approx(before)


def test_an_index_is_gathered_for_forty_requests() -> None:
    """Sparse attention's buffer grows with the longest request: 40 x 132 bytes a token, 16 beyond 262,144 in 0.33."""
    model = known("deepseek-ai/DeepSeek-V3.2")
    short, long = (
        sure(memory(deploy(model, "B200", 8, "0.26.0", max_model_len=length))).activation_gib.value
        for length in (32768, 131072)
    )
    assert long - short == pytest.approx(40 * 132 * (131072 - 32768) / 2**30)


def test_graphs_are_taken_off_the_cache_from_0_20_on() -> None:
    """The same settings leave less cache from 0.20 on, by about what graphs take; eager starts do not."""
    model = known("Qwen/Qwen2.5-7B-Instruct")
    settings: dict[str, Scalar] = {"max_model_len": 8192, "gpu_memory_utilization": 0.9}
    eager, captured = (
        sure(memory(deploy(model, version="0.20.0", **settings, enforce_eager=eager))) for eager in (True, False)
    )
    assert eager.kv_cache_gib.value - captured.kv_cache_gib.value == pytest.approx(0.9 * captured.cuda_graph_gib.value)
    old = sure(memory(deploy(model, version="0.19.0", **settings)))
    older = sure(memory(deploy(model, version="0.19.0", **settings, enforce_eager=True)))
    assert old.kv_cache_gib.value == older.kv_cache_gib.value


def test_sglang_leaves_room_by_the_size_of_the_gpu() -> None:
    """`mem_fraction_static` follows from memory, chunk, graphs and ranks (SGLang 0.5.9, server_args.py)."""
    found = engine(Deployment(small(), gpu("H100"), 1, "sglang", "0.5.9"))
    memory_mib = gpu("H100").memory_gib * 1024
    reserved_mib = 512 + 8192 * 1.5 + 256 * 2 + 1024 / 8
    assert found.utilisation == pytest.approx((memory_mib - reserved_mib) / memory_mib, abs=0.001)


def test_a_set_cache_is_taken_as_it_is() -> None:
    """`kv_cache_memory_bytes` overrides the share, `num_gpu_blocks_override` the number of blocks."""
    sized = sure(memory(deploy(small(), "L4", max_model_len=8192, kv_cache_memory_bytes=2 * 2**30)))
    assert (sized.kv_cache_gib.value, sized.kv_cache_tokens.value) == (2.0, 2 * 2**30 // (8 * 4 * 64 * 2 * 2))
    counted = sure(memory(deploy(small(), "L4", max_model_len=8192, num_gpu_blocks_override=1000)))
    assert counted.kv_cache_tokens.value == 16000


def test_offloaded_weights_make_room() -> None:
    """`cpu_offload_gb` takes weights off the GPU: a model that is too large for it starts."""
    model = known("Qwen/Qwen2.5-7B-Instruct")
    alone, helped = (
        sure(memory(deploy(model, "T4", version="0.19.0", max_model_len=2048, cpu_offload_gb=size))) for size in (0, 6)
    )
    assert (alone.fits, helped.fits) == (False, True)
    assert alone.weights_gib.value - helped.weights_gib.value == pytest.approx(6)


def test_a_close_call_is_told() -> None:
    """A start that the bounds do not make sure says why; one with room to spare says nothing."""
    model = known("meta-llama/Llama-3.1-70B-Instruct")
    close = sure(memory(deploy(model, gpus=2, version="0.19.0", max_model_len=8192)))
    assert close.fits
    assert "may not fit" in close.risk
    assert sure(memory(deploy(small(), "L4", max_model_len=2048))).risk == ""


def test_a_context_beyond_the_models_is_a_risk() -> None:
    """Engines refuse a longer context than the model's unless told otherwise: the estimate goes on and says so."""
    found = sure(memory(deploy(small(), max_model_len=16384)))
    assert found.fits
    assert "more than the model's context of 8192" in found.risk


def test_a_share_that_is_not_free_is_refused() -> None:
    """All of a GPU cannot be asked for, because the context takes some before."""
    found = sure(memory(deploy(small(), "L4", max_model_len=2048, gpu_memory_utilization=1.0)))
    assert (found.outcome, found.fits) == ("oom_runtime", False)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"gpu_memory_utilization": 1.2}, "not from 0 to 1"),
        ({"gpu_memory_utilization": "abc"}, "not a number"),
        ({"max_num_seqs": 2.5}, "not a whole number"),
        ({"max_num_seqs": -1}, "not from 1"),
        ({"block_size": 7}, "not a multiple of 8"),
        ({"kv_cache_dtype": "fp3"}, "no engine has"),
        ({"tensor_parallel_size": 3}, "does not divide"),
        ({"decode_context_parallel_size": 3, "tensor_parallel_size": 4}, "does not divide"),
        ({"enforce_eager": "perhaps"}, "neither true nor false"),
        ({"max_model_len": 10_000_000}, "more than the model's context"),
        ({"kv_cache_memory_bytes": -5}, "not from 0"),
    ],
)
def test_impossible_settings_are_refused_by_name(settings: dict[str, Scalar], words: str) -> None:
    """What no engine takes is refused with the setting's name and value."""
    found = memory(deploy(small(), gpus=4, **settings))
    assert isinstance(found, Impossible)
    assert words in found.reason
    assert next(iter(settings)) in found.reason
