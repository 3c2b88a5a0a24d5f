"""What a mapping inside a chart's values is: off, another program's, a choice of models, or resources by part."""

from __future__ import annotations

import re

from trimtab.manifest import shell
from trimtab.manifest.engines import engine_of_flags, engine_of_image, engine_of_words
from trimtab.manifest.resources import GPU_RESOURCE, GpuSite, gpu_sites
from trimtab.manifest.shapes.owner import image_of
from trimtab.manifest.shapes.values_words import ENGINES, plain
from trimtab.manifest.source import Cursor
from trimtab.manifest.text import Text

BARE = frozenset({"gpu", "gpus", "gpucount", "numgpus"})
"""Keys of a chart's own for GPUs among resources."""
_COUNT = re.compile(r"\d+$|.*[{(]")
"""A number, or what will become one; a kind of GPU is none."""


def is_off(at: Cursor) -> bool:
    """Return whether a part of a chart is switched off."""
    return at.word("enabled") in {"false", "False"}


def only_part(resources: Cursor) -> Cursor:
    """Return the resources of the only part that has any, or of the engine's, where they stand under their names."""
    parts = resources.entries()
    inner = {key: one for key, one in parts.items() if {"limits", "requests"} & one.entries().keys()}
    engines = [one for key, one in inner.items() if plain(key) in ENGINES]
    found = engines if len(engines) == 1 else list(inner.values())
    return found[0] if len(found) == 1 and not {"limits", "requests"} & parts.keys() else resources


def sites_of(asked: Cursor | None) -> tuple[GpuSite, ...]:
    """Return where a chart's resources ask for GPUs, limits first: by the resource's name or by a key of its own.

    Some charts write requests and limits of one mapping.
    """
    levels = [at for at in (asked and asked.get("limits"), asked and asked.get("requests"), asked) if at is not None]
    told = [(key, one) for at in levels for key, one in at.entries().items() if one.string not in {"", "0"}]
    counted = [(key, one) for key, one in told if _COUNT.match(one.string)]
    bare = [GpuSite(key, one) for key, one in counted if GPU_RESOURCE.fullmatch(key) or plain(key) in BARE]
    return gpu_sites(asked) or tuple(bare)


def engine_of_script(text: str) -> str:
    """Return the engine that a text starts as a shell would, empty where it starts none."""
    started = (engine_of_words([word.text.value for word in words])[0] for words in shell.commands(Text.whole(text)))
    return next((engine for engine in started if engine), "")


def is_choice(at: Cursor) -> bool:
    """Return whether a part holds the arguments of several models side by side, of which one is chosen elsewhere."""
    told = [item for part in at.entries().values() if part.is_mapping for item in part.entries().items()]
    spoken = [one for key, one in told if plain(key).endswith("args") and one.is_sequence]
    return sum(bool(engine_of_flags([item.string for item in one.items()])) for one in spoken) > 1


def is_another(at: Cursor) -> bool:
    """Return whether a part of a chart runs an image of its own that is no engine's, such as a user interface."""
    image = image_of(at.get("image"))[0] if at.is_mapping else ""
    return bool(image) and not engine_of_image(image)
