"""Charts with keys of their own: what templates do with a value says what it is; what none reads is no setting."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.manifest.samples import said
from tests.tools import tool
from trimtab.fleet import Scalar
from trimtab.manifest import EditResult, Refusal, Tree, edit, inspect

TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "chat.name" . }}
spec:
  {{- if not .Values.scaling.on }}
  replicas: {{ .Values.copies }}
  {{- end }}
  selector: {matchLabels: {app: chat}}
  template:
    metadata: {labels: {app: chat}}
    spec:
      {{- with .Values.where }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: engine
          image: "{{ .Values.picture.repo }}:{{ .Values.picture.label | default .Chart.AppVersion }}"
          args:
            - --model={{ required "a model" .Values.llm.weights }}
            - {{ printf "--max-model-len=%v" .Values.serving.ctx | quote }}
            - --gpu-memory-utilization
            - {{ .Values.serving.share | quote }}
            - --dtype=bfloat16
            {{- if .Values.serving.eager }}
            - --enforce-eager
            {{- end }}
            {{- with .Values.serving.batch }}
            - --max-num-batched-tokens={{ . }}
            {{- end }}
            {{- if .Values.serving.cache }}
            - --kv-cache-dtype={{ .Values.serving.cache }}
            {{- end }}
            {{- if .Values.serving.prefixes }}
            - --enable-prefix-caching
            {{- end }}
            {{- range .Values.more }}
            - {{ . | quote }}
            {{- end }}
          resources:
            limits:
              nvidia.com/gpu: {{ .Values.cards }}
              memory: {{ .Values.memoryGi }}Gi
"""
HELPERS = """\
{{/* what everything is called */}}
{{- define "chat.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}
"""
VALUES = """\
llm: {weights: Qwen/Qwen3-8B}
serving:
  ctx: 8192 # tokens
  share: 0.9
  eager: true
  batch: null
  prefixes: false
  maxNumSeqs: 64
cards: 2
memoryGi: 48
copies: 3
scaling: {on: false}
picture: {repo: vllm/vllm-openai, label: v0.10.0}
where: {}
more: []
"""
SUBJECT = "chat/values.yaml#//chat/chat"


def chart(values: str = VALUES, template: str = TEMPLATE, **more: str) -> dict[str, bytes]:
    """Return the files of a chart."""
    files = {
        "chat/Chart.yaml": "apiVersion: v2\nname: chat\nversion: 0.1.0\nappVersion: v0.9.0\n",
        "chat/values.yaml": values,
        "chat/templates/deployment.yaml": template,
        "chat/templates/_helpers.tpl": HELPERS,
        **{name.replace("__", "/"): text for name, text in more.items()},
    }
    return {path: text.encode() for path, text in files.items()}


def settings(files: dict[str, bytes]) -> dict[str, dict[str, Scalar]]:
    """Return what the settings of each serving say, by its container."""
    return {one.container: said(one) for one in inspect(Tree(files)).servings}


def test_templates_tell_what_keys_of_any_name_are() -> None:
    """Each value is the setting that a template makes of it; what a template works out or says itself is none."""
    (serving,) = inspect(Tree(chart())).servings

    assert (serving.subject, serving.engine) == (SUBJECT, "vllm")
    assert said(serving) == {
        "model": "Qwen/Qwen3-8B",
        "max_model_len": 8192,
        "gpu_memory_utilization": 0.9,
        "enforce_eager": True,
        "gpu_count": 2,
        "memory_limit": "48Gi",
        "replicas": 3,
        "engine_version": "v0.10.0",
    }
    assert {(one.via, one.location.path, one.editable) for one in serving.settings.values()} == {
        ("field", "chat/values.yaml", True)
    }
    assert serving.settings["memory_limit"].raw == "48"


