"""An autoscaler owns the number of replicas wherever in the tree it stands, and nobody else's."""

from __future__ import annotations

import pytest

from tests.manifest.samples import DEPLOYMENT
from trimtab.fleet import Scalar
from trimtab.manifest import EditResult, Refusal, Tree, edit, inspect

HPA = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: scaler, namespace: llm}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: chat}
  minReplicas: 2
  maxReplicas: 5
"""
KEDA = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: scaler, namespace: llm}
spec:
  scaleTargetRef: {"name": "chat"}
  maxReplicaCount: 5
"""
VPA = """\
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata: {name: scaler, namespace: llm}
spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: chat}}
"""
BARE = DEPLOYMENT.replace("  namespace: llm\n", "")
FAR = "platform/policies/autoscaling/llm/hpa.yaml"
NEAR = "apps/llm/chat/deployment.yaml"


def tried(files: dict[str, str], path: str, field: str, value: Scalar) -> EditResult | Refusal:
    """Return what becomes of an edit of the only serving at a path."""
    tree = Tree({name: text.encode() for name, text in files.items()})
    (serving,) = [one for one in inspect(tree).servings if one.path == path]
    return edit(tree, serving.subject, {field: value})


@pytest.mark.parametrize(
    ("scaler", "field", "value"),
    [(HPA, "replicas", 3), (KEDA, "replicas", 3), (VPA, "cpu_request", "4"), (HPA, "max_replicas", 9)],
)
def test_an_autoscaler_far_away_owns_what_it_sets(scaler: str, field: str, value: Scalar) -> None:
    """Many folders lie between it and its workload: what it sets is refused, and the refusal says where it stands."""
    result = tried({NEAR: DEPLOYMENT, FAR: scaler}, NEAR, field, value)
    assert isinstance(result, Refusal)
    assert f"{FAR}:1" in result.reason


@pytest.mark.parametrize(
    "other",
    [
        HPA.replace("namespace: llm", "namespace: rag"),
        HPA.replace("name: chat", "name: chatter"),
        HPA.replace("kind: Deployment", "kind: StatefulSet"),
        HPA.replace("autoscaling/v2", "example.org/v1"),
    ],
)
def test_an_autoscaler_of_another_object_owns_nothing_here(other: str) -> None:
    """Another namespace, name, kind or API group is another object."""
    assert isinstance(tried({NEAR: DEPLOYMENT, FAR: other}, NEAR, "replicas", 3), EditResult)


def test_each_cluster_has_its_own_autoscaler() -> None:
    """Of two clusters with the same workload only the one with the autoscaler has its replicas owned and its limits."""
    files = {f"clusters/{one}/llm/chat.yaml": DEPLOYMENT for one in ("eu", "us")} | {"clusters/us/llm/hpa.yaml": HPA}
    found = {
        one.path: one.settings for one in inspect(Tree({at: text.encode() for at, text in files.items()})).servings
    }

    assert isinstance(tried(files, "clusters/eu/llm/chat.yaml", "replicas", 3), EditResult)
    assert isinstance(tried(files, "clusters/us/llm/chat.yaml", "replicas", 3), Refusal)
    assert "max_replicas" not in found["clusters/eu/llm/chat.yaml"]
    assert found["clusters/us/llm/chat.yaml"]["max_replicas"].value == 5


def test_an_autoscaler_of_the_same_build_owns_its_workload_without_a_namespace() -> None:
    """A kustomization that builds both says that they belong together; its limits are the serving's settings."""
    hpa = HPA.replace(", namespace: llm", "")
    files = {
        "models/chat/base/deployment.yaml": BARE,
        "models/chat/base/kustomization.yaml": "resources: [deployment.yaml]\n",
        "fleet/eu/prod/scaling/hpa.yaml": hpa,
        "fleet/eu/prod/kustomization.yaml": (
            "namespace: llm\nnamePrefix: a-\nresources: [../../../models/chat/base, scaling/hpa.yaml]\n"
        ),
    }
    (serving,) = inspect(Tree({path: text.encode() for path, text in files.items()})).servings

    assert serving.settings["max_replicas"].value == 5
    assert isinstance(tried(files, serving.path, "replicas", 3), Refusal)


