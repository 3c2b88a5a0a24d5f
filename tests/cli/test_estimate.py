"""`trimtab estimate` as people run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trimtab.cli.app import run

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 512,
    "intermediate_size": 1024,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "vocab_size": 1000,
    "max_position_embeddings": 4096,
}


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    """Run the command with `--format json` and return its document."""
    assert run(["estimate", *words]) == 0
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


def test_json_has_the_figures_and_their_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    """The document names its schema, the figures, and bounds around each."""
    words = "meta-llama/Llama-3.1-8B-Instruct --gpu H100 --format json -- --max-model-len 32768 -tp 2 --foo"
    found = printed(capsys, *words.split())
    assert found["schema"] == "trimtab/estimate/v1"
    assert found["fits"] is True
    assert found["gpus"] == 2
    assert found["unknown_flags"] == ["--foo"]
    low, high = found["low"], found["high"]
    assert isinstance(low, dict)
    assert isinstance(high, dict)
    for name in (
        "weights_gib",
        "kv_cache_gib",
        "kv_cache_tokens",
        "max_concurrency",
        "ttft_ms",
        "tpot_ms",
        "output_tokens_per_s",
    ):
        value = found[name]
        assert isinstance(value, float)
        assert low[name] <= value <= high[name]


def test_the_table_shows_verdict_and_memory(capsys: pytest.CaptureFixture[str]) -> None:
    """A person sees whether it fits, the bar and the figures."""
    assert run(["estimate", "Qwen/Qwen3-8B", "--gpu", "L4", "--", "--max-model-len", "4096"]) == 0
    out = capsys.readouterr().out
    assert "fits" in out
    assert "KV cache" in out
    assert "22.16 GiB" in out


def test_what_does_not_fit_is_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """A model that is too large is told with its reason, not refused; it has no speed."""
    found = printed(capsys, "meta-llama/Llama-3.1-70B-Instruct", "--gpu", "L4", "--format", "json")
    assert found["fits"] is False
    assert found["outcome"] == "oom_weights"
    assert found["tpot_ms"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Qwen/Qwen3-8B", "--gpu", "H100", "--", "-tp", "3"], "attention heads"),
        (["Qwen/Qwen3-8B", "--gpu", "GTX"], "GTX"),
        (["no/such-model", "--gpu", "H100"], "no/such-model"),
        (["Qwen/Qwen3-8B"], "--gpu"),
        ([], "no model"),
        (["x", "--config", "missing.json", "--gpu", "H100"], "missing.json"),
        (["Qwen/Qwen3-8B", "--compare", "H100,GTX"], "GTX"),
    ],
)
def test_mistakes_are_explained(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake ends with exit code 2 and a sentence that names it."""
    assert run(["estimate", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_file_and_a_size_are_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A config.json and a usable size need no catalogue; the speed of an unnamed GPU is unknown."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(CONFIG))
    found = printed(capsys, "mine", "--config", str(path), "--gpu-memory-gib", "8", "--format", "json")
    assert found["fits"] is True
    assert found["tpot_ms"] is None


def test_a_comparison_has_prices_where_they_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    """Each GPU has a row; one without a price in the region says why."""
    words = "Qwen/Qwen3-8B --compare H100,A10G,RTX-4090 --provider aws --region us-east-1 --format json"
    found = printed(capsys, *words.split())
    rows = found["rows"]
    assert isinstance(rows, list)
    assert [row["usd_per_month"] for row in rows] == [5022.4, 734.38, None]


def test_cases_are_answered_one_by_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every line has a result; a broken one an error, and the others are not held up by it."""
    (tmp_path / "model_configs").mkdir()
    (tmp_path / "model_configs" / "mine.json").write_text(json.dumps(CONFIG))
    cases = [
        {
            "id": "a",
            "model": "mine",
            "config": "mine.json",
            "gpu": "NVIDIA-L4",
            "gpus": 1,
            "engine": "vllm",
            "args": {},
        },
        {"id": "b", "model": "mine", "config": "other.json", "gpu": "NVIDIA-L4", "gpus": 1},
        {"id": "c", "model": "Qwen/Qwen3-8B", "gpu": "NVIDIA-H100-80GB-HBM3", "gpus": 1, "load": {"concurrency": "x"}},
        {
            "id": "d",
            "model": "Qwen/Qwen3-8B",
            "gpu_memory_gib": 24.0,
            "gpus": 1,
            "engine_core": "v0",
            "args": {"max_model_len": 2048},
        },
    ]
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join([*map(json.dumps, cases), "{broken", "[]"]))
    found = printed(capsys, "--cases", str(path), "--format", "json")
    results = found["results"]
    assert found["schema"] == "trimtab/estimate-batch/v1"
    assert isinstance(results, list)
    assert [("error" in one) for one in results] == [False, True, True, False, True, True]
    assert results[0]["id"] == "a"
    assert results[0]["fits"] is True
