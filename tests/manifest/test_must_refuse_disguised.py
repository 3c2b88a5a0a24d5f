"""What an edit must refuse, in disguise: other kinds, folders, headers, spellings and places than the plain ones."""

from __future__ import annotations

import pytest

from tests.manifest.samples import DEPLOYMENT, SUBJECT
from tests.manifest.test_must_refuse import LEN, SELECTOR, tried
from trimtab.fleet import Scalar
from trimtab.manifest import EditResult, Refusal, Tree, edit


def scaler(kind: str, group: str) -> str:
    """Return something that scales the sample."""
    return (
        f"apiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: s, namespace: llm}}\n"
        "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: chat}}\n"
    )


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("VariantAutoscaling", "llmd.ai"),
        ("MultidimPodAutoscaler", "autoscaling.gke.io"),
        ("WatermarkPodAutoscaler", "datadoghq.com"),
    ],
)
def test_autoscalers_of_every_maker_own_the_replicas(kind: str, group: str) -> None:
    """What scales a workload need be no HorizontalPodAutoscaler."""
    files = {"chat.yaml": DEPLOYMENT, "far/scaler.yaml": scaler(kind, group)}
    assert f"{kind} s (far/scaler.yaml:1) owns" in str(tried(files, {"replicas": 3}))


@pytest.mark.parametrize("folder", ["dist", "apps/.archive", "_rendered/prod", "generated", "archive/old"])
def test_a_folder_may_be_named_for_the_copies_that_it_holds(folder: str) -> None:
    """Copies carry no header where a pipeline writes them without one."""
    assert "copies" in str(tried({f"{folder}/chat.yaml": DEPLOYMENT}, LEN))


@pytest.mark.parametrize(
    "header",
    [
        "# ---\n# DO NOT EDIT\n#\n#\n",
        "# GENERATED FILE\n",
        "# generated via helm template\n",
        "# Managed by Terraform. Manual changes will be overwritten.\n",
        "# NOTE: rendered with `kustomize build overlays/prod`\n",
        "---\n# Output of: helm template chat ./chart -f values.yaml\n",
    ],
)
def test_a_header_may_say_in_its_own_words_that_a_file_is_made(header: str) -> None:
    """Tools and people have many words for it; the line need not be the last before the object."""
    assert "generated" in str(tried({"chat.yaml": header + DEPLOYMENT}, LEN))


@pytest.mark.parametrize("seal", ['"sops": {"mac": "x"}\n', "sops: {mac: x}\n", "sops:\r\n  mac: x\r\n"])
def test_a_seal_of_sops_may_be_written_as_json(seal: str) -> None:
    """An edit would break it however it is written."""
    assert "SOPS" in str(tried({"chat.yaml": DEPLOYMENT + seal}, LEN))


@pytest.mark.parametrize(
    "comment",
    [
        "never raise/lower this",
        "must stay at 8192",
        "this must not be changed",
        "not to be changed before the audit",
        "measured; do not scale",
    ],
)
def test_a_comment_may_keep_a_value_in_other_words(comment: str) -> None:
    """The passive voice counts, and so does what closes both ways."""
    text = DEPLOYMENT.replace("measured on a Monday", comment)
    assert "a comment says" in str(tried({"chat.yaml": text}, LEN))


@pytest.mark.parametrize("comment", ["must stay below 16384", "never scale to zero", "do not scale down too fast"])
def test_a_bound_keeps_no_value(comment: str) -> None:
    """What says how far one may go says that one may."""
    text = DEPLOYMENT.replace("measured on a Monday", comment)
    assert isinstance(tried({"chat.yaml": text}, LEN), EditResult)


@pytest.mark.parametrize(
    ("before", "comment", "kept"),
    [
        ("        - name: server\n", "        # hands off: another team's\n", True),
        ("          args:\n", "          # do not edit these by hand\n", True),
        ("      containers:\n", "      # do not change anything below\n", True),
        ("          args:\n", "          # do not edit the image\n", False),
        ("          resources:\n", "          # do not edit these by hand\n", False),
    ],
)
def test_a_comment_over_all_of_it_keeps_what_is_below(before: str, comment: str, *, kept: bool) -> None:
    """A comment above a key or an item speaks of all that stands there where it says so; beside others it does not."""
    text = DEPLOYMENT.replace(before, comment + before)
    assert isinstance(tried({"chat.yaml": text}, LEN), Refusal) is kept


