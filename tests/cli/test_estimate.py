"""`trimtab estimate` as people run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trimtab.catalog import all_gpus
from trimtab.cli.app import run


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the hub out of these tests, whether its client is installed or not, and tables as wide as they are."""
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")


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
        (["Qwen/Qwen3-8B", "--compare", " , "], "--compare"),
        (["Qwen/Qwen3-8B", "--compare", "H100", "--", "-tp", "3"], "attention heads"),
        (["Qwen/Qwen3-8B", "--find", "cheapest", "--rate", "5"], "--ttft-p95"),
        (["Qwen/Qwen3-8B", "--find", "cheapest", "--ttft-p95", "0ms"], "duration"),
        (["Qwen/Qwen3-8B", "--gpu", "NVIDIA-H1OO-80GB-HBM3"], "did you mean NVIDIA-H100-80GB-HBM3"),
        (["Qwen/Qwen3-8B", "--gpu", "H100", "--engine", "foo"], "no engine"),
        (["Qwen/Qwen3-8B", "--gpu", "H100", "--concurrency", "nan"], "nan"),
        (["Qwen/Qwen3-8B", "--gpu", "H100", "--input-tokens", "1e999"], "input-tokens"),
        (["Qwen/Qwen3-8B", "--gpu", "H100", "--", "-tp", "9" * 30], "tensor_parallel_size"),
        (["x", "--config", "/dev/zero", "--gpu", "H100"], "not a plain file"),
        (["x", "--config", "/", "--gpu", "H100"], "config.json"),
        (["--cases", "/dev/zero"], "not a plain file"),
        (["--cases", "/"], "not a plain file"),
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
    """Each GPU has a row with the fewest of it that hold the model; one without a price in the region says why."""
    words = "Qwen/Qwen3-8B --compare H100,A10G,RTX-4090 --provider aws --region us-east-1 --format json"
    found = printed(capsys, *words.split())
    rows = found["rows"]
    assert isinstance(rows, list)
    assert [(row["gpus"], row["usd_per_month"]) for row in rows] == [(1, 5022.4), (2, 2070.28), (2, None)]


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


