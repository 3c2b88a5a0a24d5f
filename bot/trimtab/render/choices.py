"""What else a value may say where it is one of a few words: as the chart's schema lists them, or its own mappings.

A word that is a key of a mapping in the same values (`type: nvidia` beside `resources: {nvidia: …, amd: …}`) chooses
among the keys in many charts; whether it does is found out by rendering, as everything here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from trimtab.errors import UsageError
from trimtab.manifest import BrokenYamlError, Plain, plain_documents
from trimtab.render.marks import Leaf, leaves

_MOST = 8
"""For one leaf."""
_DEEP = 24
"""References followed and steps taken in a schema, which may refer to itself."""


def choices(values: Plain, chart: Path) -> Mapping[Leaf, tuple[Plain, ...]]:
    """Return by leaf what else it may say.

    Args:
        values: What the chart sees.
        chart: Its folder; of a package the schema is not read.
    """
    schemas = dict(_schemas(chart))
    mappings = [frozenset(one) for one in _mappings(values) if len(one) > 1]
    found: dict[Leaf, tuple[Plain, ...]] = {}
    for leaf, was in leaves(values):
        if isinstance(was, bool) or not isinstance(was, str | int):
            continue
        listed = next((more for above, schema in schemas.items() if (more := _listed(schema, leaf, above))), ())
        keys = sorted({key for one in mappings if was in one for key in one}) if was and isinstance(was, str) else []
        others = tuple(one for one in (*listed, *keys) if one != was)
        if others:
            found[leaf] = others[:_MOST]
    return found


def _mappings(value: Plain) -> Iterator[dict[str, Plain]]:
    if isinstance(value, dict):
        yield value
        for below in value.values():
            yield from _mappings(below)
    elif isinstance(value, list):
        for below in value:
            yield from _mappings(below)


def _schemas(chart: Path) -> Iterator[tuple[Leaf, Plain]]:
    """Yield the schemas of a chart and of the unpacked ones it is built on, with the place of their values."""
    name = "values.schema.json"
    for place in (chart / name, *sorted(chart.glob(f"charts/*/{name}"))):
        try:
            read = plain_documents(place.read_bytes())
        except (OSError, BrokenYamlError, UsageError):
            continue
        yield () if place.parent == chart else (place.parent.name,), read[0] if read else None


def _listed(schema: Plain, leaf: Leaf, above: Leaf) -> tuple[Plain, ...]:
    """Return the words that a schema lists for a leaf; none where it lists none, or only in a way not followed here."""
    if leaf[: len(above)] != above:
        return ()
    here = schema
    for part in leaf[len(above) :]:
        here = _entered(schema, here)
        below = here.get("properties") if isinstance(here, dict) and isinstance(part, str) else here
        key = part if isinstance(part, str) else "items"
        here = below.get(key) if isinstance(below, dict) else None
    here = _entered(schema, here)
    listed = here.get("enum") if isinstance(here, dict) else None
    return tuple(one for one in listed if isinstance(one, str | int)) if isinstance(listed, list) else ()


def _entered(schema: Plain, here: Plain) -> Plain:
    """Return a part of a schema, behind its references into the same file."""
    for _ in range(_DEEP):
        reference = here.get("$ref") if isinstance(here, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        here = schema
        for part in reference[2:].split("/"):
            here = here.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(here, dict) else None
    return here
