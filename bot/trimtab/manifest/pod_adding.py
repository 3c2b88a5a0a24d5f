"""How a pod says what it does not say yet: its classes, and a volume in memory at `/dev/shm`."""

from __future__ import annotations

from collections.abc import Sequence

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest.hit import Draft, Writer
from trimtab.manifest.items import append
from trimtab.manifest.scalars import spell
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import New, Splice
from trimtab.manifest.write import add_pair

SHM = "/dev/shm"  # noqa: S108 - a mount in a pod
_NAMES = ("dshm", "shm", "dev-shm")


def add_class(pods: Sequence[Cursor], key: str) -> Writer:
    """Return the writer that gives pods a class by its key."""

    def writer(value: Scalar) -> tuple[Splice, ...]:
        return tuple(add_pair(pod, key, spell(value)) for pod in pods)

    return writer


def take_shm_adder(draft: Draft, pod: Cursor, container: Cursor) -> None:
    """Let a container that has no sized volume in memory at `/dev/shm` be given one."""
    mount = mounted(container)
    if mount is None:
        draft.adders["shm_size"] = _volume_adder(pod, container)
        return
    volume = next((item for item in pod.items("volumes") if item.word("name") == mount.word("name")), None)
    empty = volume.get("emptyDir") if volume is not None else None
    if empty is None or empty.word("medium") != "Memory":
        draft.refusals["shm_size"] = f"what is mounted at {SHM} is no volume in memory of the pod's own"
    else:
        draft.adders["shm_size"] = lambda value: (add_pair(empty, "sizeLimit", spell(value)),)


def mounted(container: Cursor) -> Cursor | None:
    """Return what a container mounts at `/dev/shm`, or None."""
    return next((item for item in container.items("volumeMounts") if item.word("mountPath") == SHM), None)


def _volume_adder(pod: Cursor, container: Cursor) -> Writer:
    """Return the writer of a volume and its mount; Kubernetes counts what is written there as the container's memory.

    Source: https://kubernetes.io/docs/concepts/storage/volumes/#emptydir (v1.34).
    """

    def writer(value: Scalar) -> tuple[Splice, ...]:
        taken = {item.word("name") for item in pod.items("volumes")}
        name = next((one for one in _NAMES if one not in taken), "")
        if not name:
            raise RefusedError("the pod has volumes of every name that one in memory goes by", "mount one of them")
        volume: dict[str, New] = {"name": name, "emptyDir": {"medium": "Memory", "sizeLimit": spell(value)}}
        mount: dict[str, New] = {"name": name, "mountPath": SHM}
        return (append(container, "volumeMounts", mount), append(pod, "volumes", volume))

    return writer
