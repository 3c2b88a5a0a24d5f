"""Releases without an object: a helmfile, a kustomization's charts, and `helm upgrade` in scripts and pipelines."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.manifest.samples import said
from tests.manifest.test_release_layers import CHART, TEMPLATE, VALUES
from tests.tools import tool
from trimtab.fleet import Serving
from trimtab.manifest import EditResult, Refusal, Tree, edit, inspect

FILES = {
    "charts/chat/Chart.yaml": CHART,
    "charts/chat/values.yaml": VALUES,
    "charts/chat/templates/deployment.yaml": TEMPLATE,
    "values/all.yaml": "replicaCount: 2\nmodel: {name: org/m, maxModelLen: 4096}\n",
    "values/prod.yaml": "model: {maxModelLen: 16384}\n",
}
HELMFILE = """\
environments:
  prod: {}
  ENV: {}
---
releases:
- name: chat
  namespace: llm
  chart: ./charts/chat
  values:
  - values/all.yaml
  - values/{{ .Environment.Name }}.yaml
  - replicaCount: 3
  set:
  - {name: image.tag, value: v0.12.0}
"""
KUSTOMIZATION = """\
namespace: llm
helmGlobals: {chartHome: charts}
helmCharts:
- name: chat
  releaseName: chat
  valuesFile: values/all.yaml
  additionalValuesFiles: [MORE]
  valuesMerge: MERGE
  valuesInline:
    replicaCount: 3
    extraArgs: [--max-num-seqs=16]
"""
COMMANDS = {
    "deploy.sh": "set -e\nhelm upgrade --install chat ./charts/chat -n llm \\\n  -f values/all.yaml \\\n  FLAGS\n",
    "Makefile": "deploy:\n\t@helm upgrade chat charts/chat --install --values=values/all.yaml FLAGS; echo done\n",
    ".github/workflows/deploy.yml": (
        "jobs:\n  a:\n    steps:\n    - run: >-\n        helm upgrade chat charts/chat --wait\n"
        "        -f values/all.yaml\n        FLAGS\n      env: {A: b}\n"
    ),
}


def tree(files: dict[str, str]) -> Tree:
    """Return the chart and its values with more files."""
    return Tree({path: text.encode() for path, text in {**FILES, **files}.items()})


def at(found: Tree, path: str) -> Serving:
    """Return the serving of a file."""
    (serving,) = [one for one in inspect(found).servings if one.path == path]
    return serving


def test_a_helmfile_is_a_serving_of_what_it_says() -> None:
    """Its inline values and `set` win over its files, which win over the chart's own; each is edited in its place."""
    found = tree({"helmfile.yaml": HELMFILE.replace("  ENV: {}\n", "")})
    serving = at(found, "helmfile.yaml")
    result = edit(found, serving.subject, {"max_model_len": 8192, "replicas": 4, "engine_version": "v0.13.0"})

    assert (serving.namespace, serving.name, serving.wrapper, serving.kind) == ("llm", "chat", "helm-values", "")
    assert isinstance(result, EditResult)
    assert sorted(result.files) == ["helmfile.yaml", "values/prod.yaml"]


def test_a_file_that_a_helmfile_overrides_says_so() -> None:
    """What `set`, inline values or the file of each environment win over is locked; what one leaves alone is not."""
    found = tree({"helmfile.yaml": HELMFILE.replace("ENV", "test"), "values/test.yaml": "model: {name: org/t}\n"})
    settings = at(found, "values/all.yaml").settings

    assert "helmfile.yaml" in settings["replicas"].reason
    assert settings["max_model_len"].editable
    assert "parameter image.tag" in at(found, "charts/chat/values.yaml").settings["engine_version"].reason


def test_a_template_of_values_may_win() -> None:
    """What a `.gotmpl` makes is known when it is deployed, so what lies under it is locked."""
    helmfile = HELMFILE.replace("values/{{ .Environment.Name }}.yaml", "values/more.gotmpl")
    found = tree({"helmfile.yaml": helmfile, "values/more.gotmpl": "model: {maxModelLen: {{ .Values.len }}}\n"})

    assert "more.gotmpl" in at(found, "values/all.yaml").settings["max_model_len"].reason


@pytest.mark.parametrize("merge", ["override", "merge", "replace"])
@pytest.mark.parametrize("more", ["", "values/prod.yaml"])
def test_charts_of_a_kustomization_read_as_built(merge: str, more: str, tmp_path: Path) -> None:
    """Inline values over, under or in the place of a file, and more files over all, as the real tool takes them."""
    text = KUSTOMIZATION.replace("MERGE", merge).replace("MORE", more)
    found = tree({"kustomization.yaml": text})
    for path, data in found.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    command = [tool("kustomize"), "build", "--enable-helm", "--helm-command", tool("helm"), tmp_path]
    built = subprocess.run(command, check=True, capture_output=True)

    serving = at(found, "kustomization.yaml")
    assert (serving.name, serving.namespace, serving.wrapper) == ("chat", "llm", "kustomize")
    assert said(serving) == said(inspect(Tree({"built.yaml": built.stdout})).servings[0])


