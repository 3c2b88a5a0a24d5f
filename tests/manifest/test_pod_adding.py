from __future__ import annotations

import pytest

from tests.manifest.samples import DEPLOYMENT, SUBJECT, edited, refused
from trimtab.manifest import EditResult, Refusal, Tree, edit, inspect

GROUP = """\
apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata: {name: chat}
spec:
  leaderWorkerTemplate:
    size: 2
    leaderTemplate:
      spec:
        containers:
          - name: server
            image: vllm/vllm-openai:v0.19.0
            args: [--model=o/m]
            resources: {limits: {nvidia.com/gpu: 8}}
    workerTemplate:
      spec:
        containers:
          - name: worker
            image: vllm/vllm-openai:v0.19.0
            command: [sleep, inf]
            resources: {limits: {nvidia.com/gpu: 8}}
"""
LED = "chat.yaml#LeaderWorkerSet//chat/server"
KIND = "nvidia.com/gpu.product"


def picking(text: str, name: str, lines: str) -> str:
    """Return a text in which the pod whose first container has a name says some lines more."""
    own = "".join(f"        {line}\n" for line in lines.splitlines())
    return text.replace(
        f"        containers:\n          - name: {name}\n", f"{own}        containers:\n          - name: {name}\n"
    )


def test_a_class_is_named_at_the_end_of_the_pod() -> None:
    """A pod that names no class gets the key after its last."""
    after = edited(DEPLOYMENT, SUBJECT, priority_class="batch", runtime_class="nvidia")

    assert after == DEPLOYMENT + "      priorityClassName: batch\n      runtimeClassName: nvidia\n"


def test_shared_memory_is_a_volume_and_its_mount() -> None:
    """Where nothing is mounted at /dev/shm, the container gets a mount and its pod a volume, in one edit."""
    mount = "          volumeMounts:\n            - name: dshm\n              mountPath: /dev/shm\n"
    volume = """\
      volumes:
        - name: dshm
          emptyDir:
            medium: Memory
            sizeLimit: 8Gi
"""

    assert edited(DEPLOYMENT, SUBJECT, shm_size="8Gi") == DEPLOYMENT + mount + volume


@pytest.mark.parametrize(
    ("volumes", "after"),
    [
        (
            "      volumes:\n      - name: dshm\n        configMap: {name: x}\n",
            (
                "      volumes:\n      - name: dshm\n        configMap: {name: x}\n"
                "      - name: shm\n        emptyDir:\n          medium: Memory\n          sizeLimit: 8Gi\n"
            ),
        ),
        (
            '      volumes: [{name: "a", emptyDir: {}}]\n',
            '      volumes: [{name: "a", emptyDir: {}}, {name: dshm, emptyDir: {medium: Memory, sizeLimit: 8Gi}}]\n',
        ),
        (
            "      volumes:\n        - name: 'a' # of a\n          emptyDir:\n              medium: 'x'\n",
            (
                "      volumes:\n        - name: 'a' # of a\n          emptyDir:\n              medium: 'x'\n"
                "        - name: 'dshm'\n          emptyDir:\n"
                "              medium: 'Memory'\n              sizeLimit: '8Gi'\n"
            ),
        ),
        ("      volumes: []\n", "      volumes: [{name: dshm, emptyDir: {medium: Memory, sizeLimit: 8Gi}}]\n"),
    ],
)
def test_a_volume_is_written_as_its_siblings_are(volumes: str, after: str) -> None:
    """Names that are taken are left alone, and column, quotes and flow style are kept."""
    text = DEPLOYMENT.replace("      containers:\n", volumes + "      containers:\n")

    assert after in edited(text, SUBJECT, shm_size="8Gi")


