"""SeldonDeployment (machinelearning.seldon.io): one serving for each predictor that an inference engine serves.

Source: https://github.com/SeldonIO/seldon-core, operator/apis/machinelearning.seldon.io/v1 (1.18): pods are patched by
`componentSpecs`; `graph` names a server that is built in, and where the model is.
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest.address import model_hit
from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import PodSpec, draft_of, labels_of, pod_of_template, serving_containers, take_pod
from trimtab.manifest.scale import take_replicas
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor

_SERVERS = {"TRITON_SERVER": "triton"}


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for each predictor."""
    for predictor in thing.at.items("spec", "predictors"):
        draft = _of_pods(thing, context, predictor) or _of_graph(thing, predictor)
        if draft is not None:
            uri = predictor.get("graph", "modelUri")
            if uri is not None and uri.string:
                draft.add({"model": model_hit(uri)})
            take_replicas(draft, predictor)
            yield draft


def _of_pods(thing: Thing, context: Context, predictor: Cursor) -> Draft | None:
    for component in predictor.items("componentSpecs"):
        pod = pod_of_template(component)
        for container, settings in serving_containers(pod, context, thing.namespace) if pod is not None else ():
            draft = draft_of(thing, container, settings, "crd")
            take_pod(draft, pod or PodSpec(component), container)
            return draft
    return None


def _of_graph(thing: Thing, predictor: Cursor) -> Draft | None:
    engine = _SERVERS.get(predictor.word("graph", "implementation"), "")
    if not engine:
        return None
    name = predictor.word("graph", "name")
    draft = Draft(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, name, "crd", engine)
    draft.annotations.update(labels_of(thing.at.get("metadata")))
    return draft


SHAPE = Shape(frozenset({("machinelearning.seldon.io", "SeldonDeployment")}), servings)
