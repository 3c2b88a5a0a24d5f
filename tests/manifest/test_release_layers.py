"""Which layer of a release's values wins, and that the real tool agrees."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.manifest.samples import said
from tests.tools import tool
from trimtab.fleet import Serving
from trimtab.manifest import EditResult, Refusal, Tree, edit, inspect

CHART = "name: chat\nversion: 1.0.0\napiVersion: v2\n"
TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicaCount }}
  template:
    spec:
      containers:
      - name: server
        image: {{ .Values.image.repository }}:{{ .Values.image.tag }}
        args:
        - --model={{ .Values.model.name }}
        - --max-model-len={{ .Values.model.maxModelLen }}
        {{- range .Values.extraArgs }}
        - {{ . }}
        {{- end }}
        resources: {{ toJson .Values.resources }}
"""
VALUES = """\
replicaCount: 1
image: {repository: vllm/vllm-openai, tag: v0.10.0}
model:
  name: org/m
  maxModelLen: 8192
extraArgs: [--max-num-seqs=8, --gpu-memory-utilization=0.9]
resources:
  limits: {nvidia.com/gpu: "1", cpu: "8"}
"""
PROD = 'model: {maxModelLen: 16384}\nresources: {limits: {nvidia.com/gpu: "2", cpu: null}}\n'
APP = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: chat, namespace: argocd}
spec:
  destination: {name: eu, namespace: llm}
  sources:
  - path: charts/chat
    repoURL: https://git.example/gitops
    helm:
      valueFiles: [values.yaml, $repo/envs/prod.yaml]
      valuesObject:
        replicaCount: 3
        extraArgs: [--max-num-seqs=16]
      parameters:
      - {name: image.tag, value: v0.11.0}
  - {repoURL: https://git.example/gitops, ref: repo}
"""
FILES = {
    "charts/chat/Chart.yaml": CHART,
    "charts/chat/values.yaml": VALUES,
    "charts/chat/templates/deployment.yaml": TEMPLATE,
    "envs/prod.yaml": PROD,
    "apps/chat.yaml": APP,
}


def tree(**changed: str) -> Tree:
    """Return the chart with its Application, and more files under their names with `__` for `/`."""
    files = {**FILES, **{name.replace("__", "/") + ".yaml": text for name, text in changed.items()}}
    return Tree({path: text.encode() for path, text in files.items()})


def by_wrapper(found: Tree) -> dict[str, Serving]:
    """Return the servings by how they are wrapped."""
    return {serving.wrapper: serving for serving in inspect(found).servings}


def test_an_application_says_what_its_chart_renders(tmp_path: Path) -> None:
    """Files, inline values and parameters over the chart's own give what `helm template` gives."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "inline.yaml").write_text("replicaCount: 3\nextraArgs: [--max-num-seqs=16]\n")
    files = [f"--values={tmp_path / name}" for name in ("envs/prod.yaml", "inline.yaml")]
    command = [tool("helm"), "template", "chat", tmp_path / "charts/chat", *files, "--set-string=image.tag=v0.11.0"]
    built = subprocess.run(command, check=True, capture_output=True)

    expected = said(inspect(Tree({"built.yaml": built.stdout})).servings[0])
    assert said(by_wrapper(tree())["argo-application"]) == expected


def test_each_setting_stands_in_the_layer_that_wins() -> None:
    """The chart's default, the file of the environment, the inline values and the parameter each keep their places."""
    serving = by_wrapper(tree())["argo-application"]
    places = {field: (one.location.path, one.via) for field, one in serving.settings.items()}

    assert places["model"] == ("charts/chat/values.yaml", "field")
    assert places["max_model_len"] == ("envs/prod.yaml", "field")
    assert places["replicas"] == ("apps/chat.yaml", "field")
    assert places["engine_version"] == ("apps/chat.yaml", "parameter")
    assert "gpu_memory_utilization" not in places


def test_an_overridden_default_says_where_to_edit_instead() -> None:
    """The chart's own values are a serving still; what a layer above says otherwise is locked, with its place."""
    serving = by_wrapper(tree())["helm-values"]
    locked = {field: one.reason for field, one in serving.settings.items() if not one.editable}

    assert sorted(locked) == [
        "cpu_limit",
        "engine_version",
        "gpu_count",
        "gpu_memory_utilization",
        "gpu_resource",
        "max_model_len",
        "max_num_seqs",
        "replicas",
    ]
    assert locked["engine_version"].startswith("the parameter image.tag of Application chat (apps/chat.yaml)")
    assert "envs/prod.yaml" in locked["max_model_len"]
    assert "apps/chat.yaml" in locked["replicas"]
    assert locked["cpu_limit"].endswith("takes it away")


def test_an_edit_goes_to_the_layer_that_wins() -> None:
    """The release's serving is edited in whichever file decides."""
    found = tree()
    subject = by_wrapper(found)["argo-application"].subject
    result = edit(found, subject, {"max_model_len": 4096, "replicas": 2, "engine_version": "v0.12.0"})

    assert isinstance(result, EditResult)
    assert result.files["envs/prod.yaml"].decode() == PROD.replace("16384", "4096")
    assert result.files["apps/chat.yaml"].decode() == APP.replace("Count: 3", "Count: 2").replace("0.11", "0.12")


def test_a_chart_and_its_release_are_edited_by_either_name() -> None:
    """What only the chart's own values say changes there, whether the release or the file is asked for."""
    for wrapper in ("argo-application", "helm-values"):
        found = tree()
        result = edit(found, by_wrapper(found)[wrapper].subject, {"model": "org/n"})

        assert isinstance(result, EditResult)
        assert result.files == {"charts/chat/values.yaml": VALUES.replace("org/m", "org/n").encode()}


def test_a_default_of_two_releases_is_not_changed_for_one() -> None:
    """The other release would change too, so it is said in its own; the file's subject says that all are meant."""
    found = tree(apps__other=APP.replace("name: chat,", "name: other,"))
    subjects = {serving.name: serving.subject for serving in inspect(found).servings}

    own = edit(found, subjects["other"], {"model": "org/n"})
    every = edit(found, by_wrapper(found)["helm-values"].subject, {"model": "org/n"})
    assert isinstance(own, EditResult)
    assert isinstance(every, EditResult)
    assert (list(own.files), list(every.files)) == (["apps/other.yaml"], ["charts/chat/values.yaml"])


def test_an_overridden_default_is_not_edited() -> None:
    """Editing what a parameter overrides would do nothing, so it is refused with the parameter's name."""
    found = tree()
    result = edit(found, by_wrapper(found)["helm-values"].subject, {"engine_version": "v0.12.0"})

    assert isinstance(result, Refusal)
    assert "image.tag" in result.reason


def test_an_application_that_adds_nothing_is_no_serving() -> None:
    """Where the chart's own values say everything, they are the only serving, and nothing of them is locked."""
    app = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: vllm}\nspec:\n"
    app += "  source: {path: charts/chat, helm: {valuesObject: {ingress: {enabled: true}}}}\n"
    servings = inspect(tree(apps__chat=app)).servings

    assert [serving.wrapper for serving in servings] == ["helm-values"]
    assert all(one.editable for one in servings[0].settings.values())


