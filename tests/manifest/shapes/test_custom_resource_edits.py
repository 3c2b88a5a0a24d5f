"""How each custom resource is edited: the lines that change, the sets that change together, and what is refused."""

from __future__ import annotations

import pytest

from tests.manifest.samples import edited
from tests.manifest.shapes.test_custom_resources import KAITO, LLMISVC, NIM, SAID
from trimtab.fleet import Scalar
from trimtab.manifest import Refusal, Tree, edit, inspect

Changes = tuple[list[str], list[str]]


def changed(text: str, **values: Scalar) -> Changes:
    """Return the lines that an edit of the only serving removes and adds."""
    subject = inspect(Tree({"a.yaml": text.encode()})).servings[0].subject
    after = edited(text, subject, "nvidia.com/gpu.product", **values)
    before_lines, after_lines = text.splitlines(), after.splitlines()
    gone = [line.strip() for line in before_lines if line not in after_lines]
    return gone, [line.strip() for line in after_lines if line not in before_lines]


def refused(text: str, **values: Scalar) -> str:
    """Return why an edit of the only serving is refused."""
    tree = Tree({"a.yaml": text.encode()})
    result = edit(tree, inspect(tree).servings[0].subject, values, "nvidia.com/gpu.product")
    assert isinstance(result, Refusal), result
    return result.reason


@pytest.mark.parametrize(
    ("name", "values", "gone", "new"),
    [
        ("kubeai", {"max_num_seqs": 16}, [], ["- --max-num-seqs=16"]),
        ("kubeai", {"gpu_product": "gpu-h100"}, ["resourceProfile: nvidia-gpu-l4:2"], ["resourceProfile: gpu-h100:2"]),
        ("kaito", {"max_num_seqs": 16}, [], ["max-num-seqs: 16"]),
        ("kaito", {"max_model_len": 4096}, ["max-model-len: 8192"], ["max-model-len: 4096"]),
        ("nim", {"max_num_seqs": 16}, [], ["- name: NIM_MAX_BATCH_SIZE", 'value: "16"']),
        ("dynamo", {"cpu_request": "3"}, ['resources: {limits: {gpu: "2"}}'], None),
        ("ray", {"max_num_seqs": 16}, [], ["max_num_seqs: 16"]),
        ("ray", {"gpu_product": "NVIDIA-L4"}, [], ["nodeSelector:", "nvidia.com/gpu.product: NVIDIA-L4"]),
        ("llmisvc", {"tensor_parallel_size": 8}, ["parallelism: {tensor: 4, data: 16}"], None),
        (
            "vllm-runtime",
            {"gpu_memory_utilization": 0.7},
            ['gpuMemoryUtilization: "0.8"'],
            ['gpuMemoryUtilization: "0.7"'],
        ),
        ("vllm-runtime", {"enable_prefix_caching": True}, [], ["enablePrefixCaching: true"]),
        ("llmkube", {"max_model_len": 4096}, ["contextSize: 32768"], ["contextSize: 4096"]),
        ("llmaz", {"replicas": 3}, ["replicas: 2"], ["replicas: 3"]),
    ],
)
def test_an_edit_is_spelled_as_the_resource_has_it(
    name: str, values: dict[str, Scalar], gone: list[str], new: list[str] | None
) -> None:
    """Values, inserts and new keys take the form of their place; the same edit again changes nothing."""
    removed, added = changed(SAID[name][0], **values)

    assert removed == gone
    assert new is None or added == new


def test_gpus_of_a_ray_worker_change_with_what_it_is_started_with() -> None:
    """The container's limit and `num-gpus` say the same number."""
    assert changed(SAID["ray"][0], gpu_count=8) == (
        ['rayStartParams: {num-gpus: "4"}', "resources: {limits: {nvidia.com/gpu: 4}}"],
        ['rayStartParams: {num-gpus: "8"}', "resources: {limits: {nvidia.com/gpu: 8}}"],
    )


def test_gpus_of_llmkube_change_in_the_service_and_its_model() -> None:
    """Both objects say the number of GPUs, and both change."""
    gone, new = changed(SAID["llmkube"][0], gpu_count=2)

    assert new == ["hardware: {gpu: {enabled: true, count: 2}}", "resources: {gpu: 2, cpu: 500m, memory: 16Gi}"]
    assert len(gone) == len(new)


