from __future__ import annotations

import pytest

from tests.manifest.samples import DEPLOYMENT, SUBJECT, changed, edited, refused
from trimtab.errors import UsageError
from trimtab.fleet import Scalar
from trimtab.manifest import EditResult, Tree, edit

HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: chat, namespace: llm}\n"


def deployment(container: str) -> str:
    """Return a Deployment with one container, its lines below `- `."""
    lines = "".join(f"        {line}\n" for line in container.strip("\n").splitlines()).replace(
        "        ", "      - ", 1
    )
    return f"{HEAD}spec:\n  template:\n    spec:\n      containers:\n{lines}"


def arguments(args: str) -> str:
    """Return a Deployment whose serving container has these arguments."""
    return deployment(f"name: server\nimage: vllm/vllm-openai:v0.11.0\n{args}")


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ({"max_model_len": 4096}, [("--max-model-len=8192   # tokens", "--max-model-len=4096   # tokens")]),
        ({"gpu_product": "NVIDIA-L40S"}, [("NVIDIA-H100-80GB-HBM3 # keep", "NVIDIA-L40S # keep")]),
        ({"engine_version": "v0.20.0"}, [("v0.19.0", "v0.20.0")]),
        ({"model": "org/other"}, [("Qwen/Qwen2.5-7B-Instruct", "org/other")]),
        ({"memory_request": "64Gi"}, [("memory: 32Gi", "memory: 64Gi")]),
        (
            {"gpu_count": 2},
            [("nvidia.com/gpu: 1}", "nvidia.com/gpu: 2}"), ("nvidia.com/gpu: 1", "nvidia.com/gpu: 2")],
        ),
        (
            {"gpu_resource": "nvidia.com/mig-1g.10gb"},
            [("nvidia.com/gpu: 1}", "nvidia.com/mig-1g.10gb: 1}"), ("nvidia.com/gpu: 1", "nvidia.com/mig-1g.10gb: 1")],
        ),
    ],
)
def test_a_value_changes_where_it_stands(values: dict[str, Scalar], lines: list[tuple[str, str]]) -> None:
    """Only the characters of the value change; comments, order and every other line stay."""
    after = edited(DEPLOYMENT, SUBJECT, **values)
    found = changed(DEPLOYMENT, after)

    assert len(found) == len(lines)
    for (before, now), (old, new) in zip(found, lines, strict=True):
        assert before.replace(old, new) == now


@pytest.mark.parametrize(
    ("args", "values", "added"),
    [
        ("args: [--model=o/m]", {"max_num_seqs": 8}, "args: [--model=o/m, --max-num-seqs=8]"),
        ("args: ['--model', 'o/m']", {"max_num_seqs": 8}, "args: ['--model', 'o/m', '--max-num-seqs', '8']"),
        ('args: ["--model", o/m]', {"dtype": "half"}, 'args: ["--model", o/m, "--dtype", half]'),
        ("args:\n- --model=o/m\n# tail", {"max_num_seqs": 8}, "args:\n- --model=o/m\n- --max-num-seqs=8\n# tail"),
        ("args:\n  - --model\n  - o/m", {"max_num_seqs": 8}, '  - o/m\n  - --max-num-seqs\n  - "8"'),
        ("args:\n- --model=o/m", {"enable_prefix_caching": True}, "- --model=o/m\n- --enable-prefix-caching"),
        ("args: [\n  --model,\n  o/m\n]", {"max_num_seqs": 8}, '  o/m,\n  --max-num-seqs,\n  "8"\n]'),
        ("args: [--model=o/m, --enforce-eager]", {"enforce_eager": False}, "args: [--model=o/m]"),
        ("args:\n- --max_num_seqs=4\n- --model=o/m", {"max_model_len": 9}, "- --model=o/m\n- --max_model_len=9"),
    ],
)
def test_a_flag_is_added_as_its_siblings_are_written(args: str, values: dict[str, Scalar], added: str) -> None:
    """Column, quotes, `=` or two items, flow or block: the new flag looks like the others."""
    body = "".join(f"        {line}\n" for line in added.splitlines())

    assert body in edited(arguments(args), SUBJECT, **values)


