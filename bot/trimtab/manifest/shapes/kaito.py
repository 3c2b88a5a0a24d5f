"""KAITO's Workspace and InferenceSet (kaito.sh): a preset on an Azure machine; flags stand in a ConfigMap's YAML text.

Source: https://github.com/kaito-project/kaito, api/v1beta1/workspace_types.go and inferenceset_types.go (v0.8); the
ConfigMap that `inference.config` names holds `inference_config.yaml` with vLLM's flags under `vllm`. A Workspace has no
`spec`. One that tunes serves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.container import field_hit
from trimtab.manifest.context import Context
from trimtab.manifest.flags import dialect
from trimtab.manifest.hit import Draft
from trimtab.manifest.objects import Thing
from trimtab.manifest.options import take_options
from trimtab.manifest.pod import draft_of, labels_of, pod_of_template, serving_containers, take_pod
from trimtab.manifest.scale import take_replicas
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice

_GROUP = "kaito.sh"
_CONFIG = "inference_config.yaml"


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield the one serving that the object is."""
    at = thing.at.get("spec", "template") if thing.kind == "InferenceSet" else thing.at
    inference = at.get("inference") if at is not None else None
    if at is None or inference is None:
        return
    draft = _of_template(thing, context, inference) or _of_preset(thing, context, inference)
    _take_machine(draft, at.get("resource", "instanceType"))
    spec = thing.at.get("spec")
    if thing.kind == "InferenceSet" and spec is not None:
        take_replicas(draft, spec)
    else:
        _take_nodes(draft, at.get("resource", "count"))
    yield draft


def _of_template(thing: Thing, context: Context, inference: Cursor) -> Draft | None:
    """Return the serving of a pod template that stands in for a preset."""
    pod = pod_of_template(inference.get("template"))
    for container, settings in serving_containers(pod, context, thing.namespace) if pod is not None else ():
        draft = draft_of(thing, container, settings, "crd")
        take_pod(draft, pod, container) if pod is not None else None
        return draft
    return None


def _of_preset(thing: Thing, context: Context, inference: Cursor) -> Draft:
    draft = Draft(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, "", "crd", "vllm")
    draft.annotations.update(labels_of(thing.at.get("metadata")))
    preset = inference.get("preset", "name")
    if preset is not None and preset.string:
        draft.add({"model": field_hit("model", preset.string, preset)})
    _take_config(draft, context, inference.word("config"))
    for field in ("gpu_count", "gpu_resource"):
        draft.refusals[field] = "KAITO asks for the GPUs that the preset and the machine have"
    return draft


def _take_config(draft: Draft, context: Context, name: str) -> None:
    """Add vLLM's flags from the ConfigMap's text; without one, say what would have to be made."""
    near = draft.source.source.path
    place = context.configmap_value(near, draft.namespace, name, _CONFIG) if name else None
    text = place.holder.inner() if place is not None and place.via == "configmap" else None
    if text is not None:
        take_options(draft, text, "vllm", "vllm", "configmap")
        return
    reason = f"no ConfigMap with {_CONFIG} is in the tree" if name else f"no ConfigMap with {_CONFIG} is named"
    for field in dialect("vllm").flags.values():
        draft.refusals.setdefault(field, f"{reason}; make one and name it in `inference.config`")


def _take_machine(draft: Draft, machine: Cursor | None) -> None:
    """Add the machine's size, which is how KAITO picks the kind of GPU."""
    if machine is None or not machine.string:
        draft.refusals["gpu_product"] = "no instanceType is named"
        return
    hit = field_hit("gpu_product", machine.string, machine)

    def rename(value: Scalar) -> tuple[Splice, ...]:
        if not str(value).startswith("Standard_") or hit.writer is None:
            raise RefusedError(
                f"{value} is no machine", "give an Azure size with that GPU, as in Standard_NC24ads_A100_v4"
            )
        return hit.writer(value)

    draft.add({"gpu_product": replace(hit, writer=rename)})


def _take_nodes(draft: Draft, count: Cursor | None) -> None:
    """Add a Workspace's number of machines, which the preset may share out among one replica."""
    reason = "a Workspace serves one replica, over all machines of `resource.count`; an InferenceSet has replicas"
    draft.refusals["replicas"] = reason
    if count is not None and count.string:
        value = vocabulary.read("replicas", count.string)
        draft.add({"replicas": replace(field_hit("replicas", value, count), locked=reason)})


SHAPE = Shape(frozenset({(_GROUP, "Workspace"), (_GROUP, "InferenceSet")}), servings, speaks=True)
