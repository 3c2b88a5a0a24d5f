"""llm-d's former ModelService (llm-d.ai): pools that prefill and decode, with the keys that its chart still has.

Source: https://github.com/llm-d/llm-d-model-service, api/v1alpha1/modelservice_types.go (v0.0.18).
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import labels_of
from trimtab.manifest.shapes import values_llm_d
from trimtab.manifest.shapes.owner import Owner
from trimtab.manifest.shapes.shape import Shape


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for each pool."""
    spec = thing.at.get("spec")
    owner = Owner(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, "crd", context)
    for draft in values_llm_d.read(spec, owner) if spec is not None else ():
        draft.annotations.update(labels_of(thing.at.get("metadata")))
        yield draft


SHAPE = Shape(frozenset({("llm-d.ai", "ModelService")}), servings, speaks=True)
