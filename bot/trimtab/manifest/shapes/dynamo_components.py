"""Dynamo's graphs since v1beta1: components with a pod template of their own, where v1alpha1 had services.

Source: https://github.com/ai-dynamo/dynamo, deploy/operator/api/v1beta1 (v1.2): `components` of a
DynamoGraphDeployment, and the same keys in the spec of a DynamoComponentDeployment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trimtab.manifest import resources
from trimtab.manifest.config_file import mounted_in, take_config
from trimtab.manifest.container import pod_container, read_engine
from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.keys import take_keys
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import draft_of, environment_of, pod_of_template, take_pod
from trimtab.manifest.scale import take_replicas
from trimtab.manifest.source import Cursor

NO_WORKERS = frozenset({"frontend", "planner", "epp", "router", "processor", "main"})
"""Kinds and names of components that load no model."""
FRAMEWORKS = {"vllm": "vllm", "sglang": "sglang", "trtllm": "tensorrt-llm"}
"""Engines by the name that `backendFramework` has for them."""
_KEYS = {"shm_size": ("sharedMemorySize",)}


def components(thing: Thing, spec: Cursor, context: Context) -> Iterator[Draft]:
    """Yield one serving for each component that loads a model."""
    listed = spec.get("components")
    items = listed.items() if listed is not None else (spec,) if spec.get("podTemplate") is not None else ()
    for item in items:
        if item.word("type").lower() not in NO_WORKERS:
            yield from _component(thing, spec, item, context)


def _component(thing: Thing, spec: Cursor, item: Cursor, context: Context) -> Iterator[Draft]:
    pod = pod_of_template(item.get("podTemplate"))
    container = _main(pod.spec) if pod is not None else None
    if pod is None or container is None:
        return
    environment = environment_of(container, context, thing.namespace, spec.get("env") if item is not spec else None)
    framework = FRAMEWORKS.get(spec.word("backendFramework"), "")
    settings = read_engine(replace(pod_container(container, environment), engine=framework))
    take_config(settings, mounted_in(pod.spec, container, context, thing.namespace))
    if settings.spoken or (settings.engine and resources.gpu_sites(container.get("resources"))):
        draft = draft_of(thing, container, settings, "crd")
        draft.container = item.word("name") or thing.name
        take_pod(draft, pod, container)
        take_keys(draft, item, _KEYS)
        take_replicas(draft, item)
        yield draft


def _main(pod: Cursor) -> Cursor | None:
    """Return the container that the operator calls `main`, else the first."""
    items = pod.items("containers")
    return next((item for item in items if item.word("name") == "main"), next(iter(items), None))