def test_a_switch_of_a_model_booster_is_an_empty_text() -> None:
    """Kthena passes a value on as a word after the flag, so a switch has none."""
    _, new = changed(SAID["model-booster"][0], enable_prefix_caching=True)

    assert new == ['config: {max-model-len: 8192, enforce-eager: "", enable-prefix-caching: ""}']


def test_workers_of_an_llm_inference_service_change_with_the_leader() -> None:
    """Leader and workers take the same arguments and GPUs, and stay the same."""
    text = SAID["llmisvc"][0]
    pod = text.partition("  template:\n")[2]
    text += "  worker:\n" + pod

    gone, new = changed(text, max_model_len=4096, gpu_count=8)

    assert new.count('value: "--max-model-len 4096 --enforce-eager"') == len(gone) // 2
    assert new.count('resources: {limits: {nvidia.com/gpu: "8"}}') == len(gone) // 2


@pytest.mark.parametrize(
    ("text", "values", "why"),
    [
        (SAID["kubeai"][0], {"replicas": 3}, "KubeAI scales"),
        (SAID["kubeai"][0], {"gpu_product": "NVIDIA-L40S"}, "no resource profile"),
        (KAITO, {"gpu_count": 4}, "KAITO asks for the GPUs"),
        (KAITO, {"gpu_product": "NVIDIA-L40S"}, "no machine"),
        (KAITO, {"replicas": 3}, "one replica"),
        (KAITO.replace("  config: flags\n", ""), {"max_model_len": 4096}, "no ConfigMap"),
        (NIM.replace("NIM_MAX_MODEL_LEN", "NIM_MODEL_PROFILE"), {"gpu_product": "NVIDIA-L4"}, "NIM profile"),
        (NIM.replace("NIM_MAX_MODEL_LEN", "NIM_MODEL_PROFILE"), {"gpu_count": 4}, "NIM profile"),
        (NIM + "  scale: {enabled: true, hpa: {maxReplicas: 4}}\n", {"replicas": 3}, "HPA"),
        (SAID["llmkube"][0] + "  autoscaling: {maxReplicas: 4}\n", {"replicas": 3}, "autoscaling"),
        (SAID["vllm-runtime"][0], {"cpu_limit": "9"}, "limits from the requests"),
    ],
)
def test_what_something_else_owns_is_refused_with_its_reason(text: str, values: dict[str, Scalar], why: str) -> None:
    """Operators, presets, profiles and scalers own fields; the reason names them."""
    assert why in refused(text, **values)


def test_a_pool_owns_the_replicas_of_its_members() -> None:
    """A ModelPool beside the service scales it, and is named with its place."""
    pool = (
        "apiVersion: inference.llmkube.dev/v1alpha1\nkind: ModelPool\nmetadata: {name: slot}\n"
        "spec: {gpu: 1, members: [{inferenceServiceRef: {name: chat}}]}\n"
    )
    tree = Tree({"a.yaml": SAID["llmkube"][0].encode(), "pool.yaml": pool.encode()})
    serving = inspect(tree).servings[0]

    assert not serving.settings["replicas"].editable
    assert serving.settings["replicas"].reason == "ModelPool slot (pool.yaml:1) owns the number of replicas"


def test_a_runtime_without_further_arguments_gets_its_first() -> None:
    """What a VLLMRuntime has no key for goes into the list that its operator hands to the engine."""
    text = "".join(line for line in SAID["vllm-runtime"][0].splitlines(keepends=True) if "extraArgs" not in line)

    assert changed(text, kv_cache_dtype="fp8") == ([], ["extraArgs:", "- --kv-cache-dtype=fp8"])


def test_a_command_of_its_own_takes_no_keys_for_flags() -> None:
    """`parallelism` is for the command that KServe configures; where the container has its own, the flag goes there."""
    own = LLMISVC.replace("  parallelism: {tensor: 4, data: 16}\n", "").replace(
        "    - name: main\n",
        "    - name: main\n      command: [vllm, serve]\n      args:\n      - /mnt/models\n      - --x=1\n",
    )
    subject = "chat.yaml#LLMInferenceService//chat/main"

    assert "- --x=1\n      - --tensor-parallel-size=2\n" in edited(own, subject, tensor_parallel_size=2)
    assert "tensor: 2" in edited(LLMISVC, subject, tensor_parallel_size=2)


def test_one_flag_alone_is_appended_as_a_command_line() -> None:
    """A shell splits the variable into words, however few."""
    text = LLMISVC.replace(" --enforce-eager", "")

    assert changed(text, max_model_len=4096, max_num_seqs=8)[1] == ['value: "--max-model-len 4096 --max-num-seqs 8"']
