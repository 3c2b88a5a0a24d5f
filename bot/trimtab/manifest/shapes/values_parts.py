"""What a mapping inside a chart's values is: off, another program's, a choice of models, or resources by part."""

from __future__ import annotations

from trimtab.manifest.engines import engine_of_flags, engine_of_image
from trimtab.manifest.shapes.owner import image_of
from trimtab.manifest.shapes.values_words import plain
from trimtab.manifest.source import Cursor


def is_off(at: Cursor) -> bool:
    """Return whether a part of a chart is switched off."""
    return at.word("enabled") in {"false", "False"}


def only_part(resources: Cursor) -> Cursor:
    """Return the resources of the only part that has any, where they stand under the parts' names."""
    inner = [one for one in resources.entries().values() if {"limits", "requests"} & one.entries().keys()]
    return inner[0] if len(inner) == 1 and not {"limits", "requests"} & resources.entries().keys() else resources


def is_choice(at: Cursor) -> bool:
    """Return whether a part holds the arguments of several models side by side, of which one is chosen elsewhere."""
    told = [item for part in at.entries().values() if part.is_mapping for item in part.entries().items()]
    spoken = [one for key, one in told if plain(key).endswith("args") and one.is_sequence]
    return sum(bool(engine_of_flags([item.string for item in one.items()])) for one in spoken) > 1


def is_another(at: Cursor) -> bool:
    """Return whether a part of a chart runs an image of its own that is no engine's, such as a user interface."""
    image = image_of(at.get("image"))[0] if at.is_mapping else ""
    return bool(image) and not engine_of_image(image)