def test_an_autoscaler_of_one_overlay_leaves_the_other_alone() -> None:
    """Two overlays build one base; the autoscaler in the one says nothing of the other."""
    overlay = "namespace: llm\nresources: [../base{more}]\n"
    files = {
        "base/deployment.yaml": DEPLOYMENT,
        "base/kustomization.yaml": "resources: [deployment.yaml]\n",
        "eu/kustomization.yaml": overlay.format(more=", hpa.yaml"),
        "eu/hpa.yaml": HPA,
        "us/kustomization.yaml": overlay.format(more=""),
    }
    found = {
        one.path: one.settings for one in inspect(Tree({at: text.encode() for at, text in files.items()})).servings
    }

    assert "max_replicas" in found["eu/kustomization.yaml"]
    assert "max_replicas" not in found["us/kustomization.yaml"]


def test_namespaces_that_kustomizations_give_are_compared() -> None:
    """An autoscaler in a kustomization of its own means the workload in the namespace that both are given."""
    files = {
        NEAR: BARE,
        "apps/llm/chat/kustomization.yaml": "namespace: llm\nresources: [deployment.yaml]\n",
        FAR: HPA.replace(", namespace: llm", ""),
        "platform/policies/autoscaling/llm/kustomization.yaml": "namespace: {space}\nresources: [hpa.yaml]\n",
    }
    at = "platform/policies/autoscaling/llm/kustomization.yaml"
    assert isinstance(tried(files | {at: files[at].format(space="llm")}, NEAR, "replicas", 3), Refusal)
    assert isinstance(tried(files | {at: files[at].format(space="rag")}, NEAR, "replicas", 3), EditResult)


SERVICE = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: chat, namespace: llm}
spec: {predictor: {minReplicas: 1, model: {modelFormat: {name: vllm}, args: [--max-model-len=1]}}}
"""
LLM_SERVICE = """\
apiVersion: serving.kserve.io/v1alpha1
kind: LLMInferenceService
metadata: {name: chat, namespace: llm}
spec: {replicas: 1, model: {uri: "hf://o/m"}}
"""


@pytest.mark.parametrize(
    ("service", "made"),
    [(SERVICE, "chat-predictor"), (SERVICE, "chat-predictor-default"), (LLM_SERVICE, "chat-kserve")],
)
@pytest.mark.parametrize("scaler", [HPA, KEDA])
def test_an_autoscaler_of_the_deployment_that_an_operator_makes_owns_the_service(
    service: str, made: str, scaler: str
) -> None:
    """What scales the Deployment scales the service: its limits are edited there, and nowhere else."""
    scaler = scaler.replace("name: chat}", f"name: {made}}}").replace('"chat"', f'"{made}"')
    files = {"llm/chat.yaml": service, "llm/scaler.yaml": scaler}
    most = tried(files, "llm/chat.yaml", "max_replicas", 9)
    assert isinstance(most, EditResult)
    assert set(most.files) == {"llm/scaler.yaml"}
    assert "owns the number of replicas" in str(tried(files, "llm/chat.yaml", "replicas", 3))


def test_limits_in_a_folder_beside_count_where_nobody_says_a_namespace() -> None:
    """One folder below its workload an autoscaler means it; further away it may mean another's of that name."""
    bare = HPA.replace(", namespace: llm", "")
    limits = {
        path: "max_replicas"
        in inspect(Tree({"llm/chat.yaml": BARE.encode(), path: bare.encode()})).servings[0].settings
        for path in ("llm/hpa/hpa.yaml", "platform/policies/hpa.yaml")
    }

    assert limits == {"llm/hpa/hpa.yaml": True, "platform/policies/hpa.yaml": False}


def test_variants_of_one_object_share_their_autoscaler() -> None:
    """Of two files of a folder that hold the same object one is deployed: its limits are for both."""
    files = {"llm/chat.yaml": DEPLOYMENT, "llm/chat-cpu.yaml": DEPLOYMENT.replace("8192", "2048"), "llm/hpa.yaml": HPA}
    result = tried(files, "llm/chat.yaml", "max_replicas", 9)
    assert isinstance(result, EditResult)
    assert set(result.files) == {"llm/hpa.yaml"}
