"""Which model a workload serves."""

from __future__ import annotations

import json

from trimtab.fleet import Found, Serving, Unknown
from trimtab.join.settings import model_of

CONFIG = json.dumps({"model_type": "llama", "hidden_size": 64})


def serving(config: str) -> Serving:
    """Return a declaration that names a configuration."""
    place = {
        "subject": "a",
        "repository": "r",
        "path": "apps/chat.yaml",
        "api_version": "apps/v1",
        "kind": "Deployment",
    }
    about = {"namespace": "llm", "name": "chat", "container": "vllm", "wrapper": "plain", "engine": "vllm"}
    return Serving(document=0, settings={}, model_config=config, **place, **about)


def test_the_repository_s_own_description_comes_first() -> None:
    """A configuration in Git holds whatever the model is called; a name that tells a quantisation still fills it in."""
    found = model_of({"model": "/mnt/models/ours-AWQ"}, ["Qwen/Qwen3-8B"], serving(CONFIG))
    assert isinstance(found, Found)
    tree = json.loads(found.value.config_json)
    assert (tree["hidden_size"], tree["quantization_config"]["quant_method"]) == (64, "awq")
    assert found.value.name == "/mnt/models/ours-AWQ"
    assert "apps/chat.yaml" in found.source


def test_without_one_the_names_are_looked_up() -> None:
    """The flag comes before the served names; where nobody knows the model, it is unknown."""
    by_name = model_of({"model": "/mnt/models/ours"}, ["Qwen/Qwen3-8B"], serving(""))
    assert isinstance(by_name, Found)
    assert by_name.value.name == "Qwen/Qwen3-8B"
    assert isinstance(model_of({"model": "/mnt/models/ours"}, [], Unknown("no declaration")), Unknown)
