"""Live workloads and their declarations in Git."""

from __future__ import annotations

import pytest

from tests.join.small import Small, config, repository, serving
from trimtab.facts import LiveObject
from trimtab.fleet import Destination, Found, ObjectRef, Place, Serving, Unknown
from trimtab.join import fleet_of


def _small(pod: str = "chat-7c9d8f6b5d-xbbzw", model: str = "") -> Small:
    small = Small()
    small.pod(pod)
    if model:
        small.add("engine_model", 1, namespace="llm", pod=pod, model_name=model, engine="vllm")
    return small


def _place(small: Small, *servings: Serving) -> Place | Unknown:
    found = next(one for one in small.join(*servings).workloads if one.live).place
    return found.value if isinstance(found, Found) else found


def test_the_object_itself_is_the_surest_place() -> None:
    """Kind, namespace and name agree."""
    place = _place(_small(), serving("chat"), serving("chat", path="b.yaml", namespace="lab"))
    assert (place.serving.path, place.how, place.sure) == ("apps/chat.yaml", "same kind, namespace and name", 0.99)


def test_a_rendered_name_is_as_good_as_its_chart() -> None:
    """A values file's item is joined by the object that its chart makes of it."""
    item = serving(
        "qwen",
        kind="",
        namespace="",
        wrapper="helm-values",
        live_names=(ObjectRef("Deployment", "llm", "chat"),),
        live_names_by="rendered with helm",
    )
    place = _place(_small(), item)
    assert (place.how, place.sure) == ("rendered with helm", 0.97)


def test_an_open_namespace_is_less_sure() -> None:
    """Git that leaves the namespace to the deployment tool still names kind and name."""
    assert _place(_small(), serving("chat", namespace="")).sure == 0.9


def test_two_equal_declarations_are_named_and_not_chosen() -> None:
    """The reason names both files."""
    place = _place(_small(), serving("chat", path="a/chat.yaml"), serving("chat", path="b/chat.yaml"))
    assert isinstance(place, Unknown)
    assert "a/chat.yaml" in place.reason
    assert "b/chat.yaml" in place.reason


def test_of_two_equal_declarations_the_clusters_own_folder_is_meant() -> None:
    """`clusters/eu/` declares what runs in the cluster `eu`, a little less surely than if it stood alone."""
    place = _place(_small(), serving("chat", path="clusters/eu/a.yaml"), serving("chat", path="clusters/us/a.yaml"))
    assert (place.serving.path, place.sure) == ("clusters/eu/a.yaml", 0.94)
    assert place.how.endswith("in the folder of this cluster")


def test_of_one_objects_containers_the_serving_one_is_meant() -> None:
    """A sidecar's entry does not make the object ambiguous."""
    main = serving("chat", {"model": "m", "max_model_len": 4096})
    side = serving("chat", container="metrics", engine="")
    assert _place(_small(), side, main).serving.container == "server"


@pytest.mark.parametrize(
    ("kind", "pod"),
    [
        ("InferenceService", "chat-predictor-7c9d8f6b5d-xbbzw"),
        ("InferenceService", "chat-predictor-00002-deployment-7c9d8f6b5d-xbbzw"),
        ("Model", "model-chat-7c9d8f6b5d-xbbzw"),
    ],
)
def test_controllers_name_their_children(kind: str, pod: str) -> None:
    """KServe, Knative and KubeAI append or prepend what is known of them."""
    place = _place(_small(pod), serving("chat", kind=kind, wrapper="crd"))
    assert place.how == "named by the controller of the declared kind"


def test_a_name_and_the_same_model_are_a_resemblance() -> None:
    """It is joined, and said to be unsure; another model is not."""
    small = _small("writing-qwen8b-deployment-vllm-7c9d8f6b5d-xbbzw", model="Qwen/Qwen3-8B")
    item = serving(
        "qwen8b", {"model": "Qwen/Qwen3-8B"}, kind="", namespace="", wrapper="helm-values", container="qwen8b"
    )
    other = serving("qwen8b", {"model": "Qwen/Qwen3-14B"}, kind="", namespace="", wrapper="helm-values", path="o.yaml")
    place = _place(small, item, other)
    assert (place.serving.path, place.sure) == ("apps/qwen8b.yaml", 0.6)


def test_what_is_taken_by_name_is_not_taken_by_resemblance() -> None:
    """A canary that resembles the main workload does not get its declaration."""
    small = _small("chat-7c9d8f6b5d-xbbzw", model="m/x")
    small.pod("chat-canary-7c9d8f6b5d-xbbzw")
    small.add("engine_model", 1, namespace="llm", pod="chat-canary-7c9d8f6b5d-xbbzw", model_name="m/x", engine="vllm")
    canary, chat = sorted(
        small.join(serving("chat", {"model": "m/x"})).workloads, key=lambda one: one.name != "chat-canary"
    )
    assert isinstance(chat.place, Found)
    assert isinstance(canary.place, Unknown)


