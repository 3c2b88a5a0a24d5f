"""Edits that would be right by themselves, and wrong beside what stands there."""

from __future__ import annotations

import pytest

from tests.manifest.samples import DEPLOYMENT, SUBJECT, edited
from tests.manifest.shapes.test_custom_resources import RAY
from trimtab.fleet import Scalar
from trimtab.manifest import EditResult, Refusal, Tree, edit, inspect

START, END = DEPLOYMENT.index("          image:"), DEPLOYMENT.index("          resources:")
HPA = """\
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: chat, namespace: llm}
spec:
  scaleTargetRef: {kind: Deployment, name: chat}
  minReplicas: 2
  maxReplicas: 5
"""


def with_container(body: str) -> str:
    """Return the sample with another image, command and variables."""
    lines = "".join(f"          {line}\n" for line in body.splitlines())
    return DEPLOYMENT[:START] + lines + DEPLOYMENT[END:]


def tried(text: str, path: str = "chat.yaml", **values: Scalar) -> EditResult | Refusal:
    """Return what becomes of an edit of the only serving."""
    tree = Tree({path: text.encode()})
    return edit(tree, inspect(tree).servings[0].subject, values)


BOUNDED = DEPLOYMENT.replace("requests: {", 'requests: {cpu: "4", ').replace(
    "limits:\n", 'limits:\n              cpu: "8"\n'
)


@pytest.mark.parametrize(
    ("text", "values", "allowed"),
    [
        (BOUNDED, {"cpu_limit": "2"}, False),
        (BOUNDED, {"cpu_limit": "2", "cpu_request": "2"}, True),
        (BOUNDED, {"cpu_limit": "4000m"}, True),
        (BOUNDED, {"cpu_request": "9"}, True),
        (DEPLOYMENT + HPA, {"min_replicas": 6}, False),
        (DEPLOYMENT + HPA, {"max_replicas": 1}, False),
        (DEPLOYMENT + HPA, {"min_replicas": 6, "max_replicas": 7}, True),
        (
            DEPLOYMENT.replace("# measured", "- --max-num-seqs=64\n            # a"),
            {"max_num_batched_tokens": 32},
            False,
        ),
        (
            DEPLOYMENT.replace("# measured", "- --max-num-seqs=64\n            # a"),
            {"max_num_batched_tokens": 64},
            True,
        ),
    ],
)
def test_no_setting_comes_above_what_bounds_it(text: str, values: dict[str, Scalar], allowed: bool) -> None:
    """A limit below its request, a lowest count above the highest, more sequences than tokens: none of them runs."""
    assert isinstance(tried(text, **values), EditResult) is allowed


@pytest.mark.parametrize("name", ["HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HABANA_VISIBLE_MODULES"])
def test_gpus_of_every_maker_may_be_named_by_number(name: str) -> None:
    """More GPUs than a variable names would not be seen."""
    text = with_container(
        f"image: vllm/vllm-openai:v0.19.0\nargs: [--model=o/m]\nenv: [{{name: {name}, value: '0,1'}}]"
    )
    refused = tried(text, gpu_count=4, tensor_parallel_size=4)
    assert isinstance(refused, Refusal)
    assert "0,1" in refused.reason


def test_a_flag_is_not_added_beside_a_variable_that_an_unknown_program_may_read() -> None:
    """A program of the user's own may make a flag of a variable of its name; one that vLLM starts itself does not."""
    body = "image: example.org/vllm-rocm:1\ncommand: [python3, /srv/{}]\nargs: [--dtype=half]\n"
    body += "env: [{{name: TENSOR_PARALLEL_SIZE, value: '2'}}]"
    assert isinstance(tried(with_container(body.format("api.py")), tensor_parallel_size=4), Refusal)
    own = body.replace("python3, /srv/{}", "vllm, serve, o/m")
    assert isinstance(tried(with_container(own.format()), tensor_parallel_size=4), EditResult)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("style", [">", ">-", "|", "> # deeper lines keep their breaks"])