def test_a_volume_in_memory_without_a_size_gets_one() -> None:
    """A volume that is mounted at /dev/shm already says its size from then on."""
    text = DEPLOYMENT.replace(
        "      containers:\n", "      volumes:\n        - {name: m, emptyDir: {medium: Memory}}\n      containers:\n"
    ).replace("          args:", "          volumeMounts: [{name: m, mountPath: /dev/shm}]\n          args:")

    assert edited(text, SUBJECT, shm_size="8Gi") == text.replace("medium: Memory}", "medium: Memory, sizeLimit: 8Gi}")


@pytest.mark.parametrize(
    "volume", ["emptyDir: {}", "hostPath: {path: /dev/shm}", "persistentVolumeClaim: {claimName: x}"]
)
def test_another_volume_at_the_place_is_left_alone(volume: str) -> None:
    """What is mounted at /dev/shm and is no volume in memory is somebody's choice."""
    text = DEPLOYMENT.replace(
        "      containers:\n", f"      volumes:\n        - name: m\n          {volume}\n      containers:\n"
    ).replace("          args:", "          volumeMounts: [{name: m, mountPath: /dev/shm}]\n          args:")

    assert "no volume in memory" in refused(text, SUBJECT, shm_size="8Gi")


def test_the_pods_of_a_group_move_together() -> None:
    """Leader and workers pick the same kind of GPU before and after, and so do their classes."""
    lines = f"nodeSelector: {{{KIND}: NVIDIA-A10G}}\npriorityClassName: high"
    text = picking(picking(GROUP, "server", lines), "worker", lines)
    after = edited(text, LED, gpu_product="NVIDIA-L4", priority_class="low")

    assert after == text.replace("NVIDIA-A10G", "NVIDIA-L4").replace(": high", ": low")


def test_a_selector_is_added_to_every_pod_of_a_group() -> None:
    """Workers that stayed behind would leave the leader alone."""
    after = edited(GROUP, LED, KIND, gpu_product="NVIDIA-L4", priority_class="low")
    added = f"        priorityClassName: low\n        nodeSelector:\n          {KIND}: NVIDIA-L4\n"

    assert sorted(after.splitlines()) == sorted((GROUP + 2 * added).splitlines())


@pytest.mark.parametrize(
    ("leader", "worker", "reason"),
    [
        (f"nodeSelector: {{{KIND}: NVIDIA-A10G}}", f"nodeSelector: {{{KIND}: NVIDIA-L40S}}", "another kind of GPU"),
        (f"nodeSelector: {{{KIND}: NVIDIA-A10G}}", "", "another kind of GPU"),
        ("", f"nodeSelector: {{{KIND}: NVIDIA-A10G}}", "different ways"),
        ("", "nodeSelector: {kubernetes.io/hostname: a}", "different ways"),
    ],
)
def test_pods_of_a_group_that_pick_differently_are_left_alone(leader: str, worker: str, reason: str) -> None:
    """A group whose pods lie on different GPUs is not moved by one value."""
    text = picking(picking(GROUP, "server", leader), "worker", worker)
    result = edit(Tree({"chat.yaml": text.encode()}), LED, {"gpu_product": "NVIDIA-L4"}, KIND)

    assert not isinstance(result, EditResult)
    assert reason in result.reason


def test_a_leader_without_gpus_stays_where_it_is() -> None:
    """Only the pods that ask for GPUs pick them."""
    text = GROUP.replace("resources: {limits: {nvidia.com/gpu: 8}}", "resources: {}", 1)
    after = edited(text, LED, KIND, gpu_product="NVIDIA-L4")

    assert after == text + f"        nodeSelector:\n          {KIND}: NVIDIA-L4\n"


SERVICE = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: chat}
spec:
  predictor:
    model: {modelFormat: {name: vLLM}, runtime: ours, storageUri: "hf://o/m"}
"""
RUNTIME = """\
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: ours}
spec:
  containers:
    - name: kserve-container
      image: vllm/vllm-openai:v0.19.0
