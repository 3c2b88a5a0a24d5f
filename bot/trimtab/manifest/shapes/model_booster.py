"""ModelBooster of kthena (workload.serving.volcano.sh): a backend with workers whose `config` holds the engine's flags.

Source: https://github.com/volcano-sh/kthena, pkg/apis/workload/v1alpha1/model_booster_types.go (v0.3).
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest.address import model_hit
from trimtab.manifest.container import Container, read_engine
from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.keys import take_keys
from trimtab.manifest.objects import Thing
from trimtab.manifest.options import Schema, take_options
from trimtab.manifest.pod import PodSpec, environment_of, labels_of, take_pod
from trimtab.manifest.scale import take_replicas
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor

_ENGINES = {"vllm": "vllm", "vllmdisaggregated": "vllm", "sglang": "sglang", "mindiedisaggregated": "", "mindie": ""}
_SCALE = {"min_replicas": ("minReplicas",), "max_replicas": ("maxReplicas",)}


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for each kind of worker of each backend."""
    spec = thing.at.get("spec")
    if spec is None:
        return
    single = spec.get("backend")
    for backend in (*spec.items("backends"), *((single,) if single is not None else ())):
        for worker in backend.items("workers") or spec.items("workers"):
            yield _worker(thing, context, backend, worker)


def _worker(thing: Thing, context: Context, backend: Cursor, worker: Cursor) -> Draft:
    engine = _ENGINES.get(backend.word("type").lower(), "")
    environment = environment_of(backend, context, thing.namespace)
    settings = read_engine(Container(worker, [], environment, worker.word("image"), worker.get("image"), engine))
    draft = Draft(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, worker.word("type"), "crd")
    draft.engine = settings.engine
    draft.annotations.update(labels_of(thing.at.get("metadata")))
    draft.add(settings.hits)
    uri = backend.get("modelURI")
    if uri is not None and uri.string:
        draft.add({"model": model_hit(uri)})
    if settings.engine:
        take_options(draft, worker, "config", settings.engine, schema=Schema(bare=True))
    take_pod(draft, PodSpec(worker), worker)
    draft.add_selector = None
    take_keys(draft, backend, {field: chain for field, chain in _SCALE.items() if backend.get(*chain) is not None})
    take_replicas(draft, worker if worker.get("replicas") is not None else backend)
    return draft


SHAPE = Shape(frozenset({("workload.serving.volcano.sh", "ModelBooster")}), servings, speaks=True)
