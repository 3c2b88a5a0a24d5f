"""Objects with pods: roles of groups, jobs, Knative, and what makes a pod's container serve or not."""

from __future__ import annotations

import pytest

from tests.manifest.samples import one, said
from trimtab.fleet import Scalar
from trimtab.manifest import Refusal, Tree, edit, inspect

POD = """\
spec:
  containers:
  - name: engine
    image: lmsysorg/sglang:v0.5.5
    command: [python3, -m, sglang.launch_server, --model-path, org/m, --tp, "2"]
    resources: {limits: {nvidia.com/gpu: 2}}
"""
POD_SAID: dict[str, Scalar] = {
    "engine_version": "v0.5.5",
    "gpu_count": 2,
    "gpu_resource": "nvidia.com/gpu",
    "model": "org/m",
    "tensor_parallel_size": 2,
}
ROUTER = "{spec: {containers: [{name: router, image: 'lmsysorg/sglang-router:v0.2', command: [sglang_router]}]}}"


def pod(by: int) -> str:
    """Return the pod moved to the right."""
    return "".join(f"{' ' * by}{line}\n" for line in POD.splitlines())


RBG = f"""\
apiVersion: workloads.x-k8s.io/v1alpha2
kind: RoleBasedGroup
metadata: {{name: group}}
spec:
  roles:
  - name: router
    replicas: 1
    standalonePattern: {{template: {ROUTER}}}
  - name: prefill
    replicas: 3
    leaderWorkerPattern:
      size: 2
      template:
{pod(8)}"""
RBG_OLD = f"""\
apiVersion: workloads.x-k8s.io/v1alpha1
kind: RoleBasedGroup
metadata: {{name: group}}
spec:
  roles:
  - name: prefill
    replicas: 3
    template:
{pod(6)}"""
STORM = f"""\
apiVersion: orchestration.aibrix.ai/v1alpha1
kind: StormService
metadata: {{name: storm}}
spec:
  replicas: 1
  template:
    spec:
      roles:
      - name: prefill
        replicas: 3
        template:
{pod(10)}"""
SERVING = f"""\
apiVersion: workload.serving.volcano.sh/v1alpha1
kind: ModelServing
metadata: {{name: serving}}
spec:
  replicas: 1
  template:
    roles:
    - name: server
      replicas: 3
      entryTemplate:
{pod(8)}"""
JOB_SET = f"""\
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata: {{name: jobs}}
spec:
  replicatedJobs:
  - name: server
    replicas: 3
    template:
      spec:
        template:
{pod(10)}"""
GROUPS = {"rbg": RBG, "rbg-v1alpha1": RBG_OLD, "storm": STORM, "model-serving": SERVING, "job-set": JOB_SET}


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_a_role_that_starts_an_engine_serves(name: str) -> None:
    """A role has its own replicas; routers beside it serve nothing."""
    serving = one(GROUPS[name])

    assert serving.container == "engine"
    assert said(serving) == {**POD_SAID, "replicas": 3}


def test_containers_of_one_name_are_told_apart_by_their_roles() -> None:
    """Where two roles have containers of the same name, the role's name stands before it."""
    twice = RBG_OLD + RBG_OLD.partition("  roles:\n")[2].replace("prefill", "decode")

    assert [one.container for one in inspect(Tree({"a.yaml": twice.encode()})).servings] == [
        "prefill/engine",
        "decode/engine",
    ]


def test_a_role_may_take_a_shared_template_with_a_patch() -> None:
    """What `templateRef` names lies under its patch, which wins."""
    text = (
        "apiVersion: workloads.x-k8s.io/v1alpha2\nkind: RoleBasedGroup\nmetadata: {name: group}\nspec:\n"
        "  roles:\n  - name: decode\n    replicas: 3\n    standalonePattern:\n      templateRef:\n        name: base\n"
        "        patch: {spec: {containers: [{name: engine, image: 'lmsysorg/sglang:v0.5.6'}]}}\n"
        f"  roleTemplates:\n  - name: base\n    template:\n{pod(6)}"
    )

    assert said(one(text)) == {**POD_SAID, "engine_version": "v0.5.6", "replicas": 3}


def test_a_head_of_a_ray_cluster_serves_only_where_it_says_so() -> None:
    """The same images train; a command that starts a server makes the head a serving, with its workers' GPUs."""
    cluster = (
        "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: ray}\nspec:\n  headGroupSpec:\n    template:\n"
        + pod(6)
    )
    trains = cluster.replace('[python3, -m, sglang.launch_server, --model-path, org/m, --tp, "2"]', "[ray, start]")

    assert said(one(cluster)) == POD_SAID
    assert inspect(Tree({"a.yaml": trains.encode()})).servings == ()


def workload(api: str, kind: str, spec: str = "") -> str:
    """Return an object with the pod as its template."""
    return f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: w}}\nspec:\n{spec}  template:\n{pod(4)}"


@pytest.mark.parametrize(
    ("api", "kind"),
    [
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("v1", "ReplicationController"),
        ("apps.openshift.io/v1", "DeploymentConfig"),
        ("argoproj.io/v1alpha1", "Rollout"),
    ],
)
def test_workloads_with_replicas(api: str, kind: str) -> None:
    """Every workload that keeps a number of pods has it as `replicas`."""
    assert said(one(workload(api, kind, "  replicas: 3\n"))) == {**POD_SAID, "replicas": 3}


