from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.manifest.samples import DEPLOYMENT
from trimtab.manifest import Tree, inspect
from trimtab.manifest.share import shared_out

OVERLAY = "resources: [../base]\nnameSuffix: -{0}\npatches: [{{path: patch.yaml}}]\n"
PATCH = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: chat}\nspec: {replicas: 3}\n"
SCALER = (
    "kind: HorizontalPodAutoscaler\napiVersion: autoscaling/v2\nmetadata: {{name: h}}\nspec: {{maxReplicas: {0}}}\n"
)


def tree() -> dict[str, bytes]:
    """Return files enough for several parts, of which many lean on others in other parts."""
    files = {"base/kustomization.yaml": "resources: [chat.yaml]\n", "base/chat.yaml": DEPLOYMENT}
    for number in range(260):
        files[f"o{number:03}/kustomization.yaml"] = OVERLAY.format(number) if number % 9 == 0 else "a: [\n"
        files[f"o{number:03}/patch.yaml"] = PATCH
        files[f"p{number:03}/chat.yaml"] = DEPLOYMENT.replace("8192", str(number + 1))
        files[f"p{number:03}/scaler.yaml"] = SCALER.format(number)
    return {path: text.encode() for path, text in files.items()}


def test_the_answer_does_not_depend_on_who_works() -> None:
    """One process and three, and files in any order, find the same servings and the same broken files."""
    files = tree()
    alone = inspect(Tree(files), "r", 1)

    assert inspect(Tree(files), "r", 3) == alone
    assert inspect(Tree(dict(reversed(files.items()))), "r", 2) == alone
    assert len(alone.servings) > 260
    assert len(alone.unreadable) == 231


def _dying() -> Callable[[Sequence[str]], int]:
    """Make a worker that ends its process, as a machine out of memory does; the first process is spared."""
    home = os.environ["TRIMTAB_TEST_PID"]

    def work(paths: Sequence[str]) -> int:
        if str(os.getpid()) != home:
            os._exit(9)
        return len(paths)

    return work


def test_a_process_that_dies_costs_time_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where a helper is killed, the first process does all of the work."""
    monkeypatch.setenv("TRIMTAB_TEST_PID", str(os.getpid()))

    assert sum(shared_out(_dying, [str(tmp_path)] * 1000, 2)) == 1000