@pytest.mark.parametrize(
    ("script", "after"),
    [
        ("args: [sh, -c, vllm serve o/m --dtype half]", "args: [sh, -c, vllm serve o/m --dtype half --max-num-seqs 8]"),
        ('args: [sh, -c, "vllm serve o/m; echo"]', 'args: [sh, -c, "vllm serve o/m --max-num-seqs=8; echo"]'),
        (
            "args:\n- sh\n- -c\n- |\n  vllm serve o/m \\\n    --dtype half # why\n  echo",
            "- |\n  vllm serve o/m \\\n    --dtype half \\\n    --max-num-seqs 8 # why\n  echo",
        ),
        (
            "args:\n- sh\n- -c\n- >-\n  vllm serve o/m\n  --dtype=half",
            "- >-\n  vllm serve o/m\n  --dtype=half\n  --max-num-seqs=8",
        ),
    ],
)
def test_a_flag_is_added_to_a_script(script: str, after: str) -> None:
    """Inside a shell string the flag goes after the engine's own words, on a continued line where each has one."""
    body = "".join(f"        {line}\n" for line in after.splitlines())

    assert body in edited(arguments(script), SUBJECT, max_num_seqs=8)


@pytest.mark.parametrize(
    ("resources", "after"),
    [
        ("resources:\n  requests:\n    memory: 8Gi", 'resources:\n  requests:\n    memory: 8Gi\n    cpu: "16"'),
        ("resources:\n  limits: {nvidia.com/gpu: 1}", '  limits: {nvidia.com/gpu: 1}\n  requests:\n    cpu: "16"'),
        ("resources: {limits: {nvidia.com/gpu: 1}}", 'resources: {limits: {nvidia.com/gpu: 1}, requests: {cpu: "16"}}'),
        ("resources: {}", 'resources: {requests: {cpu: "16"}}'),
        ("resources:", 'resources: {requests: {cpu: "16"}}'),
        ("tty: true", 'tty: true\nresources:\n  requests:\n    cpu: "16"'),
        ('resources: {requests: {cpu: "8"}}', 'resources: {requests: {cpu: "16"}}'),
        ("resources: {requests: {cpu: 8}}", "resources: {requests: {cpu: 16}}"),
        ("resources: {requests: {cpu: 500m}}", 'resources: {requests: {cpu: "16"}}'),
    ],
)
def test_cpu_is_requested_wherever_the_place_for_it_is(resources: str, after: str) -> None:
    """What is missing on the way to the request is added; what stands keeps its style."""
    text = arguments(f"args: [--model=o/m]\n{resources}")
    body = "".join(f"        {line}\n" for line in after.splitlines())

    assert body in edited(text, SUBJECT, cpu_request="16")


def test_a_request_raises_the_limit_that_it_exceeds() -> None:
    """Kubernetes rejects a request above its limit, so both change."""
    text = deployment(
        "name: server\nimage: vllm/vllm:1\nargs: [--model=o/m]\nresources: {requests: {cpu: 1}, limits: {cpu: 2}}"
    )

    assert "resources: {requests: {cpu: 16}, limits: {cpu: 16}}" in edited(text, SUBJECT, cpu_request="16")
    assert "resources: {requests: {cpu: 2}, limits: {cpu: 2}}" in edited(text, SUBJECT, cpu_request="2")


def test_replicas_are_written_first_in_the_spec() -> None:
    """A missing count goes right below `spec:`, above comments that belong to what follows."""
    assert "spec:\n  replicas: 3\n  # one is enough at night\n" in edited(DEPLOYMENT, SUBJECT, replicas=3)


def test_a_selector_is_added_only_where_its_label_is_known() -> None:
    """Without a label the edit is refused; with one the pod gets a selector."""
    text = arguments("args: [--model=o/m]")

    assert "no label for one is known" in refused(text, SUBJECT, gpu_product="NVIDIA-L40S")
    after = edited(text, SUBJECT, "nvidia.com/gpu.product", gpu_product="NVIDIA-L40S")
    assert "      nodeSelector:\n        nvidia.com/gpu.product: NVIDIA-L40S\n" in after


