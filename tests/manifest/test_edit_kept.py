from __future__ import annotations

import pytest

from tests.manifest.samples import DEPLOYMENT, SUBJECT, edited, refused
from trimtab.fleet import Scalar
from trimtab.manifest import EditResult, Refusal, Tree, edit, inspect

LENGTH = "            - --max-model-len=8192   # tokens\n"


def commented(comment: str) -> str:
    """Return the sample with another comment above the length."""
    return DEPLOYMENT.replace("# measured on a Monday", comment)


@pytest.mark.parametrize(
    "comment",
    [
        "# Do not change this without asking ops",
        "# measured; please don't touch",
        "# HANDS OFF: see the incident of May",
        "# tuned by hand\n            # - never modify it",
        "# measured, so: do\n            # not change it",
        "# leave this alone",
    ],
)
def test_a_comment_that_keeps_a_value_is_obeyed(comment: str) -> None:
    """What stands right above a value and tells people not to change it is told in the refusal."""
    assert "a comment says" in refused(commented(comment), SUBJECT, max_model_len=4096)
    assert edited(commented(comment), SUBJECT, replicas=2)


@pytest.mark.parametrize(
    "comment",
    [
        "# they do not change with the load",
        "# Do not change the model above\n\n            # measured",
        "# the flags below never touch the disk",
        "# changed in May",
    ],
)
def test_a_comment_that_tells_something_else_keeps_nothing(comment: str) -> None:
    """A statement is no order, and an order further up is about something else."""
    assert edited(commented(comment), SUBJECT, max_model_len=4096) == commented(comment).replace("8192", "4096")


@pytest.mark.parametrize(
    ("comment", "value", "allowed"),
    [
        ("# DO NOT raise past this without the bisect", 4096, True),
        ("# DO NOT raise past this without the bisect", 16384, False),
        ("# Do NOT lower this to buy headroom", 16384, True),
        ("# Do NOT lower this to buy headroom", 4096, False),
        ("# pinned, do not bump", 16384, False),
    ],
)
def test_a_comment_may_close_one_direction(comment: str, value: int, allowed: bool) -> None:
    """What must not be raised may be lowered, and the other way round."""
    result = edit(Tree({"chat.yaml": commented(comment).encode()}), SUBJECT, {"max_model_len": value})

    assert isinstance(result, EditResult) is allowed


def test_a_comment_between_flag_and_value_or_beside_it_counts() -> None:
    """A value in a line of its own is kept by what stands above its flag, above itself, or after it."""
    places = ["            # do not change\n            - --max-model-len\n            - '8192'\n"]
    places.append("            - --max-model-len\n            # do not change\n            - '8192'\n")
    places.append("            - --max-model-len\n            - '8192' # do not change\n")
    for place in places:
        assert "do not change" in refused(DEPLOYMENT.replace(LENGTH, place), SUBJECT, max_model_len=4096)


@pytest.mark.parametrize(
    ("comment", "field", "value"),
    [
        ("# replicas is deliberately unset: a pool owns it", "replicas", 2),
        ("# DO NOT pin --max-num-seqs here", "max_num_seqs", 8),
        ("# do not set an explicit `priorityClassName`", "priority_class", "high"),
    ],
)
def test_what_is_left_out_on_purpose_stays_out(comment: str, field: str, value: Scalar) -> None:
    """A comment that says why something is not said is obeyed by what would say it."""
    assert "a comment says" in refused(commented(comment), SUBJECT, **{field: value})
    assert edited(commented(comment), SUBJECT, enable_prefix_caching=True)


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        ('trimtab.dev/ignore: "true"', True),
        ("krr/ignore: 'True'", False),
        ('trimtab.dev/ignore: "false"', False),
        ("trimtab.dev/ignore: oversized-gpu", False),
    ],
)
def test_a_label_that_says_hands_off_is_obeyed(label: str, kept: bool) -> None:
    """A label keeps the whole workload as it is; one that names rules is for the rules."""
    for place in ("metadata:\n  name: chat\n", "    metadata: {labels: {app: chat}}\n"):
        line = "  annotations: {" + label + "}\n" if place.startswith("meta") else ""
        text = (
            DEPLOYMENT.replace(place, place + line)
            if line
            else DEPLOYMENT.replace("app: chat}}\n    spec", f"app: chat, {label}}}}}\n    spec")
        )
        result = edit(Tree({"chat.yaml": text.encode()}), SUBJECT, {"max_model_len": 4096})

        assert isinstance(result, Refusal) is kept
        host = edit(Tree({"chat.yaml": text.encode()}), SUBJECT, {"cpu_request": "4"})
        assert isinstance(host, Refusal) is (kept or "krr" in label)


