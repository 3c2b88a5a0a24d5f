"""A base and two overlays of it, edited, and what kustomize itself makes of them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.tools import tool
from trimtab.fleet import Scalar
from trimtab.manifest import EditResult, Tree, edit, inspect

Files = Mapping[str, str]

BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat}
spec:
  replicas: 1
  selector: {matchLabels: {app: chat}}
  template:
    metadata: {labels: {app: chat}}
    spec:
      nodeSelector: {nvidia.com/gpu.product: NVIDIA-L4}
      containers:
      - name: proxy
        image: envoyproxy/envoy:v1.30.0
      - name: server
        image: vllm/vllm-openai:v0.11.0
        args: [--model=org/m, --max-model-len=8192, --max-num-seqs, "32", --enforce-eager]
        resources:
          limits: {nvidia.com/gpu: 1, memory: 32Gi}
          requests: {nvidia.com/gpu: 1}
"""
MERGE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat}
spec:
  template:
    spec:
      containers:
      - name: server
        env: [{name: A, value: b}]
"""
"""A strategic merge that says something else of the container."""
OVERLAY = "namePrefix: NAME-\nresources:\n- ../../base\n"
PROD = "overlays/prod/kustomization.yaml"


def files(overlay: str = OVERLAY, base: str = BASE, kustomization: str = "resources: [app.yaml]\n") -> dict[str, str]:
    """Return a base and two overlays of it."""
    found = {"base/app.yaml": base, "base/kustomization.yaml": kustomization}
    return found | {f"overlays/{one}/kustomization.yaml": overlay.replace("NAME", one) for one in ("dev", "prod")}


def tree_of(texts: Files) -> Tree:
    """Return the files as a tree."""
    return Tree({path: text.encode() for path, text in texts.items()})


def subject_in(texts: Files, folder: str = "overlays/prod") -> str:
    """Return the address of the one serving of an overlay."""
    return next(one.subject for one in inspect(tree_of(texts)).servings if one.path.startswith(folder))


def built(texts: Files, folder: str) -> tuple[str, ...]:
    """Return the lines that kustomize makes of a folder; none where it fails."""
    return _built(tuple(sorted(texts.items())), folder)


@cache
def _built(texts: tuple[tuple[str, str], ...], folder: str) -> tuple[str, ...]:
    with TemporaryDirectory() as root:
        for path, text in texts:
            (Path(root) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(root) / path).write_bytes(text.encode())
        command = [tool("kustomize"), "build", f"{root}/{folder}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return tuple(done.stdout.splitlines())


def patched(texts: Files, wanted: Mapping[str, Scalar], folder: str = "overlays/prod") -> dict[str, str]:
    """Return the files after an edit, which changes the overlay's own alone, and nothing when it is made again."""
    subject = subject_in(texts, folder)
    result = edit(tree_of(texts), subject, wanted, "nvidia.com/gpu.product")
    assert isinstance(result, EditResult), result
    assert all(path.startswith(folder) for path in result.files)
    after = {**texts, **{path: data.decode() for path, data in result.files.items()}}
    again = edit(tree_of(after), subject, wanted, "nvidia.com/gpu.product")
    assert isinstance(again, EditResult), again
    assert again.diff == ""
    return after


def changed(before: Files, after: Files, folder: str = "overlays/prod") -> tuple[list[str], list[str]]:
    """Return the lines of a build that are gone and those that are new; `dev` must be built as before."""
    assert built(before, "overlays/dev") == built(after, "overlays/dev")
    old, new = built(before, folder), built(after, folder)
    assert new
    gone = [line.strip() for line in old if line not in new]
    return gone, [line.strip() for line in new if line not in old]
