"""The Kubernetes API, spoken to over HTTP: a small server gives lists in pages, as a cluster would."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from trimtab.config import ClusterSettings, Kubernetes
from trimtab.facts import ClusterFacts, LiveObject, Series
from trimtab.fleet import Gap
from trimtab.folders import data_folder
from trimtab.read.kube_kinds import KINDS
from trimtab.read.kubernetes import with_objects

Lists = Mapping[str, list[dict[str, object]]]
PAGE = 2


class Cluster:
    """What the small server holds and does."""

    def __init__(self, lists: Lists) -> None:
        """Hold lists by the plural of their kind."""
        self.lists = lists
        self.refused: dict[str, int] = {}
        self.expire_once = ""
        self.asked: list[tuple[str, str]] = []


class Handler(BaseHTTPRequestHandler):
    """Answers list requests, two objects a page."""

    cluster: Cluster

    def do_GET(self) -> None:
        """Answer one page, or with the error that is asked for."""
        where = urlsplit(self.path)
        query = parse_qs(where.query)
        plural = where.path.rsplit("/", 1)[-1]
        more = query.get("continue", [""])[0]
        self.cluster.asked.append((where.path, more))
        if more and self.cluster.expire_once == plural:
            self.cluster.expire_once = ""
            return self._answer(410, {"kind": "Status", "code": 410, "reason": "Expired"})
        if plural in self.cluster.refused:
            status = self.cluster.refused[plural]
            return self._answer(status, {"kind": "Status", "code": status})
        if plural not in self.cluster.lists:
            return self._answer(404, {"kind": "Status", "code": 404})
        start = int(more or 0)
        items = self.cluster.lists[plural]
        metadata = {"resourceVersion": "4711"}
        if start + PAGE < len(items):
            metadata["continue"] = str(start + PAGE)
        return self._answer(200, {"metadata": metadata, "items": items[start : start + PAGE]})

    def _answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serving(cluster: Cluster, folder: Path) -> Iterator[ClusterSettings]:
    """Serve a cluster and yield the settings that lead to it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"cluster": cluster}))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": url}}],
                "users": [{"name": "u", "user": {"token": "t"}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            }
        )
    )
    try:
        yield ClusterSettings(name="eu", kubernetes=Kubernetes(kubeconfig=str(kubeconfig)))
    finally:
        server.shutdown()
        server.server_close()


def quiet(what: str, done: int, total: int) -> None:
    """Take progress and say nothing."""


