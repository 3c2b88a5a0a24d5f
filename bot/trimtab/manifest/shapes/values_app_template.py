"""The values of bjw-s' app-template chart: `controllers.X.containers.Y`, in Kubernetes' own words.

Source: https://github.com/bjw-s-labs/helm-charts/blob/main/charts/library/common/values.yaml (common 4.x).
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest import resources
from trimtab.manifest.config_file import take_config
from trimtab.manifest.container import Container, read_engine
from trimtab.manifest.hit import Draft
from trimtab.manifest.keys import take_variables
from trimtab.manifest.pod import serves
from trimtab.manifest.scale import take_replicas
from trimtab.manifest.shapes.app_template_files import Spot, mounted_in
from trimtab.manifest.shapes.owner import Owner, image_of
from trimtab.manifest.source import Cursor


def read(values: Cursor, owner: Owner) -> Iterator[Draft]:
    """Yield the serving containers of every controller; charts that hold this one under a key count too."""
    for at in (values, *(cursor for cursor in values.entries().values() if cursor.is_mapping)):
        controllers = at.get("controllers")
        for name, controller in controllers.entries().items() if controllers is not None else ():
            containers = controller.get("containers")
            for key, container in containers.entries().items() if containers is not None else ():
                draft = _container(container, Spot(values, at, name, key), owner)
                if draft is not None:
                    _take_pod(draft, at, controller)
                    yield draft


def _container(at: Cursor, spot: Spot, owner: Owner) -> Draft | None:
    image, tag = image_of(at.get("image"))
    lists = [cursor for key in ("command", "args") if (cursor := at.get(key)) is not None]
    settings = read_engine(Container(at, lists, owner.environment(at.get("env"), at.get("envFrom")), image, tag))
    take_config(settings, mounted_in(spot, owner))
    if not serves(at, settings):
        return None
    name = f"{spot.controller}/{spot.container}" if spot.controller != spot.container else spot.container
    draft = owner.draft(name, settings.engine)
    draft.add(settings.hits)
    draft.adders.update(settings.adders)
    take_variables(draft, at, settings.engine, listed=False)
    resources.take_gpus(draft, resources.gpu_sites(at.get("resources")))
    resources.take_host(draft, at)
    return draft


def _take_pod(draft: Draft, values: Cursor, controller: Cursor) -> None:
    take_replicas(draft, controller)
    own = controller.get("pod")
    shared = values.get("defaultPodOptions")
    for pod in (own, shared):
        if pod is not None and (found := tuple(resources.selectors(pod))):
            resources.take_selector(draft, found, None, "")
            return
    if own is not None:
        resources.take_selector(draft, (), own, "nodeSelector")
    else:
        draft.add_selector = lambda label, value: (
            resources.add_path(controller, ("pod", "nodeSelector", label), value),
        )