def test_a_flag_in_a_folded_script_gets_a_line_of_its_own(style: str, newline: str) -> None:
    """Where each flag stands on its line the new one does; a break that the shell would see is continued."""
    end = "" if style in {">", ">-"} else " \\"
    script = f"vllm serve o/m{end}\n    --max-num-seqs 4{end}\n    --api-key $KEY"
    script = script if end else script.replace("    --", "--")
    body = "image: vllm/vllm-openai:v1\ncommand: [sh, -c]\nargs:\n  - STYLE\n" + "".join(
        f"    {line}\n" for line in script.splitlines()
    )
    text = with_container(body.replace("STYLE", style)).replace("\n", newline)
    after = edited(text, SUBJECT, max_model_len=4096)
    assert after.replace(f"{end}{newline}", newline).count(newline) == text.count(newline) + 1
    assert [line.strip() for line in after.split(newline) if "--max-model-len" in line] == ["--max-model-len 4096"]


def test_tolerations_follow_the_kind_of_gpu() -> None:
    """Nodes of a kind may be tainted with its name: what tolerates that changes with the selector, and nothing else."""
    text = DEPLOYMENT.replace(
        "      containers:",
        "      tolerations:\n        - {key: gpu-kind, value: NVIDIA-H100-80GB-HBM3, effect: NoSchedule}\n"
        "        - {key: team, value: llm}\n      containers:",
    )
    assert edited(text, gpu_product="NVIDIA-L40S") == text.replace("NVIDIA-H100-80GB-HBM3", "NVIDIA-L40S")


def test_terms_that_allow_several_kinds_name_none() -> None:
    """Terms are alternatives: where they differ, the pod runs on either kind, and neither is the one to change."""
    term = "{matchExpressions: [{key: nvidia.com/gpu.product, operator: In, values: [NVIDIA-%s]}]}"
    required = "requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [%s, %s]}"
    affinity = "      affinity: {nodeAffinity: {" + required % (term % "L4", term % "%s") + "}}\n"
    start, end = DEPLOYMENT.index("      nodeSelector:"), DEPLOYMENT.index("      containers:")
    either, same = (DEPLOYMENT[:start] + affinity % kind + DEPLOYMENT[end:] for kind in ("A10G", "L4"))
    refused = tried(either, gpu_product="NVIDIA-L40S")
    assert isinstance(refused, Refusal)
    assert "several kinds" in refused.reason
    assert edited(same, gpu_product="NVIDIA-L40S") == same.replace("NVIDIA-L4]", "NVIDIA-L40S]")


TGI = with_container(
    "image: ghcr.io/huggingface/text-generation-inference:3.0\nargs: [--model-id, o/m]\n"
    "env: [{name: MAX_INPUT_LENGTH, value: '3000'}, {name: MAX_TOTAL_TOKENS, value: '4096'}]"
)


@pytest.mark.parametrize(
    ("text", "length", "allowed"),
    [
        (TGI, 3000, False),
        (TGI, 3001, True),
        (TGI.replace("o/m]", "o/m, --max-input-tokens, '1000']"), 2000, True),
        (TGI.replace("o/m]", "o/m, --max-input-tokens=3500]"), 3200, False),
    ],
)
def test_the_longest_input_fits_in_the_length(text: str, length: int, allowed: bool) -> None:
    """TGI does not start where its longest input is not below its length, whether a flag or a variable says it."""
    assert isinstance(tried(text, max_model_len=length), EditResult) is allowed


@pytest.mark.parametrize(
    ("key", "standing", "product", "allowed"),
    [
        ("cloud.google.com/gke-accelerator", "nvidia-l4", "NVIDIA-H100-80GB-HBM3", False),
        ("cloud.google.com/gke-accelerator", "nvidia-l4", "nvidia-h100-80gb", True),
        ("karpenter.k8s.aws/instance-gpu-name", "l4", "Tesla-T4", False),
        ("nvidia.com/gpu.product", "A100", "NVIDIA-H100-80GB-HBM3", True),
    ],
)
def test_a_label_keeps_its_own_words(key: str, standing: str, product: str, allowed: bool) -> None:
    """No node of GKE or of Karpenter has the name that NVIDIA's label gives a GPU."""
    text = DEPLOYMENT.replace("nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3", f"{key}: {standing}")
    assert isinstance(tried(text, gpu_product=product), EditResult) is allowed


