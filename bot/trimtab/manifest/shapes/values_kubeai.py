"""The values of KubeAI's models chart: `catalog.<name>`, each entry a Model's spec with `enabled`.

Source: https://github.com/kubeai-project/kubeai/blob/main/charts/models/values.yaml (v0.23).
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest.hit import Draft
from trimtab.manifest.shapes.kubeai import fill
from trimtab.manifest.shapes.owner import Owner
from trimtab.manifest.source import Cursor


def read(values: Cursor, owner: Owner) -> Iterator[Draft]:
    """Yield one serving for each model that is switched on."""
    for at in (values, *(cursor for cursor in values.entries().values() if cursor.is_mapping)):
        every = at.word("all", "enabled") == "true"
        for name, entry in at.entries("catalog").items():
            if _is_model(entry) and (every or entry.word("enabled") == "true"):
                draft = owner.draft(name, "")
                draft.name = owner.name if owner.kind else name
                fill(draft, entry, owner.environment(entry.get("env")))
                yield draft


def _is_model(entry: Cursor) -> bool:
    return any(entry.get(key) is not None for key in ("url", "resourceProfile", "minReplicas")) or (
        entry.get("enabled") is not None and len(entry.entries()) == 1
    )
