"""Which declaration in Git a live workload comes from: by exact name first, by resemblance last, never by guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from trimtab.fleet import Found, ObjectRef, Place, Serving, Unknown
from trimtab.join.labels import lookup

_TRACKING = "argocd.argoproj.io/tracking-id"
_KUSTOMIZATION = "kustomize.toolkit.fluxcd.io/name"
_INSTANCE = "app.kubernetes.io/instance"
_RELEASE = "meta.helm.sh/release-name"
_FLUX_RELEASE = "helm.toolkit.fluxcd.io/name"
_OF_CHARTS = frozenset({"argo-application", "flux-helmrelease", "helm-values"})
_OUTERMOST = frozenset({"argo-application", "flux-helmrelease", "kustomize"})
_KSERVE = re.compile(r"(?P<name>.+?)-predictor(-default)?(-\d{5}-deployment)?")
_KNATIVE = re.compile(r"(?P<name>.+?)-\d{5}-deployment")


@dataclass(frozen=True, slots=True)
class LiveName:
    """What is known of a live workload before it has a place.

    Attributes:
        kind: The top owner's.
        namespace: Its namespace.
        name: The top owner's.
        written: Labels and annotations, real names or sanitised.
        models: Names of the model: live flags and served names.
        cluster: Its cluster.
    """

    kind: str
    namespace: str
    name: str
    written: Mapping[str, str]
    models: tuple[str, ...]
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to tell that a declaration becomes a workload, with how sure it is.

    By part of the name, the longest part is meant: `chat-large` is no `chat`.
    """

    how: str
    sure: float
    fits: Callable[[LiveName, Serving], bool]
    by_part: bool = False


def find_place(live: LiveName, servings: Sequence[Serving]) -> Found[Place] | Unknown:
    """Return the declaration of a workload by the surest way that gives exactly one.

    Several equally good ones are Unknown, with their paths: an edit to the wrong file is worse than none.
    """
    for way in _WAYS:
        fits = (serving for serving in servings if way.fits(live, serving))
        fitting = _leading([serving for serving in fits if not _is_brought_by_another(live, serving)])
        for brings, label in ((_is_brought, _BROUGHT), (_is_instance, _BROUGHT_BY_INSTANCE)):
            brought = [serving for serving in fitting if brings(live, serving)]
            if len(brought) == 1 < len(fitting):
                return _place(replace(way, how=f"{way.how}, {label}"), *brought, alone=True)
        if way.by_part:
            longest = max((len(_item(serving)) for serving in fitting), default=0)
            fitting = [serving for serving in fitting if len(_item(serving)) == longest]
        here = [serving for serving in fitting if live.cluster in serving.path.split("/")]
        if len(fitting) == 1 or len(here) == 1:
            return _place(way, *(fitting if len(fitting) == 1 else here), alone=len(fitting) == 1)
        if fitting:
            paths = " and ".join(f"{one.repository}:{one.subject}" for one in fitting)
            return Unknown(f"several declarations fit equally ({way.how}): {paths}")
    return Unknown(f"no declaration in Git matches {live.kind} {live.namespace}/{live.name}")


def _place(way: _Way, serving: Serving, *, alone: bool) -> Found[Place]:
    """Return the place; of several that fit it is the one in the folder that bears the cluster's name."""
    rendered = way.fits is _same_object and serving.live_names_by not in {"", "the object itself"}
    how, sure = (way.how.replace(_SAME, serving.live_names_by), 0.97) if rendered else (way.how, way.sure)
    if not alone:
        how, sure = f"{how}, in the folder of this cluster", round(sure * _BY_FOLDER, 2)
    return Found(Place(serving, how, sure), f"{serving.repository}:{serving.path}")


def _leading(fitting: Sequence[Serving]) -> Sequence[Serving]:
    """Return one serving for each object: of its containers the one that says most of model and engine.

    The items of a list in values are objects of their own. Of a chart's defaults and the release that overrides them,
    of a base and its overlay, what overrides is meant.
    """
    best: dict[tuple[str, str, int, str, str, str], Serving] = {}
    for serving in fitting:
        item = serving.container if _is_item(serving) else ""
        key = (serving.repository, serving.path, serving.document, serving.kind, serving.name, item)
        known = best.get(key)
        if known is None or _says(serving) > _says(known):
            best[key] = serving
    bound = [serving for serving in best.values() if serving.clusters] or list(best.values())
    return [serving for serving in bound if serving.wrapper in _OUTERMOST] or bound


def _says(serving: Serving) -> tuple[bool, bool, int]:
    return ("model" in serving.settings, bool(serving.engine), len(serving.settings))


def _same_object(live: LiveName, serving: Serving) -> bool:
    return ObjectRef(live.kind, live.namespace, live.name) in names_of(serving)


def _given_namespace(live: LiveName, serving: Serving) -> bool:
    """Return whether Git leaves the namespace open, and what deploys it gives it the live one."""
    given = {one.namespace for one in serving.destinations} - {""}
    return live.namespace in given and _open_namespace(live, serving)


def _trackers(live: LiveName) -> Mapping[str, str]:
    """Return by tool the object of it that a live workload's labels name, empty where they name none.

    Argo CD writes `NAMESPACE_APP:GROUP/KIND:NAMESPACE/NAME`, the namespace only where Applications may stand in any;
    its older label is Helm's too, and so proves nothing.
    """
    application = lookup(live.written, _TRACKING).partition(":")[0].rpartition("_")[2]
    return {"argo": application, "flux": lookup(live.written, _KUSTOMIZATION)}