@pytest.mark.parametrize("evil", ["\x1b[31mred\x07", "\u202egnp", "x" * 100_000, "\udcff"])
@pytest.mark.parametrize("place", ["model", "gpu", "config", "flag", "value", "compare", "region"])
def test_a_terminal_is_safe_from_names(evil: str, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters in any word of the command line are never written as they are, and nothing is raised."""
    words = {
        "model": [evil, "--gpu", "H100"],
        "gpu": ["Qwen/Qwen3-8B", "--gpu", evil],
        "config": [evil, "--config", evil, "--gpu", "H100"],
        "flag": ["Qwen/Qwen3-8B", "--gpu", "H100", "--", f"--{evil}"],
        "value": ["Qwen/Qwen3-8B", "--gpu", "H100", "--", "--quantization", evil],
        "compare": ["Qwen/Qwen3-8B", "--compare", evil],
        "region": ["Qwen/Qwen3-8B", "--compare", "H100", "--region", evil],
    }
    assert run(["estimate", *words[place]]) in {0, 2}
    said = capsys.readouterr()
    for character in ("\x1b[31", "\x07", "\u202e"):
        assert character not in said.out + said.err


def test_a_folder_is_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder with a config.json is read by --config and by its name alone; the source says so."""
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    for words in ([str(tmp_path)], ["mine", "--config", str(tmp_path)]):
        found = printed(capsys, *words, "--gpu", "L4", "--format", "json")
        sources = found["sources"]
        assert isinstance(sources, dict)
        assert str(tmp_path) in str(sources["model"])


def test_an_instance_type_stands_for_its_gpu(capsys: pytest.CaptureFixture[str]) -> None:
    """A cloud's instance type names the GPU that it has."""
    assert printed(capsys, "Qwen/Qwen3-8B", "--gpu", "g6e.xlarge", "--format", "json")["gpu"] == "NVIDIA-L40S"


def test_a_comparison_reads_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """A person sees which GPUs hold the model, how many it takes, and that prices are shares."""
    assert (
        run(["estimate", "meta-llama/Llama-3.1-70B-Instruct", "--compare", "H100,L4,T4", "--region", "us-east-1"]) == 0
    )
    out = capsys.readouterr().out
    assert "4 x H100-80GB-HBM3" in out or "2 x H100-80GB-HBM3" in out
    assert "weights" in out or "KV cache" in out
    assert "on demand" in out


def test_every_gpu_of_the_catalogue_can_be_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """`all` gives a row for each GPU; none is held back by another's reason."""
    found = printed(capsys, "Qwen/Qwen3-8B", "--compare", "all", "--format", "json", "--", "--max-model-len", "8192")
    rows = found["rows"]
    assert isinstance(rows, list)
    assert len(rows) == len(all_gpus())
    assert sum(bool(row["fits"]) for row in rows) > len(rows) / 2


FIND = [
    "--find",
    "cheapest",
    "--ttft-p95",
    "2s",
    "--tpot-p95",
    "80ms",
    "--rate",
    "20",
    "--format",
    "json",
    "--",
    "--max-model-len",
    "8192",
]


def test_the_cheapest_keeps_the_objective(capsys: pytest.CaptureFixture[str]) -> None:
    """Options are sorted by their price, have replicas for the rate on the safe side, and keep both latencies."""
    found = printed(capsys, "Qwen/Qwen3-8B", "--compare", "H100,A100,L4,RTX-4090", "--provider", "aws", *FIND)
    options, rejected = found["options"], found["rejected"]
    assert isinstance(options, list)
    assert isinstance(rejected, list)
    assert found["cheapest"] == options[0]
    costs = [option["usd_per_month"] for option in options]
    assert costs == sorted(costs)
    for option in options:
        sure = option["sure_requests_per_s_per_replica"]
        assert sure <= option["requests_per_s_per_replica"]
        assert sure * option["replicas"] >= 20 > sure * (option["replicas"] - 1)
        assert option["ttft_p95_ms"] <= 2000
        assert option["tpot_p95_ms"] <= 80
    assert any("no price" in one["reason"] for one in rejected if "4090" in one["gpu"])
    assert len(options) + len(rejected) == 16


def test_slices_are_looked_at_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """With --slices a MIG slice is an option or has a reason; without, none is named."""
    words = ["Qwen/Qwen3-0.6B", "--compare", "H100", "--provider", "aws", "--slices", *FIND]
    found = printed(capsys, *words)
    assert "MIG-1g.10gb" in json.dumps(found)
    words.remove("--slices")
    assert "MIG" not in json.dumps(printed(capsys, *words)["options"])


def test_a_search_that_finds_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing that keeps the objective is exit code 1, with the reasons."""
    words = [
        "Qwen/Qwen3-8B",
        "--compare",
        "T4",
        "--find",
        "cheapest",
        "--ttft-p95",
        "1ms",
        "--tpot-p95",
        "1ms",
        "--rate",
        "5",
    ]
    assert run(["estimate", *words]) == 1
    out = capsys.readouterr().out
    assert "nothing that was tried" in out
    assert "8 x Tesla-T4" in out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "x", "model": "Qwen/Qwen3-8B"}', "no GPU is named"),
        ('{"id": "x", "model": "Qwen/Qwen3-8B", "gpu": "H100", "gpus": "two"}', "gpus"),
        ('{"id": "x", "model": "Qwen/Qwen3-8B", "gpu": "H100", "gpus": 1e400}', "gpus"),
        ('{"id": "x", "model": "Qwen/Qwen3-8B", "gpu": "H100", "args": [1]}', "args"),
        ('{"id": "x", "model": "Qwen/Qwen3-8B", "gpu": "H100", "args": {"dtype": {}}}', "args.dtype"),
        (
            '{"id": "x", "model": "Qwen/Qwen3-8B", "gpu": "H100", "args": {"max_num_seqs": 1%s}}' % ("0" * 400),
            "max_num_seqs",
        ),
        ('{"id": "x", "model": "Qwen/Qwen3-8B", "gpu": "H100", "load": {"concurrency": 1}}', "load.input_tokens"),
        ('{"id": "x", "model": "Qwen/Qwen3-8B", "gpu": "H100", "load": "much"}', "load"),
        ('{"id": "x", "model": "Qwen/Qwen3-8B", "gpu": "H100", "engine": "foo"}', "no engine"),
        ('{"id": "x", "model": "Qwen/Qwen3-8B", "gpu_memory_gib": NaN}', "gpu_memory_gib"),
        ('{"id": "x", "model": {"a": 1}, "gpu": "H100"}', "catalogue"),
        ('{"id": "x", "model": "m", "config": "../../../etc/passwd", "gpu": "H100"}', "etc/passwd"),
    ],
)
def test_a_broken_case_says_what_is_broken(
    line: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each kind of mistake in a case is an error of that case, which names it."""
    path = tmp_path / "cases.jsonl"
    path.write_text(line + "\n")
    found = printed(capsys, "--cases", str(path), "--offline")
    (result,) = found["results"] if isinstance(found["results"], list) else []
    assert result["id"] == "x"
    assert said in result["error"]
