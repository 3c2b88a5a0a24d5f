"""Models from files and folders, with what stands beside their configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trimtab.catalog.folder import read_model
from trimtab.fleet import Found, Model, Unknown

CONFIG = json.dumps({"model_type": "llama", "hidden_size": 64})
SHARD = "model-00001-of-00002.safetensors"


def header(**tensors: list[int]) -> bytes:
    """Return the beginning of a safetensors file with 16-bit tensors of these shapes."""
    entries = {name: {"dtype": "BF16", "shape": shape, "data_offsets": [0, 0]} for name, shape in tensors.items()}
    text = json.dumps({"__metadata__": {"format": "pt"}, **entries}).encode()
    return len(text).to_bytes(8, "little") + text


def model(path: Path, name: str = "") -> Model:
    """Return a model that must be readable."""
    found = read_model(path, name)
    assert isinstance(found, Found), found
    return found.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration."""
    one = tmp_path / "tiny"
    one.mkdir()
    (one / "config.json").write_text(CONFIG)
    return one


def test_a_folder_and_its_file_are_the_same_model(folder: Path) -> None:
    """Either is named by the folder, and says which file it was read from."""
    assert model(folder) == model(folder / "config.json")
    assert model(folder).name == "tiny"
    assert model(folder).source.endswith("config.json")


def test_a_companion_is_joined(folder: Path) -> None:
    """The optimiser's quantisation stands in a file of its own, beside config.json or by another file's name."""
    quantisation = json.dumps({"quantization": {"quant_algo": "NVFP4"}})
    (folder / "hf_quant_config.json").write_text(quantisation)
    (folder / "mine.json").write_text(CONFIG)
    (folder / "mine.hf_quant.json").write_text(quantisation)
    for one in (model(folder), model(folder / "mine.json")):
        assert json.loads(one.config_json)["quantization_config"]["quant_algo"] == "NVFP4"


def test_a_name_fills_in_the_quantisation(folder: Path) -> None:
    """A name that tells a scheme gives it to a configuration that has none."""
    assert "awq" in model(folder, "acme/tiny-AWQ").config_json


def test_headers_give_every_tensor_once(folder: Path) -> None:
    """The files that the index names are read; a second copy of the weights is not counted."""
    index = {"metadata": {"total_size": 48}, "weight_map": {"a": SHARD, "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / SHARD).write_bytes(header(a=[4, 2]))
    (folder / "model-00002-of-00002.safetensors").write_bytes(header(b=[16]))
    (folder / "consolidated.safetensors").write_bytes(header(c=[99]))
    found = model(folder)
    assert found.checkpoint_bytes == 48
    assert json.loads(found.tensors_json) == {"a": ["BF16", [4, 2]], "b": ["BF16", [16]]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 8,
        (1 << 60).to_bytes(8, "little"),
        (4).to_bytes(8, "little") + b"null",
        (9).to_bytes(8, "little") + b'{"a": 1}x',
        header(a=[-1]),
        b"version https://git-lfs.github.com/spec/v1\n",
    ],
)
def test_a_broken_header_is_no_half_of_a_model(folder: Path, content: bytes) -> None:
    """Where one file cannot be read no tensor counts, and the configuration stands alone."""
    (folder / SHARD).write_bytes(header(a=[4, 2]))
    (folder / "model-00002-of-00002.safetensors").write_bytes(content)
    assert model(folder).tensors_json == ""


@pytest.mark.parametrize(
    "index", ["[]", "{", '{"weight_map": {"a": "../../x.safetensors"}}', '{"metadata": {"total_size": "9"}}']
)
def test_a_broken_index_says_nothing(folder: Path, index: str) -> None:
    """An index of another form, or one that leaves the folder, gives neither size nor tensors."""
    (folder / "model.safetensors.index.json").write_text(index)
    assert (model(folder).checkpoint_bytes, model(folder).tensors_json) == (0, "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no JSON"),
        (b"[]", "no JSON object"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 50_000, "no JSON"),
        (b"{" + b" " * (4 << 20) + b"}", "longer than"),
    ],
)
def test_a_broken_configuration_is_a_reason(folder: Path, content: bytes, said: str) -> None:
    """What is no configuration is unknown, with the reason."""
    (folder / "config.json").write_bytes(content)
    found = read_model(folder)
    assert isinstance(found, Unknown)
    assert said in found.reason


@pytest.mark.parametrize(("path", "said"), [("/dev/zero", "not a plain file"), ("absent.json", "no such file")])
def test_what_is_no_file_is_not_read(path: str, said: str) -> None:
    """A device is never read, however small it says it is."""
    found = read_model(Path(path))
    assert isinstance(found, Unknown)
    assert said in found.reason


def test_a_folder_without_a_configuration_is_unknown(tmp_path: Path) -> None:
    """An empty folder names the file that is missing."""
    found = read_model(tmp_path)
    assert isinstance(found, Unknown)
    assert "config.json" in found.reason
