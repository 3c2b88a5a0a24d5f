"""What one step of a kustomization, its own fields or a transformer, does to all that it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from trimtab.manifest.environment import Variable
from trimtab.manifest.field_specs import ANNOTATIONS, IMAGES, LABELS, PREFIX, REPLICAS, SUFFIX, FieldSpec
from trimtab.manifest.generators import Generated
from trimtab.manifest.laid import Laid
from trimtab.manifest.patches import ALL_PATCHES, Patch, locked, patches_of
from trimtab.manifest.replacements import filled, replacements_of
from trimtab.manifest.transforms import Step
from trimtab.manifest.tree import Tree


@dataclass(frozen=True, slots=True)
class Made:
    """What a kustomization makes.

    Attributes:
        objects: The objects of files.
        maps: The ConfigMaps that are generated.
        applied: The files of patches that were laid over something.
        removed: The files of objects that a patch takes away.
        specs: The fields that the `configurations` so far name.
    """

    objects: tuple[Laid, ...] = ()
    maps: tuple[Generated, ...] = ()
    applied: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    specs: tuple[FieldSpec, ...] = ()

    @staticmethod
    def of(parts: Sequence[Made]) -> Made:
        """Return all parts together."""
        return Made(
            tuple(laid for part in parts for laid in part.objects),
            tuple(one for part in parts for one in part.maps),
            frozenset[str]().union(*(part.applied for part in parts)),
            frozenset[str]().union(*(part.removed for part in parts)),
            tuple(spec for part in parts for spec in part.specs),
        )


_MOST_REPLACEMENTS = 500
"""Each is held to every object; real kustomizations have tens."""
_NAMING = frozenset({"namespace", PREFIX, SUFFIX})
_CHANGING = frozenset({PREFIX, SUFFIX, LABELS, "labels", ANNOTATIONS, REPLICAS, IMAGES})


def stepped(made: Made, step: Step, tree: Tree) -> Made:
    """Return what is made after a step: patches, names, labels, replicas, images, replacements, in this order."""
    made = patched(made, step, tree)
    said = step.at.entries().keys()
    maps, objects = made.maps, made.objects
    if said & _NAMING:
        maps = tuple(one.renamed(step.at) for one in maps)
        objects = tuple(laid.renamed(step) for laid in objects)
    if said & _CHANGING:
        objects = tuple(laid.transformed(step) for laid in objects)
    if "replacements" in said:
        objects = tuple(_filled(objects, maps, step, tree))
    return replace(made, objects=objects, maps=maps)


def patched(made: Made, step: Step, tree: Tree, lists: Sequence[str] = ALL_PATCHES) -> Made:
    """Return what is made after the patches of a step, those of some of its lists or of all."""
    for patch in patches_of(tree, step.at, step.folder, lists):
        made = _patched(made, patch, step)
    return made


def _patched(made: Made, patch: Patch, step: Step) -> Made:
    """Return what is made after a patch: those that it is for lie under it, or are gone."""
    chosen = patch.chosen([*(laid.target for laid in made.objects), *(one.target for one in made.maps)])
    if not any(chosen):
        return made
    pairs = tuple(zip(made.objects, chosen, strict=False))
    maps = zip(made.maps, chosen[len(made.objects) :], strict=True)
    gone = {laid.base.source.path for laid, is_chosen in pairs if is_chosen and patch.deletes}
    left = [(laid, is_chosen) for laid, is_chosen in pairs if not (is_chosen and patch.deletes)]
    return replace(
        made,
        objects=tuple(laid.patched(patch, step) if is_chosen else laid for laid, is_chosen in left),
        maps=tuple(one.under(patch) if is_chosen else one for one, is_chosen in maps),
        applied=made.applied | {patch.at.source.path},
        removed=made.removed | gone,
    )


def _filled(objects: Sequence[Laid], maps: Sequence[Generated], step: Step, tree: Tree) -> Sequence[Laid]:
    """Return objects after replacements."""

    def generated(name: str, key: str) -> Variable | None:
        values = (one.value(tree, key) for one in maps if name in one.names)
        return next((value for value in values if value is not None), None)

    listed = tuple(islice(replacements_of(tree, step.at, step.folder), _MOST_REPLACEMENTS + 1))
    if len(listed) > _MOST_REPLACEMENTS:
        return [
            laid.put(locked(laid.thing.at, "more replacements change it than are followed here")) for laid in objects
        ]
    for replacement in listed:
        done = filled([laid.target for laid in objects], replacement, generated)
        objects = [laid.filled(one) for laid, one in zip(objects, done, strict=True)]
    return objects