KIND = RAY.replace("engine_kwargs", "accelerator_type: A10G\n          engine_kwargs")


@pytest.mark.parametrize(
    ("product", "name"),
    [
        ("NVIDIA-H100-80GB-HBM3", "H100"),
        ("NVIDIA-A100-SXM4-40GB", "A100"),
        ("nvidia-tesla-t4", "T4"),
        ("L40S", "L40S"),
        ("A100-80G", "A100-80G"),
        ("NVIDIA-GeForce-RTX-4090", ""),
        ("AMD-Instinct-MI300X", ""),
    ],
)
def test_a_gpu_is_called_as_ray_calls_it(product: str, name: str) -> None:
    """Ray has names of its own, and none for some: what it would not know is refused."""
    result = tried(KIND, gpu_product=product)
    if not name:
        assert isinstance(result, Refusal)
        return
    assert isinstance(result, EditResult)
    assert result.files["chat.yaml"].decode() == KIND.replace("A10G", name)


def test_ray_and_its_workers_are_told_of_a_gpu_together() -> None:
    """Where a selector of the workers names the GPU too, each says it in its own words."""
    text = KIND.replace(
        "        spec:\n          containers:\n          - name: worker",
        "        spec:\n          nodeSelector: {nvidia.com/gpu.product: NVIDIA-A10G}\n"
        "          containers:\n          - name: worker",
    )
    result = tried(text, gpu_product="NVIDIA-L40S")
    assert isinstance(result, EditResult)
    expected = text.replace("NVIDIA-A10G", "NVIDIA-L40S").replace("accelerator_type: A10G", "accelerator_type: L40S")
    assert result.files["chat.yaml"].decode() == expected


def test_settings_of_pulumi_are_no_values_of_a_chart() -> None:
    """They look like values, and no chart gets them."""
    text = "config:\n  models:\n  - name: chat\n    image: vllm/vllm-openai:v1\n    maxModelLen: 8192\n    model: o/m\n"
    found = {path: inspect(Tree({path: text.encode()})).servings for path in ("Pulumi.prod.yaml", "values.prod.yaml")}
    assert [len(servings) for servings in found.values()] == [0, 1]


@pytest.mark.parametrize("more", ["2>&1 | tee /log", "'|'", "'&& echo done'"])
def test_no_flag_follows_the_end_of_a_command_that_a_list_is_joined_to(more: str) -> None:
    """A chart that joins its list to a script would hand the flag to what comes after the engine."""
    text = f"image: vllm/vllm-openai:v0.19.0\nmodel: org/chat\nargs:\n- --max-model-len\n- '8'\n- {more}\n"
    result = tried(text, "chart/values.yaml", max_num_seqs=4)
    assert "joined to a script" in str(result)
    assert isinstance(tried(text, "chart/values.yaml", max_model_len=4), EditResult)


@pytest.mark.parametrize(
    ("resource", "allowed"), [("google.com/tpu", False), ("amd.com/gpu", False), ("nvidia.com/gpu", True)]
)
def test_a_label_of_one_maker_is_not_put_on_pods_of_another(resource: str, allowed: bool) -> None:
    """No node with another maker's accelerators has a label of NVIDIA's: the pod would wait for ever."""
    text = DEPLOYMENT.replace("nvidia.com/gpu:", f"{resource}:").replace(
        "nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3 # keep in step with the pool", "disk: ssd"
    )
    result = edit(Tree({"chat.yaml": text.encode()}), SUBJECT, {"gpu_product": "NVIDIA-L4"}, "nvidia.com/gpu.product")
    assert isinstance(result, EditResult) is allowed
