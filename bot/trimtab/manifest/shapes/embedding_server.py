"""ToolHive's EmbeddingServer (toolhive.stacklok.dev), which runs Text Embeddings Inference.

Source: https://github.com/stacklok/toolhive, cmd/thv-operator/api/v1beta1/embeddingserver_types.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest import resources, selector
from trimtab.manifest.container import Container, read_engine
from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.keys import take_keys
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import environment_of, labels_of, take_classes
from trimtab.manifest.scale import take_replicas
from trimtab.manifest.shapes.shape import Shape


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield the one serving that an EmbeddingServer is."""
    spec = thing.at.get("spec")
    if spec is None:
        return
    args = spec.get("args")
    environment = environment_of(spec, context, thing.namespace)
    lists = [args] if args is not None else []
    settings = read_engine(Container(spec, lists, environment, spec.word("image"), spec.get("image"), "tei"))
    draft = Draft(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, "", "crd", "tei")
    draft.annotations.update(labels_of(thing.at.get("metadata")))
    draft.add(settings.hits)
    draft.adders.update(settings.adders)
    take_keys(draft, spec, {"model": ("model",)})
    resources.take_gpus(draft, resources.gpu_sites(spec.get("resources")))
    resources.take_host(draft, spec)
    take_replicas(draft, spec)
    pod = spec.get("podTemplateSpec", "spec")
    if pod is not None:
        selector.take_selector(draft, tuple(selector.selectors(pod)), pod, "nodeSelector")
        take_classes(draft, [pod], own=True)
    yield draft


SHAPE = Shape(frozenset({("toolhive.stacklok.dev", "EmbeddingServer")}), servings, speaks=True)
