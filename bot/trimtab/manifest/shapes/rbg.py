"""RoleBasedGroup and RoleBasedGroupSet (workloads.x-k8s.io): prefill, decode and others, each a role with pods.

Source: https://github.com/sgl-project/rbg, api/workloads/v1alpha1 and v1alpha2: v1alpha1 has `template` in the role;
v1alpha2 has `standalonePattern`, `leaderWorkerPattern` or `customComponentsPattern`, each with a template of its own or
a `templateRef` to `roleTemplates` with a patch over it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import pod_of_template
from trimtab.manifest.shapes.roles import Role, servings_of_roles
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor

_PATTERNS = ("standalonePattern", "leaderWorkerPattern")


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for each role that starts an engine."""
    spec = thing.at.get("spec")
    inner = spec.get("template", "spec") if spec is not None and thing.kind.endswith("Set") else spec
    if inner is not None:
        yield from servings_of_roles(thing, context, _roles(inner))


def _roles(spec: Cursor) -> Iterator[Role]:
    bases = {item.word("name"): item.get("template") for item in spec.items("roleTemplates")}
    for role in spec.items("roles"):
        name = role.word("name")
        for owner in (role, *(at for key in _PATTERNS if (at := role.get(key)) is not None)):
            pod = pod_of_template(_template(owner, bases))
            if pod is not None:
                yield Role(name, pod, role, size=role.get("leaderWorkerSet", "size") or owner.get("size"))
        components = role.items("customComponentsPattern", "components") or role.items("components")
        pods = [pod_of_template(_template(one, bases)) for one in components]
        found = [pod for pod in pods if pod is not None]
        if found:
            yield Role(name, found[0], role, tuple(found[1:]))


def _template(owner: Cursor, bases: dict[str, Cursor | None]) -> Cursor | None:
    """Return a pod template: the owner's own, or the shared one that it names with its patch laid over."""
    reference = owner.get("templateRef")
    base = bases.get(reference.word("name")) if reference is not None else None
    if reference is None or base is None:
        return owner.get("template")
    patch = reference.get("patch") or owner.get("templatePatch")
    return replace(patch, under=(base,)) if patch is not None and patch.is_mapping else base


SHAPE = Shape(
    frozenset({("workloads.x-k8s.io", "RoleBasedGroup"), ("workloads.x-k8s.io", "RoleBasedGroupSet")}), servings
)