@pytest.mark.parametrize(
    ("field", "value", "line", "becomes"),
    [
        ("model", "Qwen/Qwen3-32B", "llm: {weights: Qwen/Qwen3-32B}", "- --model=Qwen/Qwen3-32B"),
        ("max_model_len", 4096, "  ctx: 4096 # tokens", '- "--max-model-len=4096"'),
        ("gpu_memory_utilization", 0.85, "  share: 0.85", '- "0.85"'),
        ("enforce_eager", False, "  eager: false", ""),
        ("memory_limit", "64Gi", "memoryGi: 64", "memory: 64Gi"),
        ("max_num_batched_tokens", 4096, "  batch: 4096", "- --max-num-batched-tokens=4096"),
        ("kv_cache_dtype", "fp8", "  cache: fp8", "- --kv-cache-dtype=fp8"),
        ("enable_prefix_caching", True, "  prefixes: true", "- --enable-prefix-caching"),
        ("max_num_seqs", 32, "more: [--max-num-seqs=32]", '- "--max-num-seqs=32"'),
    ],
)
def test_an_edit_of_a_value_changes_that_field_alone(
    field: str, value: Scalar, line: str, becomes: str, tmp_path: Path
) -> None:
    """The value is changed, or added where the templates have a place for it, and Helm then renders just that."""
    files = chart()
    result = edit(Tree(files), SUBJECT, {field: value})
    assert isinstance(result, EditResult), result
    assert list(result.files) == ["chat/values.yaml"]
    old, new = (one.decode().splitlines() for one in (files["chat/values.yaml"], result.files["chat/values.yaml"]))
    assert [one for one in new if one not in old] == [line]
    before, after = (rendered(tmp_path / str(at), one) for at, one in enumerate((files, {**files, **result.files})))
    assert "".join(one.strip() for one in after.splitlines() if one not in before.splitlines()) == becomes


def test_a_selector_is_added_to_the_values_that_are_the_selector() -> None:
    """An empty mapping that a template writes as the pod's selector is the place for one."""
    result = edit(Tree(chart()), SUBJECT, {"gpu_product": "NVIDIA-L4"}, "nvidia.com/gpu.product")

    assert isinstance(result, EditResult), result
    assert b"where: {nvidia.com/gpu.product: NVIDIA-L4}" in result.files["chat/values.yaml"]


def rendered(folder: Path, files: dict[str, bytes]) -> str:
    """Return what Helm makes of a chart."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    done = subprocess.run(
        [tool("helm"), "template", "chat", folder / "chat"], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize(("field", "value"), [("dtype", "half"), ("gpu_resource", "nvidia.com/mig-1g.10gb")])
def test_what_the_template_says_itself_is_not_edited(field: str, value: str) -> None:
    """A constant of a template is no value of the chart: there is nothing to edit."""
    result = edit(Tree(chart()), SUBJECT, {field: value})

    assert isinstance(result, Refusal)
    assert "template says it itself" in result.reason


def test_a_word_that_no_template_reads_is_no_setting() -> None:
    """A part that sounds like a serving, and that nothing reads, is none; nor is a key of it."""
    values = (
        VALUES + "vllm:\n  model: {name: org/other}\n  maxModelLen: 1\n  resources: {limits: {nvidia.com/gpu: 1}}\n"
    )

    assert list(settings(chart(values))) == ["chat"]


def test_templates_that_read_no_value_tell_nothing_of_values() -> None:
    """Where the templates of a chart were left out of the tree but for a plain one, words tell as without any."""
    values = "model: {name: org/plain}\nvllm: {maxModelLen: 4096}\nresources: {limits: {nvidia.com/gpu: 1}}\n"
    files = chart(values, "apiVersion: v1\nkind: Namespace\nmetadata: {name: llm}\n")
    del files["chat/templates/_helpers.tpl"]

    assert settings(files) == {
        "chat": {"model": "org/plain", "max_model_len": 4096, "gpu_count": 1, "gpu_resource": "nvidia.com/gpu"}
    }


@pytest.mark.parametrize("digest", ["", "sha256:0"])
def test_what_templates_write_nowhere_as_values_stand_is_not_edited(digest: str) -> None:
    """A value that a template would read only in another branch is found, and changing it would change nothing."""
    values = "image: {repository: vllm/vllm-openai, tag: v0.9.0, digest: '" + digest + "'}\nmodel: {name: org/m}\n"
    image = (
        "{{ .Values.image.repository }}"
        "{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag }}{{ end }}"
    )
    template = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: chat}\nspec:\n  template:\n    spec:\n"
        f'      containers: [{{name: engine, image: "{image}", args: ["--model={{{{ .Values.model.name }}}}"]}}]\n'
    )

    (serving,) = inspect(Tree(chart(values, template))).servings

    assert serving.settings["engine_version"].editable == (not digest)


def test_a_value_that_decides_whether_it_is_written_may_be_edited() -> None:
    """One replica that a template leaves out, as that is what Kubernetes takes, can become three."""
    template = TEMPLATE.replace("{{- if not .Values.scaling.on }}", "{{- if ne (int .Values.copies) 1 }}")
    values = VALUES.replace("copies: 3", "replicas: 1").replace(
        "weights: Qwen/Qwen3-8B", "model: org/m, maxModelLen: 8"
    )
    files = chart(values, template.replace(".Values.copies", ".Values.replicas").replace("llm.weights", "llm.model"))

    result = edit(Tree(files), SUBJECT, {"replicas": 3})

    assert isinstance(result, EditResult), result
    assert b"\nreplicas: 3\n" in result.files["chat/values.yaml"]


@pytest.mark.parametrize(
    "template",
    [
        "{{ if }}",
        '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
        "{{ range until 100000000 }}{{ range until 100000000 }}x{{ end }}{{ end }}",
        "{{ " + "(" * 5000 + " }}",
        "{{ if .a }}" * 3000,
        '{{ .Values.llm.weights | repeat 1000000000 }}{{ fail "no" }}',
        "a: {{ .Values.more }}\nb: [",
        '{{ tpl (printf "%s" .Values.text) . }}',
        '{{ $x := "a" }}' + '{{ $x = printf "%s%s" $x $x }}' * 64 + "{{ $x }}",
        '{{ $x := dict "a" 1 }}' + '{{ $x = dict "a" $x "b" $x }}' * 64 + "{{ toYaml $x }}",
        '{{ regexMatch "(a+)+$" (repeat 60 "a" | printf "%sb") }}{{ regexMatch "(" "a" }}{{ fail "no" }}',
        '{{ indent 2000000000 "a" }}{{ printf "%2000000000d" 1 }}{{ fail "no" }}',
        '{{ $x := dict "a" 1 }}{{ $_ := set $x "a" $x }}{{ toYaml $x }}',
    ],
    ids=range(13),
)
def test_a_template_that_cannot_be_followed_leaves_the_values_to_their_words(template: str) -> None:
    """Broken, endless and hostile templates neither fail nor hide what the values say plainly."""
    values = (
        "text: '{{ tpl .Values.text . }}'\nmodel: {name: org/plain}\nvllm: {maxModelLen: 4096}\n"
        "resources: {limits: {nvidia.com/gpu: 1}}\nllm: {weights: org/x}\nmore: []\n"
    )

    assert settings(chart(values, template))["chat"]["model"] == "org/plain"


SCRIPTED = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat}
spec:
  template:
    spec:
      containers:
        - name: engine
          image: vllm/vllm-openai:v0.19.0
          command: [sh, -c]
          args:
            - |
              vllm serve {{ .Values.weights }} {{ .Values.more }} --dtype {{ .Values.kind }}
"""