def test_what_a_vertical_autoscaler_sets_is_its_own() -> None:
    """A request is refused while a VerticalPodAutoscaler sets it, and not where it only recommends."""
    scaler = """\
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata: {name: chat, namespace: llm}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: chat}
"""
    off = "  updatePolicy: {updateMode: 'Off'}\n"
    some = "  resourcePolicy: {containerPolicies: [{containerName: '*', controlledResources: [cpu]}]}\n"
    spared = "  resourcePolicy: {containerPolicies: [{containerName: server, mode: 'Off'}, {containerName: '*'}]}\n"
    expected = {"": {"cpu", "memory"}, off: set(), some: {"cpu"}, spared: set()}
    for rest, kept in expected.items():
        tree = Tree({"chat.yaml": DEPLOYMENT.encode(), "vpa.yaml": (scaler + rest).encode()})
        results = {name: edit(tree, SUBJECT, {f"{name}_request": "8Gi"}) for name in ("cpu", "memory")}

        assert {name for name, result in results.items() if isinstance(result, Refusal)} == kept


@pytest.mark.parametrize(
    ("image", "container"),
    [
        (
            "nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8",
            "env: [{name: NIM_MODEL_PROFILE, value: tensorrt_llm-h100-fp8-tp2}]",
        ),
        ("nvcr.io/nvidia/tritonserver:25.06-trtllm-python-py3", "command: [tritonserver, --model-repository=/engines]"),
        ("nvcr.io/nvidia/tensorrt-llm/release:1.0", "command: [trtllm-serve, /engines/llama]"),
    ],
)
def test_what_was_built_for_its_gpus_stays_on_them(image: str, container: str) -> None:
    """A NIM profile and a TensorRT engine fit one kind and number of GPUs; everything else may change."""
    start, end = DEPLOYMENT.index("          image:"), DEPLOYMENT.index("          resources:")
    text = f"{DEPLOYMENT[:start]}          image: {image}\n          {container}\n{DEPLOYMENT[end:]}"
    settings = inspect(Tree({"chat.yaml": text.encode()})).servings[0].settings

    for field, value in (("gpu_product", "NVIDIA-L4"), ("gpu_count", 4), ("gpu_resource", "nvidia.com/mig-1g.10gb")):
        assert "built for" in refused(text, SUBJECT, **{field: value})
        assert not settings[field].editable
    assert "built for" in refused(text, SUBJECT, tensor_parallel_size=4)
    assert edited(text, SUBJECT, memory_request="64Gi", replicas=2)


def test_a_model_that_is_built_when_it_starts_is_not_bound() -> None:
    """TensorRT-LLM's server that is given a model of the hub builds for what it finds."""
    start, end = DEPLOYMENT.index("          image:"), DEPLOYMENT.index("          resources:")
    body = (
        "          image: nvcr.io/nvidia/tensorrt-llm/release:1.0\n          command: [trtllm-serve, Qwen/Qwen3-8B]\n"
    )

    assert "NVIDIA-L4" in edited(DEPLOYMENT[:start] + body + DEPLOYMENT[end:], SUBJECT, gpu_product="NVIDIA-L4")


@pytest.mark.parametrize("flag", ["--tensor-parallel-size=$(TP)", "--pipeline-parallel-size=2", "-tp=2"])
def test_a_slice_serves_no_model_that_is_spread(flag: str) -> None:
    """Slices of a GPU are refused where a model is spread over several, or where nothing tells."""
    text = DEPLOYMENT.replace(LENGTH, f"            - {flag}\n")

    assert "MIG" in refused(text, SUBJECT, gpu_resource="nvidia.com/mig-1g.10gb")


GROUP = """\
apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata: {name: chat}
spec:
  leaderWorkerTemplate:
    size: 2 # two hosts
    workerTemplate:
      spec:
        containers:
          - name: server
            image: vllm/vllm-openai:v0.19.0
            args: [--model=o/m, --tensor-parallel-size=16]
            resources: {limits: {nvidia.com/gpu: 8}}
"""
LED = "chat.yaml#LeaderWorkerSet//chat/server"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"tensor_parallel_size": 8}, [("size=16", "size=8"), ("size: 2", "size: 1")]),
        ({"tensor_parallel_size": 32}, [("size=16", "size=32"), ("size: 2", "size: 4")]),
        ({"gpu_count": 4}, [("gpu: 8", "gpu: 4"), ("size: 2", "size: 4")]),
        ({"gpu_count": 4, "tensor_parallel_size": 8}, [("gpu: 8", "gpu: 4"), ("size=16", "size=8")]),
        ({"replicas": 2}, [("spec:\n  leader", "spec:\n  replicas: 2\n  leader")]),
    ],
)
def test_a_group_has_as_many_pods_as_its_model_is_spread_over(
    values: dict[str, Scalar], expected: list[tuple[str, str]]
) -> None:
    """The size of a LeaderWorkerSet goes with parallelism and GPUs, in one edit."""
    after = GROUP
    for old, new in expected:
        after = after.replace(old, new)

    assert edited(GROUP, LED, "", **values) == after


