"""Facts of a small cluster, written by hand: one call, one series or one pod with all its series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from trimtab.config import Config
from trimtab.facts import ClusterFacts, Facts, LiveObject, RepositoryFacts, Series
from trimtab.fleet import Cluster, Fleet, Gap, Location, Scalar, Serving, Setting, Workload
from trimtab.join import fleet_of

HOUR_S = 3600
HOURS = 168
ENDED_AT_S = 1_794_614_400
WINDOW_S = HOURS * HOUR_S
SAMPLES = 2016.0
"""Of a pod that was there all week, one in five minutes."""
NAN = float("nan")


@dataclass
class Small:
    """Collects series and turns them into a fleet."""

    cluster: str = "eu"
    series: list[Series] = field(default_factory=list)
    objects: list[LiveObject] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def add(self, signal: str, value: float | Iterable[float], **labels: str) -> None:
        """Add one series; empty labels are left out, as a reader leaves them out."""
        values = (float(value),) if isinstance(value, int | float) else tuple(value)
        self.series.append(Series(signal, tuple(sorted((k, v) for k, v in labels.items() if v)), values))

    def node(self, name: str, product: str = "NVIDIA-H100-80GB-HBM3", **units: float) -> None:
        """Add a node with its product label and what it offers (`gpu=8` is `nvidia.com/gpu`)."""
        if product:
            self.add("node_labels", 1, node=name, label_nvidia_com_gpu_product=product)
        for resource, count in (units or {"gpu": 8}).items():
            full = f"nvidia.com/{resource.replace('mig_', 'mig-').replace('_', '.')}"
            self.add("node_allocatable", count, node=name, resource=full)
            self.add("node_capacity", count, node=name, resource=full)
        self.add("node_allocatable", 96, node=name, resource="cpu")

    def pod(self, name: str, node: str = "a", owner: tuple[str, str] | None = None, **more: float | str | bool) -> None:
        """Add a pod as kube-state-metrics shows it; by default of the ReplicaSet that its name tells.

        Beside the name: `namespace`, `samples`, `now`, `gpus`, `resource`.
        """
        spec = {"namespace": "llm", "samples": SAMPLES, "now": True, "gpus": 1, "resource": "nvidia.com/gpu"} | more
        base = {"namespace": str(spec["namespace"]), "pod": name}
        kind, owned_by = owner or ("ReplicaSet", name.rpartition("-")[0])
        self.add("pod_samples", float(spec["samples"]), **base, node=node)
        self.add("pod_owner", 1, **base, owner_kind=kind, owner_name=owned_by)
        self.add("pod_created", ENDED_AT_S - float(spec["samples"]) * 300, **base)
        if spec["now"]:
            self.add("pod_now", 1, **base, node=node)
        if spec["gpus"]:
            resource = str(spec["resource"])
            self.add("pod_gpu_request", float(spec["gpus"]), **base, container="server", resource=resource, node=node)

    def gpu(self, uuid: str, pod: str = "", *, samples: float = SAMPLES, **more: float | str) -> None:
        """Add a GPU as DCGM shows it while `pod` held it; figures by signal, labels by name."""
        labels = {key: value for key, value in more.items() if isinstance(value, str)}
        base = {"uuid": uuid, "node": "a", "model": "NVIDIA H100 80GB HBM3", "pod": pod, **labels}
        base |= {"namespace": "llm"} if pod and "namespace" not in base else {}
        self.add("gpu_samples", samples, **base)
        for signal, value in more.items():
            if not isinstance(value, str):
                self.add(signal, value, **base)

    def facts(self, *repositories: RepositoryFacts) -> Facts:
        """Return what was read."""
        queries = {one.signal: f"query of {one.signal}" for one in self.series}
        read = ClusterFacts(
            self.cluster, ENDED_AT_S, WINDOW_S, tuple(self.series), queries, tuple(self.objects), tuple(self.gaps)
        )
        return Facts((read,), repositories, "sha256:0")

    def fleet(self, *servings: Serving) -> Fleet:
        """Return the joined fleet, with one repository of these declarations."""
        return fleet_of(self.facts(repository(*servings)), config(self.cluster))

    def join(self, *servings: Serving) -> Cluster:
        """Return the joined cluster."""
        return self.fleet(*servings).clusters[0]

    def only(self, *servings: Serving) -> Workload:
        """Return the single workload of the joined cluster."""
        (workload,) = self.join(*servings).workloads
        return workload


def config(*clusters: str, **more: object) -> Config:
    """Return a configuration of clusters by name."""
    listed = [{"name": name, "provider": "aws", "region": "us-east-1"} for name in clusters]
    return Config.model_validate({"clusters": listed, **more})


def repository(*servings: Serving, clusters: tuple[str, ...] = ()) -> RepositoryFacts:
    """Return a repository that declares these."""
    return RepositoryFacts("gitops", "c0ffee", "sha256:1", clusters, servings)


def serving(name: str, settings: Mapping[str, Scalar] | None = None, **more: object) -> Serving:
    """Return a declaration of a Deployment, each setting on a line of its own; `more` are fields of `Serving`."""
    path = str(more.get("path", f"apps/{name}.yaml"))
    written = {
        key: Setting(key, value, str(value), Location("gitops", path, 0, line, line * 100, line * 100 + 4), "flag")
        for line, (key, value) in enumerate((settings or {}).items(), start=1)
    }
    plain = Serving("", "gitops", path, 0, "apps/v1", "Deployment", "llm", name, "server", "plain", "vllm", written)
    one = replace(plain, **more)
    return replace(one, subject=one.subject or f"{path}#{one.kind}/{one.namespace}/{one.name}/{one.container}")


def hours(value: float, count: int = HOURS) -> tuple[float, ...]:
    """Return the last `count` hours of the window with one figure, nothing recorded before."""
    return (NAN,) * (HOURS - count) + (value,) * count