@pytest.mark.parametrize(("api", "kind"), [("apps/v1", "DaemonSet"), ("batch/v1", "Job")])
def test_workloads_without_replicas(api: str, kind: str) -> None:
    """A daemon has one pod a node, and a job that starts a server serves while it runs."""
    assert said(one(workload(api, kind))) == POD_SAID


def test_knative_scales_between_its_annotations() -> None:
    """The bounds of a Knative Service stand in its template's annotations; a number of its own it has none."""
    text = workload("serving.knative.dev/v1", "Service").replace(
        "  template:\n", '  template:\n    metadata: {annotations: {autoscaling.knative.dev/min-scale: "1"}}\n'
    )

    assert said(one(text)) == {**POD_SAID, "min_replicas": 1}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('[python3, -m, sglang.launch_server, --model-path, org/m, --tp, "2"]', "[python3, train.py]"),
        ('[python3, -m, sglang.launch_server, --model-path, org/m, --tp, "2"]', "[sh, -c, vllm bench serve]"),
    ],
)
def test_a_job_that_starts_no_server_serves_nothing(old: str, new: str) -> None:
    """Training and benchmarks run in engines' images too."""
    assert inspect(Tree({"a.yaml": workload("batch/v1", "Job").replace(old, new).encode()})).servings == ()


@pytest.mark.parametrize(
    "image",
    [
        "ghcr.io/llm-d/llm-d-inference-sim:v0.6",
        "aibrix/vllm-mock:nightly",
        "ghcr.io/berriai/litellm:main",
        "ghcr.io/open-webui/open-webui:ollama",
        "lmcache/lmstack-router:latest",
        "vllm/semantic-router:v0.1",
    ],
)
def test_what_stands_before_an_engine_or_pretends_to_be_one_serves_nothing(image: str) -> None:
    """Routers, user interfaces and simulators mention models and engines, and load none."""
    text = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w}\nspec: {template: {spec: {containers: "
        f"[{{name: c, image: '{image}', args: [--model, org/m, --port, '8000']}}]}}}}}}}}\n"
    )

    assert inspect(Tree({"a.yaml": text.encode()})).servings == ()


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("registry.example:5000/vllm/vllm-openai:v0.11.0", "v0.11.0"),
        ("vllm/vllm-openai:v0.11.0@sha256:0123abcd", "v0.11.0"),
        ("vllm/vllm-openai@sha256:0123abcd", None),
        ("registry.example:5000/vllm/vllm-openai", None),
        ("vllm/vllm-openai:nightly-0123abc", "nightly-0123abc"),
        ("docker-proxy.example/vllm/vllm-openai:v0.11.0", "v0.11.0"),
        ("ghcr.io/llm-d/llm-d-cuda:v0.3.0", "v0.3.0"),
    ],
)
def test_the_version_is_the_images_tag(image: str, version: str | None) -> None:
    """A port is no tag, a digest is no version, and a tag before a digest counts."""
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: w}\nspec: {containers: "
        f"[{{name: c, image: '{image}', args: [--model=org/m]}}]}}\n"
    )

    assert said(one(text)).get("engine_version") == version


@pytest.mark.parametrize(
    "resource",
    ["nvidia.com/mig-3g.40gb", "amd.com/gpu", "habana.ai/gaudi", "google.com/tpu", "huawei.com/ascend-1980"],
)
def test_accelerators_of_every_maker_are_counted(resource: str) -> None:
    """The resource's name is its key, bare or quoted; a zero asks for none."""
    text = workload("apps/v1", "Deployment").replace("{nvidia.com/gpu: 2}", f'{{{resource}: "2", nvidia.com/gpu: 0}}')

    assert said(one(text)) == {**POD_SAID, "gpu_resource": resource}


def test_a_sites_own_label_is_found_and_not_edited() -> None:
    """What `gpu-type` may say is this site's own; a second selector beside it would contradict it."""
    text = workload("apps/v1", "Deployment").replace("    spec:\n", "    spec:\n      nodeSelector: {gpu-type: l40s}\n")
    serving = one(text)

    assert said(serving)["gpu_product"] == "l40s"
    assert not serving.settings["gpu_product"].editable
    assert "this site's own" in serving.settings["gpu_product"].reason


@pytest.mark.parametrize(
    "chosen",
    [
        "nodeSelector: {kubernetes.io/hostname: gpu-1}",
        "nodeName: gpu-1",
        "nodeSelector: {node.kubernetes.io/instance-type: g6.xlarge}",
    ],
)
def test_a_kind_of_gpu_is_not_added_beside_what_picks_the_node(chosen: str) -> None:
    """A pod that is pinned to a node or a machine would fit nowhere."""
    text = workload("apps/v1", "Deployment").replace("    spec:\n", f"    spec:\n      {chosen}\n")
    tree = Tree({"a.yaml": text.encode()})

    result = edit(tree, "a.yaml#Deployment//w/engine", {"gpu_product": "NVIDIA-L4"}, "nvidia.com/gpu.product")

    assert isinstance(result, Refusal)
    assert "contradict" in result.reason
