"""What the Kubernetes API would refuse of a rendered workload, as far as edits of settings can bring it about.

The types of fields are the schemas' (`kinds.py`), and a cluster's own dry run knows more: admission, quotas. This needs
none, and looks at the bounds of the fields that settings end up in. Source: Kubernetes v1.34
pkg/apis/core/validation/validation.go (`ValidateResourceRequirements`, `validateContainerResourceName`),
pkg/apis/apps/validation/validation.go, and apimachinery/pkg/util/validation (label values).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from trimtab.fleet.quantity import quantity
from trimtab.manifest import Plain
from trimtab.render import ObjectId

_LIKE_A_QUANTITY = re.compile(r"[+.]?\d[\w.+-]*")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_SHARED = frozenset({"cpu", "memory", "ephemeral-storage"})
"""What may be asked for with less than its limit; a device may not."""
_WORKLOADS = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "DaemonSet", "Job", "Pod"})


def refused(before: Mapping[ObjectId, Plain], after: Mapping[ObjectId, Plain]) -> tuple[str, ...]:
    """Return why new objects would be refused, for reasons that the old ones do not have."""
    known = {fault for key, found in before.items() for fault in _faults(key, found)}
    return tuple(fault for key in sorted(after) for fault in _faults(key, after[key]) if fault not in known)


def _faults(key: ObjectId, found: Plain) -> Iterator[str]:
    if key.kind not in _WORKLOADS or not isinstance(found, dict):
        return
    spec = _below(found, "spec")
    replicas = spec.get("replicas")
    if replicas is not None and not _is_count(replicas):
        yield f"{key} spec.replicas {replicas!r} is no whole number"
    pod = spec if key.kind == "Pod" else _below(_below(spec, "template"), "spec")
    for name, value in _below(pod, "nodeSelector").items():
        if not isinstance(value, str) or not _LABEL_VALUE.fullmatch(value):
            yield f"{key} nodeSelector {name}: {value!r} is no value of a label"
    for kind in ("containers", "initContainers"):
        listed = pod.get(kind)
        for container in listed if isinstance(listed, list) else ():
            if isinstance(container, dict):
                yield from (f"{key} container {container.get('name')}: {fault}" for fault in _of_container(container))


def _of_container(container: dict[str, Plain]) -> Iterator[str]:
    resources = _below(container, "resources")
    yield from _of_resources(_below(resources, "requests"), _below(resources, "limits"))


def _of_resources(requests: dict[str, Plain], limits: dict[str, Plain]) -> Iterator[str]:
    for side, asked in (("requests", requests), ("limits", limits)):
        for name, value in asked.items():
            if not _LIKE_A_QUANTITY.fullmatch(str(value)):
                yield f"{side} {name} {value!r} is no quantity"
            elif "/" in name and _amount(value) % 1 > 0:
                yield f"{side} {name} {value!r} must be a whole number"
    for name, value in requests.items():
        yield from _of_pair(name, value, limits.get(name))


def _of_pair(name: str, request: Plain, limit: Plain) -> Iterator[str]:
    low, high = _amount(request), _amount(limit)
    if low > high:
        yield f"requests {name} {request} is above the limit {limit}"
    elif low < high and name not in _SHARED:
        yield f"requests {name} {request} must equal the limit {limit}"


def _amount(value: Plain) -> float:
    """Return a quantity as a number; NaN, which compares with nothing, where it is none."""
    return math.nan if value is None or isinstance(value, dict | list) else quantity(value)


def _is_count(value: Plain) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _below(value: dict[str, Plain], key: str) -> dict[str, Plain]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}
