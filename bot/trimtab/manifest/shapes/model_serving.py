"""ModelServing of kthena (workload.serving.volcano.sh): groups of roles, each an entry pod with its workers.

Source: https://github.com/volcano-sh/kthena, pkg/apis/workload/v1alpha1/model_serving_types.go (v0.3).
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import pod_of_template
from trimtab.manifest.shapes.roles import Role, servings_of_roles
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for each role that starts an engine."""
    roles = thing.at.get("spec", "template", "roles")
    if roles is not None:
        yield from servings_of_roles(thing, context, _roles(roles))


def _roles(roles: Cursor) -> Iterator[Role]:
    for role in roles.items():
        entry = pod_of_template(role.get("entryTemplate"))
        worker = pod_of_template(role.get("workerTemplate"))
        if entry is not None:
            yield Role(role.word("name"), entry, role, (worker,) if worker is not None else ())


SHAPE = Shape(frozenset({("workload.serving.volcano.sh", "ModelServing")}), servings)