def _is_brought(live: LiveName, serving: Serving) -> bool:
    """Return whether a deployment tool's label on the live object names what brings the declaration."""
    trackers = _trackers(live)
    return any(one.name and one.name == trackers[one.tool] for one in serving.destinations)


def _is_instance(live: LiveName, serving: Serving) -> bool:
    """Return whether Argo CD's older label names the Application that brings the declaration.

    Helm writes the same label with a release's name, so that it chooses among declarations and rules none out.
    """
    name = lookup(live.written, _INSTANCE)
    return bool(name) and any((one.tool, one.name) == ("argo", name) for one in serving.destinations)


def _is_brought_by_another(live: LiveName, serving: Serving) -> bool:
    """Return whether the label names an object of the tool that is none of those that bring the declaration."""
    trackers = _trackers(live)
    tools = {one.tool for one in serving.destinations if trackers[one.tool]}
    sure = bool(tools) and all(one.name for one in serving.destinations)
    return sure and not _is_brought(live, serving)


def _open_namespace(live: LiveName, serving: Serving) -> bool:
    return ObjectRef(live.kind, "", live.name) in names_of(serving)


def _other_kind(live: LiveName, serving: Serving) -> bool:
    """Return whether only the kind differs: pods without an owner on record, leaders of a group of one."""
    return any(ref.name == live.name and ref.namespace in {"", live.namespace} for ref in names_of(serving))


def names_of(serving: Serving) -> tuple[ObjectRef, ...]:
    """Return the objects that a declaration becomes: as rendered, else itself; none for a list item by itself."""
    own = (ObjectRef(serving.kind, serving.namespace, serving.name),) if serving.kind else ()
    return serving.live_names or own


def _shape_naming(live: LiveName, serving: Serving) -> bool:
    """Return whether the controller of the declared kind gives its child this name.

    KServe v0.15 pkg/constants (`-predictor`, `-predictor-default`), Knative revisions `-00001-deployment`, KubeAI
    `model-NAME`, LeaderWorkerSet's workers `NAME-0`.
    """
    if not serving.kind or serving.namespace not in {"", live.namespace}:
        return False
    kserve, knative = _KSERVE.fullmatch(live.name), _KNATIVE.fullmatch(live.name)
    candidates = {
        "InferenceService": kserve["name"] if kserve else "",
        "LLMInferenceService": live.name.removesuffix("-kserve"),
        "Service": knative["name"] if knative else "",
        "Model": live.name.removeprefix("model-"),
        "LeaderWorkerSet": re.sub(r"-\d+$", "", live.name),
    }
    return candidates.get(serving.kind) == serving.name


def _is_item(serving: Serving) -> bool:
    """Return whether it is values of a chart: then its container is the item of the values, not one of a pod."""
    return not serving.kind or serving.wrapper in _OF_CHARTS


def _item(serving: Serving) -> str:
    """Return the name that a live name should hold."""
    return serving.container if _is_item(serving) and serving.container else serving.name


def _tracked(live: LiveName, serving: Serving) -> bool:
    """Return whether Argo CD's, Flux's or Helm's own label names the release, and the live name its item."""
    if not _is_item(serving) or serving.namespace not in {"", live.namespace}:
        return False
    tracked = lookup(live.written, _TRACKING).partition(":")[0].rpartition("_")[2]
    brought = _is_brought(live, serving) and not serving.kind
    names = {tracked, *(lookup(live.written, name) for name in (_INSTANCE, _RELEASE, _FLUX_RELEASE))} - {""}
    return (serving.name in names or brought) and (
        _item(serving) == serving.name or _contains(live.name, _item(serving))
    )


def _resembles(live: LiveName, serving: Serving) -> bool:
    """Return whether the names overlap and the model is the same."""
    if serving.namespace not in {"", live.namespace}:
        return False
    declared = serving.settings.get("model")
    same_model = declared is not None and _model_key(str(declared.value)) in {_model_key(one) for one in live.models}
    return same_model and (_contains(live.name, _item(serving)) or _contains(_item(serving), live.name))


def _contains(text: str, part: str) -> bool:
    """Return whether `part` stands in `text` as whole words between dashes."""
    return bool(part) and f"-{part}-" in f"-{text}-"


def _model_key(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2].casefold()


_SAME = "same kind, namespace and name"
_BROUGHT = "brought by what its label names"
_BROUGHT_BY_INSTANCE = "brought by the Application that its instance label names"
_WAYS = (
    _Way(_SAME, 0.99, _same_object),
    _Way("same kind and name, in the namespace that Argo CD or Flux gives it", 0.97, _given_namespace),
    _Way("same kind and name; Git leaves the namespace open", 0.9, _open_namespace),
    _Way("named by the controller of the declared kind", 0.9, _shape_naming),
    _Way("same name, another kind", 0.85, _other_kind),
    _Way("a deployment tool's label names it", 0.85, _tracked, by_part=True),
    _Way("similar name and the same model", 0.6, _resembles, by_part=True),
)
"""Surest first."""

_BY_FOLDER = 0.95
"""How much less sure it is where a folder's name tells which of several declarations is this cluster's."""

EXACT = 0.8
"""From here on a join is by name; below it, by resemblance."""


def may_run(serving: Serving, repository_clusters: Sequence[str], cluster: str, known: Collection[str] = ()) -> bool:
    """Return whether a declaration may be deployed to a cluster: by its own list, else by its repository's.

    Args:
        serving: The declaration; a list with a name that is none of ours, such as an address, says nothing.
        repository_clusters: The repository's list.
        cluster: The cluster's name.
        known: The names of all clusters; empty to believe every list.
    """
    own = serving.clusters if not known or set(serving.clusters) <= set(known) else ()
    return cluster in (own or repository_clusters or (cluster,))
