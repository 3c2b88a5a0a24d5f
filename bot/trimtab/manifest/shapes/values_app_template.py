"""The values of bjw-s' app-template chart: `controllers.X.containers.Y`, in Kubernetes' own words.

Source: https://github.com/bjw-s-labs/helm-charts/blob/main/charts/library/common/values.yaml (common 4.x).
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.fleet import Scalar
from trimtab.manifest import resources, selector
from trimtab.manifest.config_file import take_config
from trimtab.manifest.container import Container, field_hit, read_engine
from trimtab.manifest.hit import Draft, Writer
from trimtab.manifest.keys import take_variables
from trimtab.manifest.pod import CLASSES, serves
from trimtab.manifest.pod_adding import SHM
from trimtab.manifest.scalars import spell
from trimtab.manifest.scale import take_replicas
from trimtab.manifest.shapes.app_template_files import Spot, mounted_in
from trimtab.manifest.shapes.owner import Owner, image_of
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import New, Splice


def read(values: Cursor, owner: Owner) -> Iterator[Draft]:
    """Yield the serving containers of every controller; charts that hold this one under a key count too."""
    for at in (values, *(cursor for cursor in values.entries().values() if cursor.is_mapping)):
        for name, controller in at.entries("controllers").items():
            for key, container in controller.entries("containers").items():
                draft = _container(container, Spot(values, at, name, key), owner)
                if draft is not None:
                    _take_pod(draft, at, controller, (name, key))
                    yield draft


def _container(at: Cursor, spot: Spot, owner: Owner) -> Draft | None:
    image, tag = image_of(at.get("image"))
    lists = [cursor for key in ("command", "args") if (cursor := at.get(key)) is not None]
    settings = read_engine(Container(at, lists, owner.environment(at.get("env"), at.get("envFrom")), image, tag))
    take_config(settings, mounted_in(spot, owner))
    if not serves(at, settings, image):
        return None
    name = f"{spot.controller}/{spot.container}" if spot.controller != spot.container else spot.container
    draft = owner.draft(name, settings.engine)
    draft.add(settings.hits)
    draft.adders.update(settings.adders)
    take_variables(draft, at, settings.engine, listed=False)
    resources.take_gpus(draft, resources.gpu_sites(at.get("resources")))
    resources.take_host(draft, at)
    return draft


def _take_pod(draft: Draft, values: Cursor, controller: Cursor, place: tuple[str, str]) -> None:
    take_replicas(draft, controller)
    own, shared = controller.get("pod"), values.get("defaultPodOptions")
    pods = [pod for pod in (own, shared) if pod is not None]
    for key, field in CLASSES.items():
        named = next((one for pod in pods if (one := pod.get(key)) is not None and one.string), None)
        if named is not None:
            draft.add({field: field_hit(field, named.string, named)})
        else:
            draft.adders[field] = _path_adder(controller, ("pod", key))
    _take_shm(draft, values, place)
    _take_selector(draft, values, controller)


def _take_selector(draft: Draft, values: Cursor, controller: Cursor) -> None:
    """Add the kind of GPU; a controller's own `nodeSelector` would take the place of the one that all share."""
    own, shared = controller.get("pod"), values.get("defaultPodOptions")
    pods = [pod for pod in (own, shared) if pod is not None]
    found = next((found for pod in pods if (found := tuple(selector.selectors(pod)))), ())
    inherits = shared is not None and (own is None or own.get("nodeSelector") is None)
    if not found and inherits and shared is not None and (shared.get("nodeSelector") or selector.pin_of(shared)):
        controllers = values.get("controllers")
        if controllers is not None and len(controllers.entries()) == 1:
            selector.take_selector(draft, (), shared, "nodeSelector")
        else:
            draft.refusals["gpu_product"] = "`defaultPodOptions` picks the nodes of every controller"
    elif found or own is not None:
        selector.take_selector(draft, found, own, "nodeSelector")
    else:
        draft.add_selector = lambda label, value: (
            resources.add_path(controller, ("pod", "nodeSelector", label), value),
        )


def _path_adder(at: Cursor, keys: tuple[str, ...]) -> Writer:
    return lambda value: (resources.add_path(at, keys, spell(value)),)


def _take_shm(draft: Draft, values: Cursor, place: tuple[str, str]) -> None:
    """Add the size of a volume in memory that the container has at `/dev/shm`, or how to give it one."""
    for name, volume in values.entries("persistence").items():
        if SHM not in _mounts(name, volume, place):
            continue
        size = volume.get("sizeLimit")
        if volume.word("type") != "emptyDir" or volume.word("medium") != "Memory":
            draft.refusals["shm_size"] = f"what is mounted at {SHM} is no volume in memory of the pod's own"
        if volume.word("type") == "emptyDir" and size is not None and size.string:
            draft.add({"shm_size": field_hit("shm_size", size.string, size)})
        draft.adders["shm_size"] = _path_adder(volume, ("sizeLimit",))
        return
    controller, container = place
    mounts: New = {controller: {container: [{"path": SHM}]}}

    def add(value: Scalar) -> tuple[Splice, ...]:
        volume: New = {"type": "emptyDir", "medium": "Memory", "sizeLimit": spell(value), "advancedMounts": mounts}
        return (resources.add_path(values, ("persistence", "dshm"), volume),)

    if values.get("persistence", "dshm") is None:
        draft.adders["shm_size"] = add


def _mounts(name: str, volume: Cursor, place: tuple[str, str]) -> set[str]:
    """Return where a container has a volume: by its own mounts, by those of all, else by the volume's name."""
    own, every = volume.get("advancedMounts"), volume.get("globalMounts")
    if own is None and every is None:
        return {f"/dev/{name}"}
    listed = [one for one in (volume.get("advancedMounts", *place), every) if one is not None]
    return {item.word("path") for one in listed for item in one.items()}