"""
SERVED = "chat.yaml#InferenceService//chat/kserve-container"


def shared_memory(runtime: str) -> EditResult | Refusal:
    """Return the edit of a service's shared memory beside a runtime."""
    files = {"chat.yaml": SERVICE.encode(), **({"runtime.yaml": runtime.encode()} if runtime else {})}
    return edit(Tree(files), SERVED, {"shm_size": "8Gi"})


def test_a_service_gets_its_own_shared_memory_where_its_runtime_has_none() -> None:
    """The model has the mount and the predictor the volume: KServe merges both into the pod."""
    result = shared_memory(RUNTIME)

    assert isinstance(result, EditResult)
    assert (
        result.files["chat.yaml"].decode()
        == SERVICE.replace('hf://o/m"}', 'hf://o/m", volumeMounts: [{name: dshm, mountPath: /dev/shm}]}')
        + "    volumes:\n      - name: dshm\n        emptyDir:\n          medium: Memory\n          sizeLimit: 8Gi\n"
    )


def test_a_runtime_that_mounts_shared_memory_gets_the_size() -> None:
    """A second mount at the same place would be no pod at all."""
    volumes = "  volumes: [{name: shm, emptyDir: {medium: Memory}}]\n"
    mounts = "      volumeMounts: [{name: shm, mountPath: /dev/shm}]\n"
    result = shared_memory(RUNTIME + mounts + volumes)

    assert isinstance(result, EditResult)
    sized = volumes.replace("Memory}", "Memory, sizeLimit: 8Gi}")
    assert {path: data.decode() for path, data in result.files.items()} == {"runtime.yaml": RUNTIME + mounts + sized}


def test_what_an_unseen_runtime_mounts_is_not_guessed() -> None:
    """Runtimes often mount shared memory, and a service that mounts it again is refused by Kubernetes."""
    result = shared_memory("")

    assert isinstance(result, Refusal)
    assert "not in the tree" in result.reason


def test_an_overlay_says_it_in_its_own_patch() -> None:
    """What a base has is shared with other overlays; kustomize lays the patch's volume and mount over it."""
    lists = "          volumeMounts: [{name: a, mountPath: /a}]\n", "      volumes: [{name: a, emptyDir: {}}]\n"
    patch = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: chat, namespace: llm}\nspec:\n  template:\n    spec:\n"
    )
    patch += "      containers:\n        - name: server\n          tty: true\n"
    overlay = "resources: [../base]\npatches: [{path: patch.yaml}]\n"
    files = {
        "base/chat.yaml": DEPLOYMENT + "".join(lists),
        "base/kustomization.yaml": "resources: [chat.yaml]\n",
        **{f"{name}/kustomization.yaml": f"namePrefix: {name}-\n{overlay}" for name in ("eu", "us")},
        **{f"{name}/patch.yaml": patch for name in ("eu", "us")},
    }
    tree = Tree({path: text.encode() for path, text in files.items()})
    (subject,) = (one.subject for one in inspect(tree).servings if one.subject.startswith("eu/"))
    result = edit(tree, subject, {"shm_size": "8Gi"})

    assert isinstance(result, EditResult)
    assert {path: data.decode() for path, data in result.files.items()} == {
        "eu/patch.yaml": patch
        + "          volumeMounts:\n            - name: dshm\n              mountPath: /dev/shm\n"
        + "      volumes:\n        - name: dshm\n          emptyDir:\n"
        + "            medium: Memory\n            sizeLimit: 8Gi\n"
    }


def test_a_volume_stands_as_its_siblings_do() -> None:
    """Items in flow style get one in flow style, with the space inside their braces."""
    text = DEPLOYMENT.replace(
        "          resources:\n",
        "          volumeMounts:\n            - { name: a, mountPath: /a }\n          resources:\n",
    )
    text += "      volumes:\n        - {name: a, emptyDir: {}}\n"
    after = edited(text, SUBJECT, shm_size="2Gi")
    assert "            - { name: dshm, mountPath: /dev/shm }\n" in after
    assert after.endswith("        - {name: dshm, emptyDir: {medium: Memory, sizeLimit: 2Gi}}\n")