def test_several_settings_change_together() -> None:
    """A set of settings is one edit, with one line told for each change, numbered as before."""
    tree = Tree({"chat.yaml": DEPLOYMENT.encode()})
    result = edit(tree, SUBJECT, {"tensor_parallel_size": 2, "gpu_count": 2, "replicas": 1})

    assert isinstance(result, EditResult)
    lines = DEPLOYMENT.splitlines()
    for one in result.edits:
        assert not one.before or lines[one.line - 1] == one.before
    assert [one.field for one in result.edits] == ["replicas", "tensor_parallel_size", "gpu_count", "gpu_count"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_line_breaks_marks_and_ends_are_kept(newline: str, mark: str, end: str) -> None:
    """CRLF, a byte order mark and a missing last line break survive edits and inserts."""
    text = mark + DEPLOYMENT.rstrip("\n").replace("\n", newline) + end.replace("\n", newline)
    after = edited(text, SUBJECT, max_model_len=4096, cpu_request="4", max_num_seqs=8, replicas=2)

    assert after.startswith(mark + "apiVersion")
    assert after.endswith("1" + end.replace("\n", newline))
    assert after.count("\n") - after.count("\r\n") == (0 if newline == "\r\n" else after.count("\n"))


def test_a_value_inside_text_inside_text_is_edited() -> None:
    """A flag of a script in YAML text of an Application is replaced through every layer."""
    text = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: chat}
spec:
  source:
    chart: app-template
    helm:
      values: |
        controllers:
          chat:
            containers:
              app:
                image: {repository: vllm/vllm-openai, tag: v1}
                command: ["sh", "-c", "vllm serve 'o/m' --max-model-len \\"8192\\""]
"""
    subject = "chat.yaml#Application//chat/chat/app"
    after = edited(text, subject, max_model_len=4096, cpu_request="4")

    assert after.startswith(text.replace("8192", "4096").rstrip("\n"))
    assert '                resources:\n                  requests:\n                    cpu: "4"\n' in after


def test_values_of_a_chart_get_keys_in_their_style() -> None:
    """A missing key of the production stack is added where the chart reads it; other flags go to `extraArgs`."""
    item = "  - name: a\n    modelURL: o/m\n    requestGPU: 1\n    vllmConfig:\n      dtype: half\n"
    text = f"servingEngineSpec:\n  modelSpec:\n{item}"
    after = edited(text, "values.yaml#//a/a", max_model_len=4096, quantization="awq", replicas=2)

    assert "    vllmConfig:\n      dtype: half\n      maxModelLen: 4096\n" in after
    assert "      extraArgs:\n      - --quantization=awq\n" in after
    assert "    replicaCount: 2\n" in after


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_modl_len": 1}, "is no setting"),
        ({"max_model_len": "many"}, "no value of"),
        ({"replicas": -1}, "no value of"),
        ({"gpu_memory_utilization": "high"}, "no value of"),
        ({"enforce_eager": "maybe"}, "no value of"),
        ({"cpu_request": "lots"}, "no value of"),
        ({"engine": "sglang"}, "is not set by one value"),
        ({"cpu_request": "8", "cpu_limit": "4"}, "would be above"),
    ],
)
def test_what_makes_no_sense_is_a_users_error(values: dict[str, Scalar], message: str) -> None:
    """Unknown words and values that are none of their field never reach a file."""
    with pytest.raises(UsageError, match=message):
        edit(Tree({"chat.yaml": DEPLOYMENT.encode()}), SUBJECT, values)


def test_a_path_that_leaves_the_folder_is_a_users_error() -> None:
    """No address leads out of the tree."""
    with pytest.raises(UsageError, match="leaves the folder"):
        edit(Tree({}), "../x.yaml#Deployment//a/b", {"replicas": 1})
