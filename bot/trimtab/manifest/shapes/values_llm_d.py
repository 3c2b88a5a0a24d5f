"""The values of the llm-d-modelservice chart: one pool that decodes, and one that prefills.

Source: https://github.com/llm-d-incubation/llm-d-modelservice/blob/main/charts/llm-d-modelservice/values.yaml (v0.3).
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest import resources, selector
from trimtab.manifest.address import model_hit
from trimtab.manifest.container import Container, field_hit, read_engine
from trimtab.manifest.hit import Draft
from trimtab.manifest.keys import take_keys
from trimtab.manifest.resources import also
from trimtab.manifest.scale import take_replicas
from trimtab.manifest.shapes.owner import Owner, image_of
from trimtab.manifest.source import Cursor

_KEYS = {
    "tensor_parallel_size": ("parallelism", "tensor"),
    "data_parallel_size": ("parallelism", "data"),
}


def read(values: Cursor, owner: Owner) -> Iterator[Draft]:
    """Yield one serving for each pool that is made."""
    for at in (values, *(cursor for cursor in values.entries().values() if cursor.is_mapping)):
        uri = at.get("modelArtifacts", "uri")
        if uri is None:
            continue
        for name in ("decode", "prefill"):
            pool = at.get(name)
            if pool is not None and pool.is_mapping and pool.word("create") != "false":
                draft = _pool(pool, name, owner)
                _take_model(draft, uri, at.get("modelArtifacts", "name"))
                yield draft


def _take_model(draft: Draft, uri: Cursor, name: Cursor | None) -> None:
    """Add the model's address where the command only refers to it; the chart's name of it changes with it."""
    said = draft.hits.get("model")
    if not uri.string or (said is not None and "{{" not in str(said.value)):
        return
    hit = model_hit(uri)
    if name is not None and "{{ .Values.modelArtifacts.name }}" in uri.string and name.string:
        hit = field_hit("model", name.string, name)
    elif name is not None and name.string == hit.value:
        hit = also(hit, [name])
    draft.hits["model"] = hit


def _pool(pool: Cursor, name: str, owner: Owner) -> Draft:
    items = pool.items("containers")
    at = next(iter(items), pool)
    image, tag = image_of(at.get("image"))
    lists = [cursor for key in ("command", "args") if (cursor := at.get(key)) is not None]
    settings = read_engine(Container(at, lists, owner.environment(at.get("env")), image, tag, "vllm"))
    draft = owner.draft(name, settings.engine)
    draft.image = image
    draft.add(settings.hits)
    draft.adders.update(settings.adders)
    take_keys(draft, pool, _KEYS)
    sites = resources.gpu_sites(at.get("resources"))
    if sites:
        resources.take_gpus(draft, sites)
    for field in ("gpu_count", "gpu_resource"):
        draft.refusals[field] = "the chart asks for as many GPUs as `parallelism` says; set tensor_parallel_size"
    resources.take_host(draft, at)
    take_replicas(draft, pool)
    _take_kind(draft, pool)
    return draft


def _take_kind(draft: Draft, pool: Cursor) -> None:
    """Add the kind of GPU: a selector of the pod, or the chart's own label and values."""
    found = list(selector.selectors(pool))
    label, values = pool.word("acceleratorTypes", "labelKey"), pool.get("acceleratorTypes", "labelValues")
    if label and values is not None and values.items():
        items = values.items()
        found.append((label, items[0] if len(items) == 1 else values))
    selector.take_selector(draft, found, None, "")
