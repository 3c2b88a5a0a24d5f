"""Which autoscalers mean an object: those built with it, and those anywhere in the tree that mean no other one."""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.near import NEAR, distance
from trimtab.manifest.objects import Thing

_MANY = 100
"""Of how many files of one name it is asked which is nearer; of more, those in a folder of the same name, too."""


def autoscalers_of(draft: Draft, kind: str, key: str, context: Context) -> tuple[Thing, ...]:
    """Return the autoscalers of a kind that mean an object, the nearest first.

    Args:
        draft: A serving of the object.
        kind: The autoscaler's.
        key: Where in its `spec` it names what it scales.
        context: Where to look.
    """
    names = {f"{name}{end}" for name in context.names_of(draft.name) for end in ("", *draft.deploys)}
    built = tuple(one for one in context.built_with(kind) if _means(one, key, draft, context))
    if built or not draft.name:
        return built
    near = draft.source.source.path
    found = {(one.path, one.at.line): one for name in sorted(names) for one in context.things_named(kind, name)}
    meant = [one for one in found.values() if _means(one, key, draft, context) and _reaches(one, draft, context)]
    return tuple(sorted(meant, key=lambda one: (distance(near, one.path), one.path)))


def is_beside(thing: Thing, draft: Draft, context: Context) -> bool:
    """Return whether an autoscaler that means an object stands so near that its limits are taken for the object's."""
    apart = distance(thing.path, draft.source.source.path)
    stated = thing.namespace or context.namespace_of(draft.namespace)
    return apart <= (NEAR if stated else 1) or thing.path in {one.path for one in context.built_with(thing.kind)}


def _means(thing: Thing, key: str, draft: Draft, context: Context) -> bool:
    target = thing.at.get("spec", key)
    if target is None:
        return False
    kind, names = target.word("kind") or "Deployment", context.names_of(draft.name)
    own = kind == draft.kind and target.word("name") in names
    made = kind == "Deployment" and target.word("name") in {f"{name}{end}" for name in names for end in draft.deploys}
    spaces = {thing.namespace, context.namespace_of(draft.namespace)} - {""}
    return (own or made) and len(spaces) < 2  # noqa: PLR2004 - one or none


def _reaches(thing: Thing, draft: Draft, context: Context) -> bool:
    """Return whether an autoscaler elsewhere is not plainly another object's: a namesake's that stands nearer to it.

    Where neither says a namespace, one far away is another's.
    """
    here = draft.source.source.path
    apart = distance(thing.path, here)
    if apart > NEAR and not (thing.namespace or context.namespace_of(draft.namespace)):
        return False
    return not any(_has(path, draft, context) for path in _nearer(thing, here, context))


def _nearer(thing: Thing, here: str, context: Context) -> Iterator[str]:
    """Yield the files called as an object's own that stand nearer to an autoscaler: another cluster's, or team's."""
    apart = distance(thing.path, here)
    alike = context.index.called(here.rpartition("/")[2]) if apart else ()
    if len(alike) > _MANY:
        alike = context.index.called("/".join(here.split("/")[-2:]))
    for path in alike[:_MANY]:
        if distance(thing.path, path) < apart:
            yield path


def _has(path: str, draft: Draft, context: Context) -> bool:
    data = context.tree[path]
    return draft.name.encode() in data and draft.kind.encode() in data
