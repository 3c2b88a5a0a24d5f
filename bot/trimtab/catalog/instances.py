"""Which GPUs a cloud's instance type has."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from trimtab.fleet import Found, Unknown

_FILE = Path(__file__).parent / "data" / "instances.csv"
_SOURCE = "the providers' lists of instance types (catalog/data/instances.csv)"


def instance_gpus(instance_type: str) -> Found[tuple[str, int]] | Unknown:
    """Return the product name and number of an instance type's GPUs, such as `(NVIDIA-H100-80GB-HBM3, 8)`.

    Types that hold a part of a GPU are not in the list.
    """
    known = instances().get(instance_type.strip().casefold())
    return Found(known, _SOURCE) if known else Unknown(f"no GPUs are known for instance type {instance_type!r}")


@cache
def instances() -> Mapping[str, tuple[str, int]]:
    """Return product name and number of GPUs by instance type in lower case."""
    with _FILE.open(encoding="utf-8", newline="") as lines:
        return {row["instance_type"].casefold(): (row["gpu"], int(row["count"])) for row in csv.DictReader(lines)}