def test_a_comment_beside_a_key_keeps_what_is_below() -> None:
    """It stands on the line of no value, and means them all."""
    text = DEPLOYMENT.replace("          resources:", "          resources: # do not touch")
    assert "do not touch" in str(tried({"chat.yaml": text}, {"gpu_count": 2}))
    assert isinstance(tried({"chat.yaml": text}, LEN), EditResult)


@pytest.mark.parametrize(("namespace", "kept"), [("llm", True), ("rag", False)])
def test_a_namespace_may_say_hands_off(namespace: str, *, kept: bool) -> None:
    """Its labels are for all that is in it, and for nothing else."""
    other = "apiVersion: v1\nkind: Namespace\nmetadata: {name: NAME, annotations: {trimtab.dev/ignore: 'true'}}\n"
    other = other.replace("NAME", namespace)
    assert isinstance(tried({"chat.yaml": DEPLOYMENT, "ns.yaml": other}, LEN), Refusal) is kept


def test_a_node_may_be_picked_by_its_field() -> None:
    """A kind of GPU beside the name of one node would contradict it."""
    terms = "nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [gpu-1]}]}]"
    pinned = f"      affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{{terms}}}}}}}\n"
    tree = Tree({"chat.yaml": DEPLOYMENT.replace(SELECTOR, pinned).encode()})
    result = edit(tree, SUBJECT, {"gpu_product": "NVIDIA-L4"}, "nvidia.com/gpu.product")
    assert "metadata.name picks the node" in str(result)


NIM_SERVICE = """\
apiVersion: apps.nvidia.com/v1alpha1
kind: NIMService
metadata: {name: chat, namespace: llm}
spec:
  image: {repository: nvcr.io/nim/meta/llama-3.1-8b-instruct, tag: "1.8"}
  storage: {nimCache: {name: cache}}
  resources: {limits: {nvidia.com/gpu: 1}}
"""
NIM_CACHE = """\
apiVersion: apps.nvidia.com/v1alpha1
kind: NIMCache
metadata: {name: cache, namespace: llm}
spec: {source: {ngc: {model: MODEL}}}
"""
ELSEWHERE = "  env: [{name: NIM_MODEL_PROFILE, valueFrom: {secretKeyRef: {name: s, key: k}}}]\n"


@pytest.mark.parametrize(
    ("more", "model", "bound"),
    [
        ("", "{profiles: [a1b2]}", True),
        ("", "{gpus: [{product: l40s}]}", True),
        ("", '{engine: vllm, tensorParallelism: "1"}', True),
        ("", "{profiles: [all]}", False),
        ("", "{engine: vllm}", False),
        (ELSEWHERE, "{}", True),
    ],
)
def test_a_profile_may_be_chosen_by_a_cache_or_a_secret(more: str, model: str, *, bound: bool) -> None:
    """What is cached or told in secret fits its GPUs as what is written in the service does."""
    tree = Tree({"n.yaml": (NIM_SERVICE + more).encode(), "c.yaml": NIM_CACHE.replace("MODEL", model).encode()})
    assert isinstance(edit(tree, "n.yaml#NIMService/llm/chat/", {"gpu_count": 2}), Refusal) is bound


@pytest.mark.parametrize(
    "script",
    [
        "source /env.sh; vllm serve o/m --max-model-len ${LEN:-8192}",
        'MORE="--max_model_len $N"; vllm serve o/m $MORE',
        'eval "$(cat /env)"; vllm serve o/m --max-model-len ${LEN:-8192}',
    ],
)
def test_what_a_script_puts_together_is_not_known(script: str) -> None:
    """Another file, or a variable that is built of others, says what the engine is told."""
    args = f"          command: [bash, -c]\n          args:\n            - {script!r}\n"
    start, end = DEPLOYMENT.index("          args:"), DEPLOYMENT.index("          resources:")
    values: dict[str, Scalar] = LEN
    assert isinstance(tried({"chat.yaml": DEPLOYMENT[:start] + args + DEPLOYMENT[end:]}, values), Refusal)


@pytest.mark.parametrize("image", ["vllm/vllm-openai:v0.19.0@sha256:{}", "vllm/vllm-openai@sha256:{}"])
def test_an_image_that_its_digest_pins_has_no_release_to_change(image: str) -> None:
    """The tag beside a digest decides nothing: another one would change nothing, and tell a lie."""
    text = DEPLOYMENT.replace("vllm/vllm-openai:v0.19.0", image.format("0" * 64))
    assert isinstance(tried({"chat.yaml": text}, {"engine_version": "v0.20.0"}), Refusal)
