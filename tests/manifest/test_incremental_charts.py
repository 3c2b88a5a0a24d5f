"""A chart whose templates change is inspected anew, whatever of it changed."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from trimtab.fleet import Serving
from trimtab.manifest.incremental import inspect_again
from trimtab.manifest.notebook import Notebook

TEMPLATE = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: chat}\nspec:\n  template:\n    spec:\n      containers:\n"
    "        - name: engine\n          image: vllm/vllm-openai:v0.10.0\n"
    '          args: ["--model={{ .Values.weights }}", "--max-model-len={{ include "ctx" . }}"]\n'
)
HELPER = '{{ define "ctx" }}{{ .Values.KEY }}{{ end }}'
FIRST = {
    "chat/Chart.yaml": "name: chat\nversion: 0.1.0\n",
    "chat/values.yaml": "weights: org/a\nctx: 8192\nother: 4096\n",
    "chat/values-prod.yaml": "weights: org/prod\n",
    "chat/templates/deployment.yaml": TEMPLATE,
    "chat/templates/_helpers.tpl": HELPER.replace("KEY", "ctx"),
    "all/Chart.yaml": "name: all\nversion: 0.1.0\ndependencies: [{name: chat, repository: 'file://../chat'}]\n",
    "all/values.yaml": "chat: {weights: org/b}\n",
}
STEPS: tuple[dict[str, str], ...] = (
    {"chat/templates/_helpers.tpl": HELPER.replace("KEY", "other")},
    {"chat/templates/deployment.yaml": TEMPLATE.replace("weights", "name")},
    {"chat/templates/deployment.yaml": TEMPLATE},
    {"chat/values.yaml": "weights: org/c\nctx: 1\nother: 2\n"},
    {"chat/templates/_helpers.tpl": "{{ if }}"},
    {"chat/templates/_helpers.tpl": HELPER.replace("KEY", "ctx")},
    {"chat/Chart.yaml": ""},
    {"chat/Chart.yaml": "name: chat\nversion: 0.1.0\n"},
    {"chat/templates/deployment.yaml": ""},
    {"chat/templates/deployment.yaml": TEMPLATE, "all/Chart.yaml": "name: all\nversion: 0.1.0\n"},
)
_NUMBER = itertools.count(1)


def write(root: Path, files: dict[str, str]) -> None:
    """Write files, each with a stamp of its own; an empty one goes."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        stamp_ns = next(_NUMBER) * 1_000_000_000
        os.utime(path, ns=(stamp_ns, stamp_ns))
        if not text:
            path.unlink()


def tell(serving: Serving) -> str:
    """Return all that is found of a serving."""
    return repr(serving)


def test_what_was_read_of_a_chart_rests_on_its_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each change of a template, a helper or a chart, what is told with what was kept is what is told without."""
    monkeypatch.setattr("trimtab.manifest.incremental.is_settled", lambda _found, _now: True)
    write(tmp_path, FIRST)
    book = inspect_again(tmp_path, Notebook.empty(), tell, 1)
    told = {tuple(book.servings)}

    for step in STEPS:
        write(tmp_path, step)
        book = inspect_again(tmp_path, book, tell, 1)
        fresh = inspect_again(tmp_path, Notebook.empty(), tell, 1)
        assert tuple(book.servings) == tuple(fresh.servings)
        told.add(tuple(book.servings))

    assert len(told) > len(STEPS) // 2
