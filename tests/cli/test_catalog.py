"""`trimtab catalog` as people run it; prices are fetched from servers on loopback."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from trimtab.cli.app import run

AT = "2026-11-21T00:00:00Z"
HEADER = "provider,region,gpu,usd_per_gpu_hour\n"


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    """Run the command with `--format json` and return its document."""
    assert run(["catalog", *words, "--format", "json"]) == 0
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "gpus", "h100"), "1g.10gb"),
        (("show", "h100"), "1g.10gb"),
        (("show", "Qwen/Qwen3-8B"), "hidden_size"),
        (("show", "gpus"), "NVIDIA-L4"),
        (("show", "models", "Qwen/Qwen3-8B"), "hidden_size"),
        (("show", "models"), "Qwen/Qwen3-8B"),
        (("show", "instances", "p5.48xlarge"), "NVIDIA-H100-80GB-HBM3"),
        (("show", "instances", "L40S"), "g6e.xlarge"),
        (("show", "prices", "aws"), "us-east-1"),
        (("show", "prices", "eastus"), "days old"),
        (("show", "prices", "T4"), "GCP"),
    ],
)
def test_entries_are_shown(words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind has a table, and a name picks out what it means."""
    assert run(["catalog", *words, "--at", AT]) == 0
    assert said in capsys.readouterr().out


def test_the_document_has_sources_and_ages(capsys: pytest.CaptureFixture[str]) -> None:
    """Prices come with source, date, licence and age on the day that is asked about; the gap is stated."""
    found = printed(capsys, "show", "prices", "g5.xlarge", "--at", AT)
    assert found["schema"] == "trimtab/catalog/v1"
    assert found["entries"] == [
        {
            "provider": "aws",
            "region": "us-east-1",
            "instance_type": "g5.xlarge",
            "gpu": "NVIDIA-A10G",
            "gpus": 1,
            "usd_per_hour": 1.006,
            "usd_per_gpu_hour": 1.006,
        }
    ]
    sources = found["sources"]
    assert isinstance(sources, list)
    assert all({"date", "licence", "age_days", "source"} <= set(one) for one in sources)
    assert "GCP" in str(found["missing"])


def test_what_could_not_be_opened_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    """A GPU says which of its figures stand on a source that was not opened."""
    entries = printed(capsys, "show", "gpus")["entries"]
    assert isinstance(entries, list)
    marked = {str(one["name"]): one["unverified"] for one in entries}
    assert marked["NVIDIA-H100-80GB-HBM3"] == []
    assert "figures" in marked["NVIDIA-H20"]