def test_a_tracking_label_names_the_release() -> None:
    """Argo CD's tracking id on the live object leads to the application that declares it."""
    small = _small("web-7c9d8f6b5d-xbbzw")
    tracking = {"argocd.argoproj.io/tracking-id": "faq:apps/Deployment:llm/web"}
    small.objects.append(LiveObject("Deployment", "llm", "web", {}, tracking, {}))
    place = _place(small, serving("faq", kind="Application", wrapper="argo-application", container="faq"))
    assert (place.how, place.sure) == ("a deployment tool's label names it", 0.85)


def test_a_repository_belongs_to_its_clusters() -> None:
    """What is deployed elsewhere is no place of a workload here."""
    facts = _small().facts(repository(serving("chat"), clusters=("us",)))
    eu, us = fleet_of(facts, config("eu", "us")).clusters
    assert isinstance(eu.workloads[0].place, Unknown)
    assert [one.live for one in us.workloads] == [False]


def test_items_of_one_release_are_told_apart_by_their_longest_name() -> None:
    """`chat-large` of a list in values is not `chat` of the same list."""
    small = _small("stack-chat-large-deployment-vllm-7c9d8f6b5d-xbbzw")
    label = {"app.kubernetes.io/instance": "stack"}
    small.objects.append(LiveObject("Deployment", "llm", "stack-chat-large-deployment-vllm", label, {}, {}))
    items = [
        serving("stack", kind="Application", wrapper="argo-application", path="argo.yaml", container=item)
        for item in ("chat", "chat-large")
    ]
    assert _place(small, *items).serving.container == "chat-large"


def test_a_release_overrides_its_charts_defaults() -> None:
    """Both become the same object; an edit of the defaults would be overridden, so the release is the place."""
    names = (ObjectRef("Deployment", "llm", "chat"),)
    chart = serving("values", kind="", namespace="", wrapper="helm-values", live_names=names)
    release = serving("chat", kind="HelmRelease", wrapper="flux-helmrelease", live_names=names)
    assert _place(_small(), chart, release).serving.wrapper == "flux-helmrelease"


def _tracked(name: str, value: str) -> Small:
    """Return a cluster with a Deployment `chat` that bears the annotation of a deployment tool."""
    small = _small()
    small.objects.append(LiveObject("Deployment", "llm", "chat", {}, {name: value}, {}))
    return small


def test_what_a_tracking_label_names_tells_equal_declarations_apart() -> None:
    """Of two overlays with one name, the one whose Application put the object there is meant."""
    small = _tracked("argocd.argoproj.io/tracking-id", "chat-one:apps/Deployment:llm/chat")
    both = [
        serving("chat", path=f"{name}/k.yaml", destinations=(Destination("argo", f"chat-{name}"),))
        for name in ("one", "two")
    ]
    assert _place(small, *both).serving.path == "one/k.yaml"
    assert isinstance(_place(_small(), *both), Unknown)


def test_an_instance_label_chooses_and_rules_nothing_out() -> None:
    """Argo CD's older label tells two declarations apart; as Helm writes it too, a single one of another name stays."""
    small = _tracked("app.kubernetes.io/instance", "chat-two")
    one, two = (
        serving("chat", path=f"{name}/k.yaml", destinations=(Destination("argo", f"chat-{name}"),))
        for name in ("one", "two")
    )
    place = _place(small, one, two)

    assert (place.serving.path, "instance label" in place.how) == ("two/k.yaml", True)
    assert _place(small, one).serving.path == "one/k.yaml"


def test_a_declaration_that_another_object_brings_is_not_taken() -> None:
    """The label of Flux says that the object came from elsewhere, so a file of the same name is no place of it."""
    small = _tracked("kustomize.toolkit.fluxcd.io/name", "lab")
    elsewhere = serving("chat", destinations=(Destination("flux", "apps"),))
    unnamed = serving("chat", destinations=(Destination("argo", ""),))

    assert isinstance(_place(small, elsewhere), Unknown)
    assert _place(small, unnamed).sure == 0.99


def test_the_namespace_that_a_tool_gives_is_as_good_as_a_declared_one() -> None:
    """Git leaves the namespace open, and the Application's destination is the live one."""
    mine = serving("chat", path="a.yaml", namespace="", destinations=(Destination("argo", "a", "llm"),))
    other = serving("chat", path="b.yaml", namespace="", destinations=(Destination("argo", "b", "lab"),))
    place = _place(_small(), mine, other)

    assert (place.serving.path, place.sure) == ("a.yaml", 0.97)


def test_a_cluster_that_only_the_tool_names_so_holds_nothing_back() -> None:
    """A destination with an address or a name that the configuration does not have leaves the repository's list."""
    here = serving("chat", clusters=("eu",))
    away = serving("chat", clusters=("us",))
    unknown = serving("chat", clusters=("https://10.0.0.1:6443",))
    clusters = [
        fleet_of(_small().facts(repository(one)), config("eu", "us")).clusters[0] for one in (here, away, unknown)
    ]

    assert [isinstance(one.workloads[0].place, Found) for one in clusters] == [True, False, True]
