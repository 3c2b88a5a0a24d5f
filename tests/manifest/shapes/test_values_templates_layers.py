"""Charts that lie below or beside others, models they range over, and what is laid over their values."""

from __future__ import annotations

import pytest

from tests.manifest.samples import said
from tests.manifest.shapes.test_values_templates import chart, settings
from trimtab.manifest import Tree, inspect

LISTED = """\
{{- range $name, $one := .Values.fleet }}
{{- if $one.live }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ $name }}}
spec:
  replicas: {{ $one.count | default $.Values.usual }}
  template:
    spec:
      containers:
        - name: engine
          image: vllm/vllm-openai:v0.10.0
          args: ["--model", {{ $one.weights | quote }}, "--tensor-parallel-size={{ $one.cards }}"]
          resources: {{- toYaml $one.asks | nindent 12 }}
{{- end }}
{{- end }}
"""


def test_each_item_of_a_mapping_that_templates_range_over_serves() -> None:
    """An item that is switched off writes nothing; a value that all items share is said for each that has no own."""
    values = (
        "usual: 2\nfleet:\n"
        "  small: {live: true, weights: org/s, cards: 1, asks: {limits: {nvidia.com/gpu: 1}}}\n"
        "  large: {live: true, weights: org/l, cards: 4, count: 1, asks: {limits: {nvidia.com/gpu: 4}}}\n"
        "  spare: {live: false, weights: org/x, cards: 4, asks: {limits: {nvidia.com/gpu: 4}}}\n"
    )

    found = settings(chart(values, LISTED))

    assert {name: (one["model"], one["replicas"], one["gpu_count"]) for name, one in found.items()} == {
        "small": ("org/s", 2, 1),
        "large": ("org/l", 1, 4),
    }


def test_a_chart_below_a_chart_is_given_its_part_of_the_values() -> None:
    """The same chart may stand below another twice, under two names; each has its own part."""
    above = {
        "all/Chart.yaml": "apiVersion: v2\nname: all\nversion: 0.1.0\ndependencies:\n"
        "  - {name: chat, alias: one, repository: file://../chat}\n"
        "  - {name: chat, alias: two, repository: file://../chat, condition: two.on}\n",
        "all/values.yaml": "one: {llm: {weights: org/a}, cards: 1}\ntwo: {on: true, llm: {weights: org/b}, cards: 8}\n",
    }
    files = {**chart(), **{path: text.encode() for path, text in above.items()}}

    found = {one.container: said(one) for one in inspect(Tree(files)).servings if one.path == "all/values.yaml"}

    assert found == {"one": {"model": "org/a", "gpu_count": 1}, "two": {"model": "org/b", "gpu_count": 8}}


def test_a_file_that_is_laid_over_the_charts_own_is_read_with_them() -> None:
    """A file says what stands in it; the rest comes from the chart's own values, and is not the file's."""
    files = chart(chat__values_prod="").copy()
    del files["chat/values_prod"]
    files["chat/values-prod.yaml"] = b"serving: {ctx: 4096}\ncards: 4\n"

    found = [one for one in inspect(Tree(files)).servings if one.path == "chat/values-prod.yaml"]

    assert [said(one) for one in found] == [{"max_model_len": 4096, "gpu_count": 4}]


APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: prod}
spec:
  destination: {namespace: llm, server: "https://kubernetes.default.svc"}
  source:
    repoURL: https://git.example/charts.git
    path: chat
    helm:
      parameters: [{name: serving.share, value: "0.8"}]
      valuesObject:
        serving: {ctx: 4096}
"""


def test_what_a_release_says_is_read_with_its_charts_templates() -> None:
    """Values and parameters of a release are settings by what the templates make of them, and win over the chart's."""
    found = {one.path: one for one in inspect(Tree(chart(**{"app.yaml": APPLICATION}))).servings}
    release = {field: (one.value, one.location.path, one.via) for field, one in found["app.yaml"].settings.items()}

    assert release["max_model_len"] == (4096, "app.yaml", "field")
    assert release["gpu_memory_utilization"] == (0.8, "app.yaml", "parameter")
    assert release["gpu_count"] == (2, "chat/values.yaml", "field")
    assert "Application prod" in (found["chat/values.yaml"].settings["max_model_len"].reason or "")


@pytest.mark.parametrize(("key", "found"), [("serving", True), ("unheard", False)])
def test_an_example_is_read_with_the_chart_beside_it_that_has_its_keys(key: str, found: bool) -> None:
    """A file of values in a folder beside charts is for the only one that has each of its keys."""
    files = {f"charts/{path}": data for path, data in chart().items()}
    files["examples/small-values.yaml"] = f"llm: {{weights: org/small}}\n{key}: {{ctx: 1024}}\nvllm: 1\n".encode()
    files["charts/chat/values.yaml"] += b"vllm: 1\n"

    told = [said(one) for one in inspect(Tree(files)).servings if one.path.startswith("examples/")]

    assert told == ([{"model": "org/small", "max_model_len": 1024}] if found else [])
