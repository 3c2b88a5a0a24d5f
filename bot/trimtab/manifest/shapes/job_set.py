"""Batch objects of several kinds of pods: JobSet (jobset.x-k8s.io) and Volcano's Job (batch.volcano.sh).

Most of these train; only a command that starts a server makes one a serving.
Sources: https://github.com/kubernetes-sigs/jobset, api/jobset/v1alpha2; https://github.com/volcano-sh/apis,
pkg/apis/batch/v1alpha1.
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

_LISTS = {"JobSet": ("replicatedJobs", ("template", "spec", "template")), "Job": ("tasks", ("template",))}


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for each kind of pod that starts an engine."""
    spec = thing.at.get("spec")
    if spec is not None:
        yield from servings_of_roles(thing, context, _roles(spec, *_LISTS[thing.kind]))


def _roles(spec: Cursor, key: str, template: tuple[str, ...]) -> Iterator[Role]:
    for item in spec.items(key):
        pod = pod_of_template(item.get(*template))
        if pod is not None:
            yield Role(item.word("name"), pod, item, strict=True)


SHAPE = Shape(frozenset({("jobset.x-k8s.io", "JobSet"), ("batch.volcano.sh", "Job")}), servings)
