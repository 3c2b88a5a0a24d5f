"""KubeAI's Model (kubeai.org): the resource profile `name:count` names the hardware and how much of it, in one scalar.

Source: https://github.com/kubeai-project/kubeai/blob/main/api/k8s/v1/model_types.go (v0.23): `replicas` is the
operator's own unless `autoscalingDisabled`; the profiles stand in the values of KubeAI's chart (`resourceProfiles`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.address import model_hit
from trimtab.manifest.container import Container, field_hit, read_engine
from trimtab.manifest.context import Context
from trimtab.manifest.environment import Environment
from trimtab.manifest.hit import Draft
from trimtab.manifest.keys import take_keys, take_variables
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import environment_of, labels_of
from trimtab.manifest.scalars import spell
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice
from trimtab.manifest.write import replace_part

_ENGINES = {"vllm": "vllm", "ollama": "ollama"}
_KEYS = {
    "min_replicas": ("minReplicas",),
    "max_replicas": ("maxReplicas",),
    "replicas": ("replicas",),
    "priority_class": ("priorityClassName",),
}


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield the one serving that a Model is."""
    spec = thing.at.get("spec")
    if spec is None or not spec.word("url"):
        return
    draft = Draft(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, "", "crd")
    draft.annotations.update(labels_of(thing.at.get("metadata")))
    fill(draft, spec, environment_of(spec, context, thing.namespace))
    yield draft


def fill(draft: Draft, spec: Cursor, environment: Environment) -> None:
    """Add what a Model's `spec`, or an entry of the models chart, says."""
    draft.engine = _ENGINES.get(spec.word("engine").lower(), "")
    args, image = spec.get("args"), spec.get("image")
    lists = [args] if args is not None else []
    settings = read_engine(Container(spec, lists, environment, spec.word("image"), image, draft.engine))
    draft.add(settings.hits)
    draft.adders.update(settings.adders)
    take_variables(draft, spec, draft.engine, listed=False)
    address = spec.get("url")
    if address is not None and address.string:
        draft.add({"model": model_hit(address)})
    take_keys(draft, spec, _KEYS)
    if spec.word("autoscalingDisabled") != "true":
        _give_up_replicas(draft)
    _take_profile(draft, spec.get("resourceProfile"))


def _give_up_replicas(draft: Draft) -> None:
    reason = "KubeAI scales between minReplicas and maxReplicas; set min_replicas or max_replicas"
    draft.adders.pop("replicas", None)
    draft.refusals["replicas"] = reason
    if "replicas" in draft.hits:
        draft.hits["replicas"] = replace(draft.hits["replicas"], locked=reason)


def _take_profile(draft: Draft, profile: Cursor | None) -> None:
    """Add the two parts of `name:count`; a profile of CPUs asks for no GPU."""
    text = profile.text() if profile is not None else None
    name, colon, count = text.value.rpartition(":") if text is not None else ("", "", "")
    if profile is None or text is None or not colon or not count.isdigit() or name.startswith("cpu"):
        for field in ("gpu_count", "gpu_product"):
            draft.refusals[field] = "no resource profile with a GPU is named"
        return
    number = text.cut(len(name) + 1, len(text.value))
    draft.add({"gpu_count": field_hit("gpu_count", vocabulary.read("gpu_count", count), profile, number)})
    hit = field_hit("gpu_product", name, profile, text.cut(0, len(name)))
    path = profile.source.path

    def rename(value: Scalar) -> tuple[Splice, ...]:
        new = spell(value)
        if not new or ":" in new or new.lower() != new:
            raise RefusedError(
                f"{new} is no resource profile of KubeAI", "give the profile's name, as in the chart's resourceProfiles"
            )
        return (replace_part(path, text.cut(0, len(name)), new),)

    draft.add({"gpu_product": replace(hit, writer=rename)})


SHAPE = Shape(frozenset({("kubeai.org", "Model")}), servings, speaks=True)