def test_a_group_that_no_number_of_pods_fits_is_refused() -> None:
    """Where the GPUs of the pods do not add up to what the model is spread over, nothing is written."""
    assert "no whole number of pods" in refused(GROUP, LED, tensor_parallel_size=12)


DYNAMO = """\
apiVersion: nvidia.com/v1alpha1
kind: DynamoGraphDeployment
metadata: {name: chat}
spec:
  services:
    decode:
      componentType: worker
      multinode: {nodeCount: 2}
      resources: {limits: {gpu: "8"}}
      extraPodSpec:
        mainContainer: {image: dynamo:1, command: [python3, -m, dynamo.sglang], args: [--model-path, o/m, --tp, "16"]}
"""
ROLES = """\
apiVersion: API
kind: KIND
metadata: {name: chat}
spec:
  roles:
  - name: decode
    SIZE
    template:
      spec:
        containers:
        - name: server
          image: lmsysorg/sglang:v0.5
          command: [python3, -m, sglang.launch_server, --model-path, o/m, --tp, "16"]
          resources: {limits: {nvidia.com/gpu: 8}}
"""
AIBRIX = (ROLES.replace("API", "orchestration.aibrix.ai/v1alpha1").replace("KIND", "RoleSet")).replace(
    "SIZE", "podGroupSize: 2"
)
RBG = (ROLES.replace("API", "workloads.x-k8s.io/v1alpha1").replace("KIND", "RoleBasedGroup")).replace(
    "SIZE", "leaderWorkerSet: {size: 2}"
)


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (DYNAMO, "nodeCount: 2", "nodeCount: 4"),
        (AIBRIX, "podGroupSize: 2", "podGroupSize: 4"),
        (RBG, "{size: 2}", "{size: 4}"),
    ],
)
def test_groups_of_every_maker_have_the_pods_that_their_model_is_spread_over(text: str, old: str, new: str) -> None:
    """Nodes of Dynamo, pods of AIBrix and of a RoleBasedGroup are a group as those of a LeaderWorkerSet are."""
    (serving,) = inspect(Tree({"chat.yaml": text.encode()})).servings
    after = edited(text, serving.subject, tensor_parallel_size=32)

    assert after == text.replace(old, new).replace('"16"', '"32"')


@pytest.mark.parametrize(
    ("text", "ways", "why"),
    [
        (DYNAMO, 8, "a group of one"),
        (AIBRIX.replace('"16"]', '"16", --nnodes=2]'), 32, "told of 2 nodes"),
        (AIBRIX.replace("Size: 2", "Size: 2 # never change"), 32, "a comment says"),
    ],
)
def test_a_group_that_cannot_follow_keeps_its_model_too(text: str, ways: int, why: str) -> None:
    """What its schema, the engine's own flags or a person hold to its size is refused as a whole."""
    (serving,) = inspect(Tree({"chat.yaml": text.encode()})).servings

    assert why in refused(text, serving.subject, tensor_parallel_size=ways)


def test_a_group_of_another_arithmetic_keeps_its_size() -> None:
    """Pods that are more than parallelism needs serve otherwise, and their number is not touched."""
    text = GROUP.replace("size: 2", "size: 3")

    assert edited(text, LED, tensor_parallel_size=8) == text.replace("size=16", "size=8")


@pytest.mark.parametrize(
    ("devices", "values", "allowed"),
    [
        ("0,1", {"gpu_count": 2, "tensor_parallel_size": 2}, True),
        ("0,1", {"gpu_count": 4, "tensor_parallel_size": 4}, False),
        ("0,1", {"gpu_count": 4}, True),
        ("2", {"gpu_count": 2}, False),
        ("all", {"gpu_count": 4, "tensor_parallel_size": 4}, True),
        ("0,1", {"replicas": 4}, True),
    ],
)
def test_gpus_that_are_named_by_number_are_counted(devices: str, values: dict[str, Scalar], allowed: bool) -> None:
    """What CUDA_VISIBLE_DEVICES does not name is not seen, whether a variable or a script says it."""
    script = f"command: [sh, -c]\n          args: ['export CUDA_VISIBLE_DEVICES={devices}; vllm serve o/m']\n"
    listed = f"args: [--model=o/m]\n          env: [{{name: CUDA_VISIBLE_DEVICES, value: '{devices}'}}]\n"
    start, end = DEPLOYMENT.index("args:"), DEPLOYMENT.index("          resources:")
    for body in (script, listed):
        text = DEPLOYMENT[:start] + body + DEPLOYMENT[end:]
        result = edit(Tree({"chat.yaml": text.encode()}), SUBJECT, values)

        assert isinstance(result, EditResult) is allowed
