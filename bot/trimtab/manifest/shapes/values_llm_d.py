"""The values of the llm-d-modelservice chart: one pool that decodes, and one that prefills.

Source: https://github.com/llm-d-incubation/llm-d-modelservice/blob/main/charts/llm-d-modelservice/values.yaml (v0.3).
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest import resources, selector
from trimtab.manifest.address import model_hit
from trimtab.manifest.container import Container, read_engine
from trimtab.manifest.hit import Draft
from trimtab.manifest.keys import take_keys
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
                yield _pool(pool, name, uri, owner)


def _pool(pool: Cursor, name: str, uri: Cursor, owner: Owner) -> Draft:
    containers = pool.get("containers")
    items = containers.items() if containers is not None else ()
    at = next(iter(items), pool)
    image, tag = image_of(at.get("image"))
    lists = [cursor for key in ("command", "args") if (cursor := at.get(key)) is not None]
    settings = read_engine(Container(at, lists, owner.environment(at.get("env")), image, tag, "vllm"))
    draft = owner.draft(name, settings.engine)
    draft.add(settings.hits)
    draft.adders.update(settings.adders)
    if uri.string:
        draft.add({"model": model_hit(uri)})
    take_keys(draft, pool, _KEYS)
    resources.take_gpus(draft, resources.gpu_sites(at.get("resources")))
    resources.take_host(draft, at)
    take_replicas(draft, pool)
    selector.take_selector(draft, tuple(selector.selectors(pool)), None, "")
    return draft
