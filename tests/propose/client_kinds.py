"""Makes `bot/trimtab/propose/kinds.json` from the models of the Kubernetes client, themselves made from its OpenAPI.

`python -m tests.propose.client_kinds` writes it anew; a test holds the file to the client of the lock file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, cast

from kubernetes.client import models
from pydantic.fields import FieldInfo

FILE = Path(__file__).parents[2] / "bot" / "trimtab" / "propose" / "kinds.json"
ROOTS: Mapping[str, str] = {
    "apps/v1 DaemonSet": "V1DaemonSet",
    "apps/v1 Deployment": "V1Deployment",
    "apps/v1 ReplicaSet": "V1ReplicaSet",
    "apps/v1 StatefulSet": "V1StatefulSet",
    "autoscaling/v2 HorizontalPodAutoscaler": "V2HorizontalPodAutoscaler",
    "batch/v1 CronJob": "V1CronJob",
    "batch/v1 Job": "V1Job",
    "policy/v1 PodDisruptionBudget": "V1PodDisruptionBudget",
    "v1 ConfigMap": "V1ConfigMap",
    "v1 PersistentVolumeClaim": "V1PersistentVolumeClaim",
    "v1 Pod": "V1Pod",
    "v1 Service": "V1Service",
}
"""What settings of a serving end up in."""

_QUANTITIES = frozenset({"averageValue", "divisor", "limits", "overhead", "requests", "sizeLimit", "value"})
"""Quantities, which the client calls texts and the API takes as numbers too; other fields by these names are texts."""
_QUANTITIES_OF = re.compile(r"ResourceRequirements$|ResourceFieldSelector$|EmptyDir|PodSpec$|MetricTarget$")
_SIMPLE = {
    "str": "string",
    "bytes": "string",
    "datetime": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
}
_WRAPPED = re.compile(r"(?P<kind>List|Dict)\[(?:str, )?(?P<of>.*)\]")


class Model(Protocol):
    """A class of the client's models."""

    openapi_types: Mapping[str, str]
    attribute_map: Mapping[str, str]
    model_fields: Mapping[str, FieldInfo]


def kinds() -> dict[str, object]:
    """Return the whole document."""
    types: dict[str, object] = {}
    waiting = list(ROOTS.values())
    while waiting:
        name = waiting.pop()
        if name not in types:
            model = cast("Model", getattr(models, name))
            fields = dict(_fields(name, model))
            types[name] = {"required": _required(model, fields), "fields": fields}
            waiting += re.findall(r"\b(?:V\d|CoreV1)\w+", " ".join(fields.values()))
    return {
        "source": f"kubernetes (Python client) {version('kubernetes')}, kubernetes.client.models; Apache-2.0",
        "kinds": ROOTS,
        "types": dict(sorted(types.items())),
    }


def text() -> str:
    """Return the document as the file has it: a line for each kind and for each type."""
    return _braced(f'"{name}":{_lines(part)}' for name, part in kinds().items()) + "\n"


def _lines(part: object) -> str:
    if not isinstance(part, Mapping):
        return json.dumps(part)
    return _braced(f"{json.dumps(name)}:{json.dumps(one, separators=(',', ':'))}" for name, one in part.items())


def _braced(lines: Iterable[str]) -> str:
    return "{\n" + ",\n".join(lines) + "\n}"


def _fields(name: str, model: Model) -> Iterator[tuple[str, str]]:
    """Yield each field with its type: a simple one, a type's name, either in `list …` or `map …`, or nothing known."""
    for attribute, kind in sorted(model.openapi_types.items()):
        field = model.attribute_map[attribute]
        if field == "status" and name in ROOTS.values():
            continue
        any_number = field in _QUANTITIES and _QUANTITIES_OF.search(name)
        yield field, "" if any_number or kind == "object" else _spelled(kind)


def _spelled(kind: str) -> str:
    wrapped = _WRAPPED.fullmatch(kind)
    if wrapped is None:
        return _SIMPLE.get(kind, kind)
    return f"{'list' if wrapped['kind'] == 'List' else 'map'} {_spelled(wrapped['of'])}".replace(" object", "")


def _required(model: Model, fields: Collection[str]) -> list[str]:
    wanted = (name for name, field in model.model_fields.items() if field.is_required())
    return sorted(set(fields).intersection(model.attribute_map[name] for name in wanted))


if __name__ == "__main__":
    FILE.write_text(text())