@pytest.mark.parametrize("more", ["--enforce-eager", "--seed 1"])
def test_no_value_of_one_word_is_made_to_say_a_flag_too(more: str) -> None:
    """A script that ends with a value takes no flag through it; a value that holds flags may hold one more."""
    values = f"weights: org/chat\nkind: auto\nmore: {more}\n"
    files = {"c/Chart.yaml": "name: c\nversion: 1.0.0\n", "c/templates/d.yaml": SCRIPTED, "c/values.yaml": values}
    tree = Tree({path: text.encode() for path, text in files.items()})
    (serving,) = inspect(tree).servings
    result = edit(tree, serving.subject, {"max_num_seqs": 4})
    changed = result.files["c/values.yaml"].decode() if isinstance(result, EditResult) else values
    assert "kind: auto\n" in changed


def test_a_quantity_that_a_template_writes_bare_gets_no_quotes_of_its_own() -> None:
    """What the template would need quotes for is a number to Kubernetes too; the value holds the characters alone."""
    template = SCRIPTED.replace(
        "          command", "          resources: {limits: {cpu: {{ .Values.cpu }}}}\n          command"
    )
    values = "weights: org/chat\nkind: auto\nmore: --seed 1\ncpu: 2000m\n"
    files = {"c/Chart.yaml": "name: c\nversion: 1.0.0\n", "c/templates/d.yaml": template, "c/values.yaml": values}
    tree = Tree({path: text.encode() for path, text in files.items()})
    (serving,) = inspect(tree).servings
    result = edit(tree, serving.subject, {"cpu_limit": "4"})
    assert isinstance(result, EditResult), result
    assert result.files["c/values.yaml"].decode() == values.replace("2000m", '"4"')
