"""Objects that are made of roles: each runs pods of its own, and those that start an engine serve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import PodSpec, draft_of, serving_containers, take_pod
from trimtab.manifest.scale import take_replicas
from trimtab.manifest.source import Cursor


@dataclass(frozen=True, slots=True)
class Role:
    """One role of an object.

    Attributes:
        name: The role's.
        pod: What its first pod runs.
        counts: The mapping with `replicas`; None where its number is not its own.
        workers: Further pods of the same group, which change together with the first.
        size: How many pods serve as one, where the object says so.
        strict: Whether an engine must be started in so many words, the image alone not being enough.
    """

    name: str
    pod: PodSpec
    counts: Cursor | None
    workers: tuple[PodSpec, ...] = ()
    strict: bool = False
    size: Cursor | None = None


def servings_of_roles(thing: Thing, context: Context, roles: Iterable[Role]) -> Iterator[Draft]:
    """Yield the servings of an object's roles; containers of one name are told apart by their role's."""
    found = [(role, draft) for role in roles for draft in _of_role(thing, context, role)]
    names = Counter(draft.container for _, draft in found)
    for role, draft in found:
        if names[draft.container] > 1:
            draft.container = f"{role.name}/{draft.container}"
        yield draft


def _of_role(thing: Thing, context: Context, role: Role) -> Iterator[Draft]:
    for container, settings in serving_containers(role.pod, context, thing.namespace):
        if role.strict and not settings.spoken:
            continue
        draft = draft_of(thing, container, settings, "crd")
        take_pod(draft, role.pod, container, role.workers)
        draft.group_size = role.size
        if role.counts is not None:
            take_replicas(draft, role.counts)
        yield draft
