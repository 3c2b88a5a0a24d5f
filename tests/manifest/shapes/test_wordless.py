"""Releases without a word of a serving are not read; those whose words stand elsewhere are."""

from __future__ import annotations

import pytest

from trimtab.manifest import Tree, inspect
from trimtab.manifest.shapes import releases

RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: chat, namespace: talk}
spec:
  chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: own}}}
  values: {ctx: 4096}
"""
TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat}
spec:
  selector: {matchLabels: {app: chat}}
  template:
    metadata: {labels: {app: chat}}
    spec:
      containers:
        - name: server
          image: vllm/vllm-openai:v0.10.0
          args: ["--model=acme/chat", "--max-model-len={{ .Values.ctx }}"]
"""


def test_a_release_without_a_word_of_a_serving_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither the object, its values nor a template has such a word, nobody looks at what its values say."""

    def look(*_asked: object) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(releases, "servings_of", look)

    assert inspect(Tree({"release.yaml": RELEASE.encode()})).servings == ()
    with pytest.raises(AssertionError, match="read"):
        inspect(Tree({"release.yaml": RELEASE.replace("ctx:", "maxModelLen:").encode()}))


def test_a_word_in_a_template_of_the_chart_counts() -> None:
    """A release whose values have keys of their own is read where a template of its chart has the words."""
    files = {
        "release.yaml": RELEASE,
        "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
        "chart/values.yaml": "ctx: 1024\n",
        "chart/templates/server.yaml": TEMPLATE,
    }
    found = inspect(Tree({path: text.encode() for path, text in files.items()})).servings

    (release,) = [one for one in found if one.path == "release.yaml"]
    assert release.settings["max_model_len"].value == 4096


def test_a_word_in_a_patch_over_the_object_counts() -> None:
    """A release that gets its words from an overlay's patch is read."""
    patch = RELEASE.replace("  values: {ctx: 4096}", "  values: {vllm: {model: acme/chat, maxModelLen: 2048}}")
    files = {
        "release.yaml": RELEASE,
        "patch.yaml": patch,
        "kustomization.yaml": "resources: [release.yaml]\npatches: [{path: patch.yaml}]\n",
    }
    (found,) = inspect(Tree({path: text.encode() for path, text in files.items()})).servings

    assert found.settings["max_model_len"].value == 2048