@pytest.mark.parametrize("script", COMMANDS)
def test_a_command_lays_its_files_in_order(script: str) -> None:
    """The last file and `--set` win over the first file, which is not edited then; each reason names the command."""
    flags = "-f values/prod.yaml --set replicaCount=5,image.tag=v9"
    found = tree({script: COMMANDS[script].replace("FLAGS", flags)})
    serving = at(found, "values/all.yaml")

    assert "values/prod.yaml" in serving.settings["max_model_len"].reason
    assert script in serving.settings["replicas"].reason
    assert serving.settings["model"].editable
    assert isinstance(edit(found, serving.subject, {"replicas": 6}), Refusal)


@pytest.mark.parametrize(
    ("flags", "field", "word"),
    [
        ("--set 'extraArgs={--model=org/m,--max-num-seqs=4}'", "max_num_seqs", "helm upgrade chat"),
        ("--set-json replicaCount=4", "replicas", "sets it"),
        ("--set-file model.name=name.txt", "model", "sets it"),
        ("--post-renderer ./patch.sh", "replicas", "./patch.sh changes"),
    ],
)
def test_what_a_command_sets_in_other_ways_is_locked(flags: str, field: str, word: str) -> None:
    """Lists in one text, JSON, files and programs that change what is rendered leave nothing to edit below them."""
    path = next(iter(COMMANDS))
    found = tree({path: COMMANDS[path].replace("FLAGS", f"-f values/prod.yaml {flags}")})
    serving = at(found, "charts/chat/values.yaml" if field == "max_num_seqs" else "values/all.yaml")

    assert not serving.settings[field].editable
    assert word in (serving.settings[field].reason or "")


HOSTILE = {
    "app.yaml": """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: 'a\\g<9>'}
spec:
  source:
    path: charts/chat
    helm:
      valueFiles: [$ARGOCD_APP_NAME.yaml, '[', '**[', 'a{{b']
      parameters:
      - {name: 'extraArgs[\u00b2]', value: x}
      - {name: .., value: z}
      - {name: '[0]', value: q}
      - {name: 'extraArgs[99999999]', value: y}
""",
    "helmfile.yaml": """\
environments: {'\\g<7>': {}}
releases:
- name: 'a\\1'
  chart: ./charts/chat
  values: ['{{ .Environment.Name }}.yaml', '{{ .Release.Name }}.yaml', [1], 3]
  set: [1, {name: 'a[\u00b2]', value: 3}]
""",
    "flux.yaml": """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: chat}
spec:
  chart: {spec: {chart: ./charts/chat, sourceRef: {kind: GitRepository, name: x}}}
  valuesFrom: [{kind: Secret, name: a, targetPath: ..}, 1, {kind: ConfigMap}]
""",
    "deploy.sh": """\
helm upgrade a charts/chat -f "v/${A}$B.yaml" -f 'q\\g<3>$C' --set 'a[\u00b2]=3,=,x'
helm install "open
""",
    "kustomization.yaml": """\
helmCharts: [1, {name: chat, valuesFile: 3, valuesInline: [x]}, {}]
vars: [1, {name: A}]
transformers: [1, {}]
configMapGenerator: [1, {literals: [1, a], behavior: merge}]
labels: [1]
images: [a=b, 1]
""",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nonsense_is_read_without_an_error(name: str) -> None:
    """Names that are patterns of another language, indexes that are no numbers and items of other types say nothing."""
    assert at(tree({name: HOSTILE[name]}), "charts/chat/values.yaml").settings


def test_only_commands_that_are_run_count() -> None:
    """A command that is commented out or only tries lays nothing; a variable stands for each file that fits it."""
    comment = COMMANDS["deploy.sh"].replace("helm upgrade", "# helm upgrade").replace("FLAGS", "--set replicaCount=5")
    variable = COMMANDS["deploy.sh"].replace("FLAGS", '-f "values/$ENV.yaml"')
    tried = COMMANDS["deploy.sh"].replace("FLAGS", "--set replicaCount=5 --dry-run=server")

    assert at(tree({"deploy.sh": tried}), "values/all.yaml").settings["replicas"].editable
    assert at(tree({"deploy.sh": comment}), "values/all.yaml").settings["replicas"].editable
    assert at(tree({"deploy.sh": variable}), "values/all.yaml").settings["replicas"].editable
    overriding = {"deploy.sh": variable, "values/test.yaml": "model: {maxModelLen: 2048}\n"}
    assert not at(tree(overriding), "values/all.yaml").settings["max_model_len"].editable
    sparing = {"deploy.sh": variable, "values/test.yaml": "model: {name: org/t}\n"}
    assert at(tree(sparing), "values/all.yaml").settings["max_model_len"].editable
