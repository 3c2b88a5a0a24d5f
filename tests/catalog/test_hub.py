"""Models fetched from a hub, with the real client against a hub on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.catalog.fake_hub import COMMIT, Hub, serving
from trimtab.catalog.hub import MOST_BYTES, fetch_model
from trimtab.fleet import Found, Model, Unknown

constants = pytest.importorskip("huggingface_hub.constants", reason="huggingface_hub is not installed")
NAME = "acme/tiny"
CONFIG = json.dumps({"model_type": "llama", "hidden_size": 64}).encode()
HEADER = json.dumps(
    {"__metadata__": {}, "a.weight": {"dtype": "BF16", "shape": [4, 2], "data_offsets": [0, 16]}}
).encode()
WEIGHTS = len(HEADER).to_bytes(8, "little") + HEADER + bytes(16)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one small model, and an empty cache."""
    files = {f"{NAME}/config.json": CONFIG, f"{NAME}/README.md": b"a model", f"{NAME}/modeling.py": b"raise SystemExit"}
    with serving(Hub(files)) as one:
        monkeypatch.setattr(constants, "ENDPOINT", one.url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", one.url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield one


def model(name: str, *, offline: bool = False) -> Model:
    """Return a model that must be found."""
    found = fetch_model(name, offline=offline)
    assert isinstance(found, Found), found
    return found.value


def refusal(name: str, *, offline: bool = False) -> str:
    """Return why a model was not found."""
    found = fetch_model(name, offline=offline)
    assert isinstance(found, Unknown), found
    return found.reason


@pytest.mark.parametrize("name", [NAME, f"hf://{NAME}", f"{NAME}@main", f"{NAME}:{COMMIT}"])
def test_a_model_is_fetched_at_a_commit(hub: Hub, name: str) -> None:
    """The configuration comes with the commit it was read at; neither code nor weights are asked for."""
    found = model(name)
    assert json.loads(found.config_json)["hidden_size"] == 64
    assert found.name == NAME
    assert COMMIT[:12] in found.source
    assert not [line for line in hub.asked if ".py" in line or "README" in line]
    assert all(
        f"/resolve/{COMMIT}/" in line for line in hub.asked if "/resolve/" in line and "/config.json" not in line
    )


def test_what_was_fetched_needs_no_network(hub: Hub) -> None:
    """A second look offline finds the same configuration and asks nothing; what was never fetched is unknown."""
    first = model(NAME)
    hub.asked.clear()
    assert model(NAME, offline=True) == first
    assert "not fetched before" in refusal("acme/other", offline=True)
    assert hub.asked == []


def test_the_library_s_own_offline_switch_holds(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """With HF_HUB_OFFLINE nothing is asked."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "not fetched before" in refusal(NAME)
    assert hub.asked == []


def test_quantisation_and_tensors_come_along(hub: Hub) -> None:
    """The optimiser's companion file is joined; of the weights only the header is read."""
    hub.files[f"{NAME}/hf_quant_config.json"] = json.dumps({"quantization": {"quant_algo": "FP8"}}).encode()
    hub.files[f"{NAME}/model.safetensors"] = WEIGHTS
    hub.files[f"{NAME}/consolidated.safetensors"] = WEIGHTS
    found = model(NAME)
    assert json.loads(found.config_json)["quantization_config"]["quant_algo"] == "FP8"
    assert json.loads(found.tensors_json) == {"a.weight": ["BF16", [4, 2]]}


def test_an_index_tells_the_size(hub: Hub) -> None:
    """The index gives the bytes of all tensors, and names the files whose headers are read."""
    index = {"metadata": {"total_size": 16}, "weight_map": {"a.weight": "model-00001-of-00001.safetensors"}}
    hub.files[f"{NAME}/model.safetensors.index.json"] = json.dumps(index).encode()
    hub.files[f"{NAME}/model-00001-of-00001.safetensors"] = WEIGHTS
    found = model(NAME)
    assert found.checkpoint_bytes == 16
    assert "a.weight" in found.tensors_json


def test_an_index_that_leaves_the_repository_is_not_followed(hub: Hub) -> None:
    """File names with folders in them are not asked for; the configuration stands without them."""
    index = {"metadata": {"total_size": -1}, "weight_map": {"a": "../../../etc/passwd", "b": "http://127.0.0.1/x"}}
    hub.files[f"{NAME}/model.safetensors.index.json"] = json.dumps(index).encode()
    found = model(NAME)
    assert (found.checkpoint_bytes, found.tensors_json) == (0, "")
    assert not [line for line in hub.asked if "passwd" in line]


def test_a_token_opens_a_gated_model(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token a gated model says what to do; with HF_TOKEN it is read."""
    hub.gated.add(NAME)
    assert "HF_TOKEN" in refusal(NAME)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert model(NAME).name == NAME
    assert "Bearer hf_secret" in hub.tokens


def _huge(hub: Hub) -> None:
    hub.files[f"{NAME}/config.json"] = b'{"a": "' + b"x" * MOST_BYTES["config.json"] + b'"}'


def _page(hub: Hub) -> None:
    hub.files[f"{NAME}/config.json"] = b"<html>Sign in</html>"


def _binary(hub: Hub) -> None:
    hub.files[f"{NAME}/config.json"] = b"\xff\xfe\x00\x01"


def _list(hub: Hub) -> None:
    hub.files[f"{NAME}/config.json"] = b"[]"


def _deep(hub: Hub) -> None:
    hub.files[f"{NAME}/config.json"] = b"[" * 100_000


def _api_page(hub: Hub) -> None:
    hub.raw[NAME] = b"<html>503</html>"


def _bare(hub: Hub) -> None:
    del hub.files[f"{NAME}/config.json"]


def _circle(hub: Hub) -> None:
    hub.redirects[f"{NAME}/config.json"] = f"{hub.url}/{NAME}/resolve/{COMMIT}/config.json"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_huge, "longer"),
        (_page, "no JSON"),
        (_binary, "no text"),
        (_list, "no JSON object"),
        (_deep, "no JSON"),
        (_api_page, "no JSON"),
        (_bare, "no config.json"),
        (_circle, NAME),
    ],
)
def test_a_bad_answer_is_a_reason(hub: Hub, spoil: Callable[[Hub], None], said: str) -> None:
    """Whatever a hub answers, the model is found or unknown with a reason; nothing is raised."""
    spoil(hub)
    assert said in refusal(NAME)


@pytest.mark.parametrize(
    ("name", "said"),
    [("acme/absent", "not there"), (f"{NAME}@v9", "no such revision"), ("/models/tiny", "no id"), ("a/../b", "no id")],
)
def test_what_is_not_there_is_unknown(hub: Hub, name: str, said: str) -> None:
    """Absent models and revisions are told apart; a path is never asked for."""
    assert said in refusal(name)
    assert all("models/tiny" not in line or NAME in line for line in hub.asked)


def test_a_redirect_takes_no_token_along(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a hub sends the request elsewhere, the other side does not see the token."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with serving(Hub({f"{NAME}/config.json": CONFIG})) as other:
        hub.redirects[f"{NAME}/config.json"] = f"{other.url}/{NAME}/resolve/main/config.json"
        fetch_model(NAME)
    assert "Bearer hf_secret" in hub.tokens
    assert set(other.tokens) <= {""}


def test_a_hub_that_is_away_is_a_reason(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody listens, the model is unknown, unless it was fetched before."""
    before = model(NAME)
    hub.asked.clear()
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", "http://127.0.0.1:9/{repo_id}/{revision}/{filename}")
    assert model(NAME) == before
    assert "reached" in refusal("acme/other")
    assert hub.asked == []