def test_a_default_that_one_of_two_releases_overrides_stays_editable() -> None:
    """Somebody still runs the chart's own value."""
    other = APP.replace("name: chat,", "name: plain,").replace("image.tag", "ingress.host")
    serving = by_wrapper(tree(apps__plain=other))["helm-values"]

    assert serving.settings["engine_version"].editable
    assert not serving.settings["replicas"].editable


def test_an_application_set_lays_each_file_that_its_generator_names() -> None:
    """A list's elements fill the names of value files; a default that each of them overrides is locked."""
    template = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: chat}
spec:
  goTemplate: true
  generators:
  - list: {elements: [{env: prod}, {env: ENV}]}
  template:
    spec:
      destination: {name: '{{ .env }}', namespace: llm}
      source: {path: charts/chat, helm: {valueFiles: ['../../envs/{{.env}}.yaml']}}
"""
    both = tree(apps__chat=template.replace("ENV", "test"), envs__test="model: {maxModelLen: 1024}\n")
    one = tree(apps__chat=template.replace("ENV", "gone"))

    assert not by_wrapper(both)["helm-values"].settings["max_model_len"].editable
    assert by_wrapper(one)["helm-values"].settings["max_model_len"].editable


RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: chat, namespace: llm}
spec:
  chart: {spec: {chart: ./charts/chat, sourceRef: {kind: GitRepository, name: flux-system}}}
  valuesFrom:
  - {kind: ConfigMap, name: chat-values}
  - {kind: ConfigMap, name: chat-values, valuesKey: tag, targetPath: image.tag}
  - {kind: Secret, name: token, targetPath: token}
  values:
    replicaCount: 2
"""
MAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: chat-values, namespace: llm}
data:
  tag: v0.12.0
  values.yaml: |
    replicaCount: 7
    model:
      maxModelLen: 2048
"""


def test_a_helm_release_takes_values_from_config_maps() -> None:
    """Flux's inline values win over `valuesFrom`, which wins over the chart; each has its own place."""
    found = tree(apps__chat=RELEASE, apps__values=MAP)
    serving = by_wrapper(found)["flux-helmrelease"]

    assert said(serving) | {"replicas": 2, "max_model_len": 2048, "engine_version": "v0.12.0"} == said(serving)
    assert serving.settings["max_model_len"].location.path == "apps/values.yaml"
    assert serving.settings["engine_version"].via == "configmap"
    result = edit(found, serving.subject, {"max_model_len": 1024})
    assert isinstance(result, EditResult)
    assert result.files == {"apps/values.yaml": MAP.replace("2048", "1024").encode()}


def test_a_helm_release_takes_values_from_a_generator() -> None:
    """A file that kustomize packs into the ConfigMap is the place of its settings."""
    found = tree(
        apps__chat=RELEASE,
        apps__kustomization="resources: [chat.yaml]\nconfigMapGenerator:\n"
        "- {name: chat-values, files: [values.yaml=chat.conf.yaml]}\n",
        apps__chat__conf="",
    )
    files = {**dict(found), "apps/chat.conf.yaml": b"model: {maxModelLen: 512}\n"}
    serving = by_wrapper(Tree(files))["flux-helmrelease"]

    assert serving.settings["max_model_len"].location.path == "apps/chat.conf.yaml"