def node(name: str, **more: object) -> dict[str, object]:
    """Return a node with eight GPUs in four time slices each."""
    return {
        "metadata": {
            "name": name,
            "creationTimestamp": "2026-11-01T00:00:00Z",
            "labels": {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB-SHARED", "nvidia.com/gpu.replicas": "4"},
            "managedFields": [{"manager": "kubelet"}],
        },
        "spec": {},
        "status": {
            "allocatable": {"cpu": "95500m", "memory": "1000Gi", "nvidia.com/gpu": "32", "pods": "110"},
            "capacity": {"cpu": "96", "nvidia.com/gpu": "32"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
        **more,
    }


def pod(name: str, gpus: int, owner: str, **status: object) -> dict[str, object]:
    """Return a running pod of a ReplicaSet."""
    limits = {"nvidia.com/gpu": str(gpus)} if gpus else {}
    return {
        "metadata": {
            "name": name,
            "namespace": "llm",
            "creationTimestamp": "2026-11-10T00:00:00Z",
            "ownerReferences": [{"kind": "ReplicaSet", "name": owner, "controller": True}],
        },
        "spec": {
            "nodeName": "a",
            "containers": [{"name": "server", "resources": {"limits": limits, "requests": {"cpu": "4"}}}],
        },
        "status": {"phase": "Running", "conditions": None, **status},
    }


def chat(name: str = "chat") -> dict[str, object]:
    """Return a Deployment of vLLM, with a secret where people put them."""
    container = {
        "name": "server",
        "image": "vllm/vllm-openai:v0.19.0",
        "args": ["--model=Qwen/Qwen3-8B", "--max-model-len", "8192"],
        "env": [{"name": "HF_TOKEN", "value": "hf_very_secret"}],
        "resources": {"limits": {"nvidia.com/gpu": "1"}, "requests": {"cpu": "4"}},
    }
    return {
        "metadata": {
            "name": name,
            "namespace": "llm",
            "labels": {"team": "search"},
            "annotations": {
                "trimtab.dev/intent": "chat",
                "kubectl.kubernetes.io/last-applied-configuration": "hf_very_secret",
            },
        },
        "spec": {"replicas": 2, "template": {"metadata": {}, "spec": {"containers": [container]}}},
    }


def lists() -> dict[str, list[dict[str, object]]]:
    """Return a small cluster."""
    return {
        "nodes": [node("a"), node("b"), node("cordoned", spec={"unschedulable": True})],
        "pods": [
            pod("chat-7c9d8f6b5d-xbbzw", 1, "chat-7c9d8f6b5d"),
            pod("web-7c9d8f6b5d-xbbzv", 0, "web-7c9d8f6b5d"),
            pod("old-7c9d8f6b5d-xbbzx", 1, "old-7c9d8f6b5d", phase="Succeeded"),
        ],
        "deployments": [chat(), {"metadata": {"name": "web", "namespace": "llm"}, "spec": {"replicas": 1}}],
        "statefulsets": [],
        "daemonsets": [],
        "replicasets": [
            {
                "metadata": {
                    "name": "chat-7c9d8f6b5d",
                    "namespace": "llm",
                    "ownerReferences": [{"kind": "Deployment", "name": "chat", "controller": True}],
                }
            }
        ],
        "jobs": [],
        "cronjobs": [],
        "horizontalpodautoscalers": [
            {
                "metadata": {"name": "chat", "namespace": "llm"},
                "spec": {"maxReplicas": 4, "scaleTargetRef": {"kind": "Deployment", "name": "chat"}},
            }
        ],
        "events": [
            {
                "metadata": {"name": "e", "namespace": "llm"},
                "involvedObject": {"kind": "Pod", "name": "big-0", "namespace": "llm"},
                "reason": "FailedScheduling",
                "message": "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
            }
        ],
        "resourcequotas": [
            {
                "metadata": {"name": "q", "namespace": "llm"},
                "spec": {"hard": {"requests.nvidia.com/gpu": "8", "requests.cpu": "64"}},
                "status": {"used": {"requests.nvidia.com/gpu": "1"}},
            }
        ],
        "configmaps": [
            {
                "metadata": {"name": "sharing", "namespace": "gpu-operator"},
                "data": {"any": "sharing:\n  timeSlicing:\n"},
            }
        ],
    }


def read_objects(settings: ClusterSettings) -> tuple[tuple[LiveObject, ...], tuple[Gap, ...]]:
    """Return what the API of a cluster without metrics shows, and what it does not."""
    facts = with_objects(ClusterFacts("eu", 0, 3600, (), {}), settings, quiet)
    return facts.objects, facts.gaps


def found(series: tuple[Series, ...], signal: str) -> dict[str, float]:
    """Return the figures of a signal by the values of its labels."""
    return {" ".join(text for _, text in one.labels): one.values[0] for one in series if one.signal == signal}


def test_objects_come_over_several_pages_with_the_version_of_their_list(tmp_path: Path) -> None:
    """Lists are read page by page, and every object keeps its list's version."""
    cluster = Cluster(lists())
    with serving(cluster, tmp_path) as settings:
        objects, gaps = read_objects(settings)
    assert gaps == ()
    assert [one.name for one in objects if one.kind == "Node"] == ["a", "b", "cordoned"]
    assert {one.resource_version for one in objects} == {"4711"}
    assert ("/api/v1/nodes", "2") in cluster.asked


def test_live_settings_are_in_the_words_of_the_vocabulary_and_hold_no_secret(tmp_path: Path) -> None:
    """A live Deployment has the settings that it runs with, and nothing of its environment's secrets."""
    with serving(Cluster(lists()), tmp_path) as settings:
        objects, _ = read_objects(settings)
    live = next(one for one in objects if one.kind == "Deployment")
    assert live.name == "chat"
    assert live.settings["max_model_len"] == 8192
    assert live.settings["replicas"] == 2
    assert live.settings["engine"] == "vllm"
    assert live.annotations == {"trimtab.dev/intent": "chat"}
    assert "hf_very_secret" not in repr(objects)


def test_the_api_gives_the_series_that_metrics_would(tmp_path: Path) -> None:
    """Nodes, pods, owners and autoscalers become series under the names that kube-state-metrics' have."""
    with serving(Cluster(lists()), tmp_path) as settings:
        facts = with_objects(ClusterFacts("eu", 0, 3600, (), {}), settings, quiet)
    assert found(facts.series, "node_allocatable")["a cpu"] == 95.5
    assert found(facts.series, "node_allocatable")["a nvidia.com/gpu"] == 32
    assert found(facts.series, "node_unready") == {"cordoned": 1.0}
    assert found(facts.series, "node_cpu_requested") == {"a": 8.0}
    assert found(facts.series, "pod_gpu_request")["server llm a chat-7c9d8f6b5d-xbbzw nvidia.com/gpu"] == 1
    assert found(facts.series, "replicaset_owner") == {"llm Deployment chat chat-7c9d8f6b5d": 1.0}
    assert found(facts.series, "autoscaler_min") == {"chat llm": 1.0}
    assert "web-7c9d8f6b5d-xbbzv" not in repr(facts.series)
    labels = dict(next(one.labels for one in facts.series if one.signal == "node_labels"))
    assert labels["label_nvidia_com_gpu_replicas"] == "4"


def test_the_api_corrects_what_metrics_say_of_now_and_keeps_their_history(tmp_path: Path) -> None:
    """What Prometheus has of now gives way to the API; pods that are gone stay."""
    gone = Series("pod_samples", (("namespace", "llm"), ("node", "a"), ("pod", "gone-0")), (12.0,))
    asked = Series(
        "pod_gpu_request",
        (("container", "s"), ("namespace", "llm"), ("node", "a"), ("pod", "gone-0"), ("resource", "nvidia.com/gpu")),
        (1.0,),
    )
    stale = Series("node_allocatable", (("node", "a"), ("resource", "nvidia.com/gpu")), (8.0,))
    with serving(Cluster(lists()), tmp_path) as settings:
        facts = with_objects(ClusterFacts("eu", 0, 3600, (stale, asked, gone), {}), settings, quiet)
    assert gone in facts.series
    assert asked in facts.series
    assert found(facts.series, "node_allocatable")["a nvidia.com/gpu"] == 32
    assert "chat-7c9d8f6b5d-xbbzw" not in " ".join(found(facts.series, "pod_samples"))


def test_events_quotas_and_sharing_are_kept(tmp_path: Path) -> None:
    """Why a pod found no place, what a namespace may ask for, and how GPUs are shared are live objects."""
    with serving(Cluster(lists()), tmp_path) as settings:
        objects, _ = read_objects(settings)
    by_kind = {one.kind: one for one in objects}
    assert by_kind["Event"].name == "big-0"
    assert "Insufficient nvidia.com/gpu" in str(by_kind["Event"].settings["message"])
    assert by_kind["ResourceQuota"].settings == {
        "hard requests.nvidia.com/gpu": "8",
        "used requests.nvidia.com/gpu": "1",
    }
    assert "timeSlicing" in str(by_kind["ConfigMap"].settings["any"])


def test_a_list_that_expired_is_read_from_its_start(tmp_path: Path) -> None:
    """A list whose version the server dropped between two pages is asked for again, and nothing is doubled."""
    cluster = Cluster(lists())
    cluster.expire_once = "nodes"
    with serving(cluster, tmp_path) as settings:
        objects, gaps = read_objects(settings)
    assert gaps == ()
    assert [one.name for one in objects if one.kind == "Node"] == ["a", "b", "cordoned"]


def test_a_forbidden_list_is_a_gap_and_a_kind_that_is_not_there_is_none(tmp_path: Path) -> None:
    """Missing rights are said with what grants them; a cluster without a custom resource has nothing to say."""
    cluster = Cluster(lists())
    cluster.refused = {"pods": 403}
    with serving(cluster, tmp_path) as settings:
        objects, gaps = read_objects(settings)
    assert [gap.what for gap in gaps] == ["kubernetes pods"]
    assert "templates/rbac.yaml" in gaps[0].reason
    assert any(one.kind == "Node" for one in objects)


def test_an_object_of_another_form_is_a_gap_and_the_others_are_read(tmp_path: Path) -> None:
    """One object that no API server would write does not hide the rest."""
    broken = lists()
    broken["nodes"][1]["metadata"] = {"name": ["no", "name"]}
    with serving(Cluster(broken), tmp_path) as settings:
        objects, gaps = read_objects(settings)
    assert [one.name for one in objects if one.kind == "Node"] == ["a", "cordoned"]
    assert [gap.what for gap in gaps] == ["kubernetes nodes"]


@pytest.mark.parametrize("text", ["", "clusters: [", "apiVersion: v1\nkind: Config\n"])
def test_a_broken_kubeconfig_is_a_gap(tmp_path: Path, text: str) -> None:
    """No access is said as a gap, whatever stands in the kubeconfig."""
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    cluster = ClusterSettings(name="eu", kubernetes=Kubernetes(kubeconfig=str(path)))
    objects, gaps = read_objects(cluster)
    assert objects == ()
    assert [gap.what for gap in gaps] == ["kubernetes"]
    assert not gaps[0].blind


def test_a_server_that_does_not_answer_is_one_gap(tmp_path: Path) -> None:
    """A refused connection ends the reading at once: one gap, not one for each list."""
    with serving(Cluster({}), tmp_path) as settings:
        pass
    objects, gaps = read_objects(settings)
    assert objects == ()
    assert len(gaps) == 1
    assert "cannot be reached" in gaps[0].reason


def test_the_role_grants_every_list_and_nothing_else() -> None:
    """The shipped role covers all kinds that are asked for, with `get` and `list` alone, and no secrets."""
    documents = list(yaml.safe_load_all((data_folder("templates") / "rbac.yaml").read_text()))
    rules = [rule for document in documents for rule in document.get("rules", ())]
    granted = {resource for rule in rules for resource in rule["resources"]}
    assert {kind.plural for kind in KINDS} == granted
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list"}


def test_what_deploys_is_read_with_the_commit_that_it_applied(tmp_path: Path) -> None:
    """Argo CD's applications and Flux's objects come with their commit and their trouble, and without all else."""
    commit = "b" * 40
    synced = {"sync": {"status": "Synced", "revision": commit}, "resources": [{"name": "secret"}] * 99}
    lists: Lists = {
        "applications": [{"metadata": {"name": "chat", "namespace": "argocd"}, "status": synced}],
        "kustomizations": [
            {
                "metadata": {"name": "apps", "namespace": "flux-system"},
                "spec": {"suspend": True},
                "status": {"lastAppliedRevision": f"main@sha1:{commit}"},
            }
        ],
    }
    with serving(Cluster(lists), tmp_path) as settings:
        objects, gaps = read_objects(settings)
    assert gaps == ()
    assert [(one.kind, one.namespace, one.name, one.settings) for one in objects] == [
        ("Application", "argocd", "chat", {"revision": commit}),
        ("Kustomization", "flux-system", "apps", {"revision": commit, "trouble": "it is suspended"}),
    ]
