"""Edits of charts' values that would change more than was asked, or not what was asked: refused, or put right."""

from __future__ import annotations

import pytest

from tests.manifest.samples import said
from trimtab.fleet import Scalar
from trimtab.manifest import EditResult, Refusal, Tree, edit, inspect

TEMPLATE = """\
{before}
apiVersion: apps/v1
kind: Deployment
metadata: {{name: chat}}
spec:
  selector: {{matchLabels: {{app: chat}}}}
  template:
    metadata: {{labels: {{app: chat}}}}
    spec:
      containers:
        - name: engine
          image: vllm/vllm-openai:v0.10.0
          args:
            - --model={{{{ .Values.weights }}}}
            {args}
          {after}
"""
SUBJECT = "chat/values.yaml#//chat/chat"


def tree(values: str, args: str, before: str = "", after: str = "") -> Tree:
    """Return a chart whose engine takes some arguments."""
    template = TEMPLATE.format(before=before, args=args.replace("\n", "\n            "), after=after)
    files = {
        "chat/Chart.yaml": "apiVersion: v2\nname: chat\nversion: 0.1.0\n",
        "chat/values.yaml": f"weights: org/chat-8b\n{values}",
        "chat/templates/chat.yaml": template,
    }
    return Tree({path: text.encode() for path, text in files.items()})


def made(files: Tree, **wanted: Scalar) -> str:
    """Return the values after an edit."""
    result = edit(files, SUBJECT, wanted)
    assert isinstance(result, EditResult), result
    return result.files["chat/values.yaml"].decode().removeprefix("weights: org/chat-8b\n")


PERF = "{{- if .Values.perf }}\n- --enforce-eager\n- --max-num-seqs=256\n{{- end }}"
ALWAYS = "{{- if default true .Values.eager }}\n- --enforce-eager\n{{- end }}"
BATCH = "- --max-num-seqs={{ .Values.seqs }}\n- --max-num-batched-tokens={{ mul .Values.seqs 64 }}"
LENGTH = "- --max-model-len={{ .Values.ctx }}"


@pytest.mark.parametrize(
    ("values", "args", "field", "value", "reason"),
    [
        ("perf: true\n", PERF, "enforce_eager", False, "would not say false"),
        ("perf: false\n", PERF, "enforce_eager", True, "would not say true"),
        ("eager: true\n", ALWAYS, "enforce_eager", False, "would not say false"),
        ("seqs: 64\n", BATCH, "max_num_seqs", 32, "would not say 32"),
        ("ctx: 8192\n", LENGTH, "max_model_len", 1_048_576, "Helm writes it as 1.048576e+06"),
    ],
)
def test_an_edit_that_has_other_effects_or_none_is_refused(
    values: str, args: str, field: str, value: Scalar, reason: str
) -> None:
    """A switch of several flags, one that is always on, a number that more is worked out of, one printed as a float."""
    result = edit(tree(values, args), SUBJECT, {field: value})

    assert isinstance(result, Refusal)
    assert reason in result.reason


def test_a_number_that_is_a_version_loses_its_last_zero() -> None:
    """A tag without quotes is a number to Helm: `0.10` would be written as `0.1`."""
    files = tree("tag: 0.9\n", "")
    template = files["chat/templates/chat.yaml"].replace(b"v0.10.0", b"{{ .Values.tag }}")
    files = files.replaced({"chat/templates/chat.yaml": template})
    refused = edit(files, SUBJECT, {"engine_version": "0.10"})

    assert made(files, engine_version="0.11") == "tag: 0.11\n"
    assert isinstance(refused, Refusal)


def test_a_large_number_is_written_where_the_template_prints_it_whole() -> None:
    """What goes through `int`, or stands in quotes, keeps all its digits."""
    whole = LENGTH.replace(" }}", " | int }}")

    assert made(tree("ctx: 8192\n", whole), max_model_len=1_048_576) == "ctx: 1048576\n"
    assert made(tree('ctx: "8192"\n', LENGTH), max_model_len=1_048_576) == 'ctx: "1048576"\n'


def test_what_a_template_changes_in_the_values_is_what_counts() -> None:
    """`set` and `merge` change their first argument: the value that was there before drives nothing."""
    args = "- --max-model-len={{ .Values.vllm.ctx }}\n- --max-num-seqs={{ .Values.seqs }}"
    values = "seqs: 32\nvllm: {ctx: 8192}\nprod: {ctx: 2048}\n"
    over = "{{- $_ := mergeOverwrite .Values.vllm .Values.prod }}"
    fixed = '{{- $_ := set .Values "seqs" 16 }}'

    (serving,) = inspect(tree(values, args, over + fixed)).servings

    assert said(serving) == {"model": "org/chat-8b", "max_model_len": 2048}
    assert "prod: {ctx: 4096}" in made(tree(values, args, over), max_model_len=4096)


def test_what_is_put_into_a_copy_leaves_the_values_as_they_are() -> None:
    """Defaults of which each takes a copy are the same for the next."""
    args = "- --max-model-len={{ .Values.vllm.ctx }}"
    copied = "{{- $_ := mergeOverwrite (deepCopy .Values.vllm) .Values.prod }}"

    assert made(tree("vllm: {ctx: 8192}\nprod: {ctx: 2048}\n", args, copied), max_model_len=4096) == (
        "vllm: {ctx: 4096}\nprod: {ctx: 2048}\n"
    )


def test_settings_of_one_value_are_changed_together() -> None:
    """Where one value says two settings, an edit of both is one of the value."""
    args = "- --tensor-parallel-size={{ .Values.cards }}"
    files = tree("cards: 2\n", args, after="resources: {limits: {nvidia.com/gpu: {{ .Values.cards }}}}")

    assert made(files, tensor_parallel_size=4, gpu_count=4) == "cards: 4\n"


def test_resources_without_requests_are_added_where_the_template_writes_them() -> None:
    """A mapping that is put in as a whole is a place for those of its parts that are not there."""
    files = tree(
        "resources: {limits: {memory: 8Gi}}\n", "", after="resources: {{- toYaml .Values.resources | nindent 12 }}"
    )

    assert made(files, cpu_request="3") == 'resources: {limits: {memory: 8Gi}, requests: {cpu: "3"}}\n'
