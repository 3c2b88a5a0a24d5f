"""What wins in a release of Flux: files of the source, references in their order, and what comes after rendering."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.manifest.samples import said
from tests.manifest.test_release_layers import CHART, TEMPLATE, VALUES
from tests.tools import tool
from trimtab.fleet import Serving
from trimtab.manifest import Tree, inspect

GIT = "chart: {spec: {chart: ./charts/chat, sourceRef: {kind: GitRepository, name: it}EXTRA}}"
FILES = {
    "charts/chat/Chart.yaml": CHART,
    "charts/chat/values.yaml": VALUES,
    "charts/chat/templates/deployment.yaml": TEMPLATE,
    "envs/prod.yaml": VALUES.replace("8192", "4096"),
    "facts.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: facts, namespace: llm}
data:
  length: "64"
  more.yaml: |
    model: {maxModelLen: 32}
""",
}
LENGTH = "{kind: ConfigMap, name: facts, valuesKey: length, targetPath: model.maxModelLen}"
MORE = "{kind: ConfigMap, name: facts, valuesKey: more.yaml}"


def release(spec: str, extra: str = "", chart: str = GIT, **others: str) -> Serving:
    """Return the serving that a HelmRelease is."""
    head = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: chat, namespace: llm}\nspec:\n"
    body = "".join(f"  {line}\n" for line in f"{chart.replace('EXTRA', extra)}\n{spec}".splitlines())
    files = FILES | {"release.yaml": head + body} | {f"{name}.yaml": text for name, text in others.items()}
    found = inspect(Tree({path: text.encode() for path, text in files.items()})).servings
    return next(one for one in found if one.path == "release.yaml")


@pytest.mark.parametrize(
    ("spec", "extra", "place", "value"),
    [
        ("values: {replicaCount: 2}", ", valuesFiles: [./envs/prod.yaml]", "envs/prod.yaml", 4096),
        ("values: {replicaCount: 2}", ", valuesFile: envs/prod.yaml", "envs/prod.yaml", 4096),
        (f"valuesFrom: [{LENGTH}]\nvalues: {{replicaCount: 2}}", "", "facts.yaml", 64),
        (f"valuesFrom: [{MORE}, {LENGTH}]\nvalues: {{replicaCount: 2}}", "", "facts.yaml", 64),
        (f"valuesFrom: [{LENGTH}, {MORE}]\nvalues: {{replicaCount: 2}}", "", "facts.yaml", 32),
    ],
)
def test_files_and_references_win_in_their_order(spec: str, extra: str, place: str, value: int) -> None:
    """Files of values start where the source does; of two references the later wins, whichever names a path."""
    found = release(spec, extra).settings["max_model_len"]
    assert (found.value, found.location.path, found.editable) == (value, place, True)


def test_what_values_and_a_path_both_say_is_locked() -> None:
    """Which of them wins depends on what lies beneath, so that neither is edited."""
    found = release(f"valuesFrom: [{LENGTH}]\nvalues: {{model: {{maxModelLen: 16}}}}").settings["max_model_len"]
    assert not found.editable
    assert "both say it" in (found.reason or "")


def test_a_chart_is_found_through_the_object_that_names_it() -> None:
    """A `chartRef` leads to a HelmChart of the tree, and by it to the chart's own values."""
    chart = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: {name: c}\n"
        "spec: {chart: ./charts/chat, sourceRef: {kind: GitRepository, name: it}}\n"
    )
    found = release("values: {replicaCount: 2}", chart="chartRef: {kind: HelmChart, name: c}", chart_object=chart)
    assert said(found)["model"] == "org/m"


POST = """\
values: {replicaCount: 3}
postRenderers:
- kustomize:
    images: [{name: vllm/vllm-openai, newTag: v0.20.0}]
    patches:
    - target: {kind: Deployment}
      patch: |
        - {op: replace, path: /spec/replicas, value: 5}
        - {op: add, path: /spec/template/spec/containers/0/resources/requests, value: {cpu: "2"}}
"""


def test_what_comes_after_rendering_wins(tmp_path: Path) -> None:
    """A tag of a post-renderer is the tag; what its patches may change is locked, and all else is what is built."""
    (tmp_path / "in.json").write_text(json.dumps({"replicaCount": 3}))
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    command = [tool("helm"), "template", "chat", tmp_path / "charts/chat", f"--values={tmp_path / 'in.json'}"]
    (tmp_path / "out.yaml").write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    fields = "".join(line[4:] for line in POST.splitlines(keepends=True)[3:])
    (tmp_path / "kustomization.yaml").write_text(f"resources: [out.yaml]\n{fields}")
    built = subprocess.run([tool("kustomize"), "build", tmp_path], check=True, capture_output=True).stdout
    expected = said(inspect(Tree({"built.yaml": built})).servings[0])

    found = release(POST)
    locked = {field for field, setting in found.settings.items() if not setting.editable}
    assert locked == {"replicas", "gpu_count", "gpu_resource", "cpu_limit"}
    assert {f: v for f, v in said(found).items() if f not in locked}.items() <= expected.items()
    assert found.settings["engine_version"].value == "v0.20.0"


def test_patches_of_the_older_kinds_lock_too() -> None:
    """Patches that are written as objects, not as text, are read as well."""
    patch = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: chat}, spec: {replicas: 4}}"
    found = release(
        f"values: {{replicaCount: 3}}\npostRenderers: [{{kustomize: {{patchesStrategicMerge: [{patch}]}}}}]"
    )
    assert {field for field, setting in found.settings.items() if not setting.editable} == {"replicas"}


def test_what_aliases_repeat_is_looked_at_once() -> None:
    """A few lines of aliases that stand for millions of keys take no more than a look at each line."""
    lines = ["a0: &a0 {x: 1}", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))]
    patch = "".join(f"    {line}\n" for line in lines)
    text = f"values: {{replicaCount: 3}}\npostRenderers:\n- kustomize:\n    patches:\n    - {{patch: hi}}\n{patch}"
    nested = text.replace("    - {patch: hi}\n", "    - kind: Deployment\n").replace("    a", "      a")
    assert release(nested).settings["replicas"].value == 3