@pytest.mark.parametrize("words", [("gpus", "GTX"), ("models", "no/model"), ("instances", "x"), ("prices", "mars")])
def test_what_is_not_there_is_said(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """A name that nothing has is a mistake that is named."""
    assert run(["catalog", "show", *words]) == 2
    assert words[1] in capsys.readouterr().err


def test_the_bundled_data_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    """The catalogue has no problems on a day near its own; much later its prices are stale, which is exit 1."""
    assert run(["catalog", "check", "--at", AT]) == 0
    assert "no problems" in capsys.readouterr().out
    assert run(["catalog", "check", "--at", "2028-01-01T00:00:00Z"]) == 1
    assert "days old" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER + "aws,us-east-1,H100,5\n", ""),
        ("gpu,price\nH100,5\n", ":1: no column"),
        ("", ":1: no column"),
        (HEADER + "aws,us-east-1,GTX 99,5\n", ":2: no GPU named"),
        (HEADER + "aws,us-east-1,H100,many\n", ":2: usd_per_gpu_hour is 'many'"),
        (HEADER + "aws,us-east-1,H100,-1\n", "not from 0"),
        (HEADER + "aws,us-east-1,H100,nan\n", "not from 0"),
        (HEADER + "aws,us-east-1,H100\n", ":2: usd_per_gpu_hour"),
        (HEADER + "aws,us-east-1,H100,5\naws,us-east-1,h100,6\n", ":3: the same price as in line 2"),
        (HEADER + "aws,us-east-1,NVIDIA-H100-80GB-HBM3-MIG-1g.10gb,1\n", "a part of a GPU"),
        (HEADER + 'aws,"us-east-1,H100,5\n', "no GPU named"),
    ],
)
def test_an_operators_price_file_is_checked(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each mistake is named with its line; a sound file has none."""
    path = tmp_path / "prices.csv"
    path.write_text(text)
    assert run(["catalog", "check", str(path)]) == (1 if said else 0)
    assert (said or "no problems") in capsys.readouterr().out


def test_a_model_s_file_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A configuration or its folder is read; what is none is a problem, as JSON too."""
    (tmp_path / "config.json").write_text("{}")
    assert run(["catalog", "check", str(tmp_path)]) == 0
    (tmp_path / "config.json").write_text("[")
    capsys.readouterr()
    assert run(["catalog", "check", str(tmp_path), "/dev/zero", "--format", "json"]) == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [one["where"] for one in problems] == [str(tmp_path), "/dev/zero"]


# ------------------------------------------------------------------------------------------------------------ update

Answers = dict[str, tuple[int, bytes]]


@pytest.fixture
def web() -> Iterator[tuple[str, Answers]]:
    """A server with answers by path, and its address."""
    answers: Answers = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path.partition("?")[0], (404, b""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", answers
    server.shutdown()
    thread.join()
    server.server_close()


MODULE = "github.com/aws/karpenter-provider-aws"
TABLE = """var InitialOnDemandPricesAWS = map[string]map[ec2types.InstanceType]float64{
\t// us-east-1
\t"us-east-1": {
\t\t// g5 family
\t\t"g5.xlarge": 1.006000, "g5.12xlarge": 5.672000, "c5.xlarge": 0.170000,
\t},
\t"us-gov-east-1": {
\t\t"g5.xlarge": 9.000000,
\t},
}
"""


def karpenter(answers: Answers, content: bytes = TABLE.encode(), name: str = "v1.10.0") -> None:
    """Let the server answer as a Go module proxy."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"{MODULE}@{name}/pkg/providers/pricing/zz_generated.pricing_aws.go", content)
    answers[f"/{MODULE}/@v/list"] = (200, f"v1.9.9\n{name}\nv2.0.0-rc.1\nnonsense\n".encode())
    answers[f"/{MODULE}/@v/{name}.zip"] = (200, archive.getvalue())


def item(sku: str, usd: float, product: str = "Virtual Machines NC Series", name: str = "NC") -> dict[str, object]:
    """Return one entry as Azure's price list has it."""
    return {
        "armSkuName": sku,
        "retailPrice": usd,
        "currencyCode": "USD",
        "unitOfMeasure": "1 Hour",
        "productName": product,
        "skuName": name,
    }


def test_aws_prices_come_from_the_newest_release(
    web: tuple[str, Answers], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest release's table of us-east-1 becomes the lowest price for each GPU; other rows of the file stay."""
    address, answers = web
    karpenter(answers)
    out = tmp_path / "prices.csv"
    out.write_text(HEADER + "mine,dc1,H100,2.5\naws,us-east-1,NVIDIA-A10G,99\n")
    for _ in range(2):
        assert run(["catalog", "update", "aws", "--from", address, "--out", str(out)]) == 0
        assert out.read_text() == HEADER + "mine,dc1,H100,2.5\naws,us-east-1,NVIDIA-A10G,1.006\n"
    assert run(["catalog", "check", str(out)]) == 0
    capsys.readouterr()
    found = printed(capsys, "update", "aws", "--from", address, "--out", str(out))
    assert (found["gpus"], found["rows_kept"]) == ({"NVIDIA-A10G": 1.006}, 1)
    assert "v1.10.0" in str(found["source"])
    assert [path.name for path in tmp_path.iterdir()] == ["prices.csv"]


def test_azure_prices_are_of_linux_on_demand(web: tuple[str, Answers], tmp_path: Path) -> None:
    """Pages are followed; Windows, spot and low priority are not the price."""
    address, answers = web
    size = "Standard_NC4as_T4_v3"
    first = [item(size, 0.2, name="NC4as T4 v3 Spot"), item(size, 0.7, product="NC Series Windows"), "x", {}]
    answers["/"] = (200, json.dumps({"Items": first, "NextPageLink": f"{address}/two"}).encode())
    answers["/two"] = (200, json.dumps({"Items": [item(size, 0.526)], "NextPageLink": None}).encode())
    out = tmp_path / "prices.csv"
    words = ["catalog", "update", "azure", "--region", "eastus", "--from", f"{address}/", "--out", str(out)]
    assert run(words) == 0
    assert out.read_text() == HEADER + "azure,eastus,Tesla-T4,0.526\n"


def _nothing(answers: Answers) -> None:
    answers.clear()


def _page(answers: Answers) -> None:
    answers["/"] = (200, b"<html>")


def _elsewhere(answers: Answers) -> None:
    answers["/"] = (200, json.dumps({"Items": [], "NextPageLink": "http://127.0.0.2:1/x"}).encode())


def _circle(answers: Answers) -> None:
    answers["/"] = (200, json.dumps({"Items": [item("x", 1)], "NextPageLink": ""}).encode())


@pytest.mark.parametrize("spoil", [_nothing, _page, _elsewhere, _circle])
@pytest.mark.parametrize("provider", ["aws", "azure"])
def test_a_bad_source_changes_nothing(
    spoil: Callable[[Answers], None], provider: str, web: tuple[str, Answers], tmp_path: Path
) -> None:
    """Where the source fails or answers with something else, the exit code is 3 and the file stays as it was."""
    address, answers = web
    spoil(answers)
    out = tmp_path / "prices.csv"
    out.write_text(HEADER)
    words = ["catalog", "update", provider, "--from", f"{address}/", "--out", str(out)]
    assert run([*words, "--region", "eastus" if provider == "azure" else ""]) == 3
    assert out.read_text() == HEADER


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b'"us-east-1": {}'])
def test_a_table_of_another_form_is_refused(content: bytes, web: tuple[str, Answers], tmp_path: Path) -> None:
    """A release whose table cannot be read gives no prices."""
    address, answers = web
    karpenter(answers, content)
    assert run(["catalog", "update", "aws", "--from", address, "--out", str(tmp_path / "p.csv")]) == 3
    assert not (tmp_path / "p.csv").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["azure"], "--region"),
        (["azure", "--region", "a'b or 1"], "by region"),
        (["aws", "--region", "eu-west-1"], "us-east-1"),
        (["aws", "--from", "file:///etc"], "address"),
    ],
)
def test_what_cannot_be_asked_for(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A region that the source has not, or an address that is none, is wrong usage."""
    assert run(["catalog", "update", *words]) == 2
    assert said in capsys.readouterr().err


def test_another_file_is_not_overwritten(web: tuple[str, Answers], tmp_path: Path) -> None:
    """A file that is there and is no price file is left alone."""
    address, answers = web
    karpenter(answers)
    out = tmp_path / "notes.txt"
    out.write_text("mine")
    assert run(["catalog", "update", "aws", "--from", address, "--out", str(out)]) == 2
    assert out.read_text() == "mine"
