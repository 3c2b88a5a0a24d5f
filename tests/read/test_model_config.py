"""Models that a repository describes itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from trimtab.config import Repository
from trimtab.fleet import Serving
from trimtab.read.git import Checkout, read_repository

CONFIG = '{"model_type": "llama", "hidden_size": 64}'
MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: chat
  namespace: llm
  annotations:
    trimtab.dev/model-config: "%s"
spec:
  selector: {matchLabels: {app: chat}}
  template:
    metadata: {labels: {app: chat}}
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai:v0.9.1
          args: [--model=/mnt/models/ours, --max-model-len=4096]
          resources: {limits: {nvidia.com/gpu: 1}}
"""


def read(root: Path, named: str) -> Checkout:
    """Return what is read of a folder whose workload names a configuration."""
    (root / "apps").mkdir(exist_ok=True)
    (root / "apps" / "chat.yaml").write_text(MANIFEST % named)
    return read_repository(Repository(path="."), root, root.parent / "work")


def only(found: Checkout) -> Serving:
    """Return the one serving of a repository."""
    (serving,) = found.facts.servings
    return serving


@pytest.mark.parametrize(
    "named", ["models/ours/config.json", "/models/ours", "./../models/ours", "../models/ours/config.json"]
)
def test_the_configuration_comes_with_the_workload(tmp_path: Path, named: str) -> None:
    """A path is relative to the root, or to the manifest where it starts with a dot; a folder means its config.json."""
    root = tmp_path / "ops"
    (root / "models" / "ours").mkdir(parents=True)
    (root / "models" / "ours" / "config.json").write_text(CONFIG)
    found = read(root, named)
    assert only(found).model_config == CONFIG
    assert found.facts.gaps == ()


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ("../../../../etc/passwd", "leaves the repository"),
        ("models/../../../etc/passwd", "leaves the repository"),
        (".git/config", "leaves the repository"),
        ("absent.json", "No such file"),
        ("link.json", "link"),
        ("linked/config.json", "link"),
        ("large.json", "no plain file"),
        ("binary.json", "not UTF-8"),
        ("a\\\\0b", "cannot be read"),
    ],
)
def test_what_cannot_be_had_is_a_gap(tmp_path: Path, named: str, reason: str) -> None:
    """A path that leaves the repository, a link, or a file that is none is said, and nothing is read."""
    root = tmp_path / "ops"
    root.mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "config.json").write_text(CONFIG)
    (root / "link.json").symlink_to(outside / "config.json")
    (root / "linked").symlink_to(outside)
    (root / "large.json").write_text(" " * (3 << 20))
    (root / "binary.json").write_bytes(b"\xff\xfe")
    found = read(root, named)
    assert only(found).model_config == ""
    (gap,) = found.facts.gaps
    assert reason in gap.reason
    assert "trimtab.dev/model-config" in gap.reason
