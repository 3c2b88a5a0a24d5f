"""Servings as an overlay makes them: the shape sees the patched object, then the overlay's own fields win."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trimtab.manifest import vocabulary
from trimtab.manifest.container import field_hit
from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.kustomize import Laid, OverlayContext, Overlays
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor


def servings_of(laid: Laid, folder: str, shape: Shape, context: Context, overlays: Overlays) -> Iterator[Draft]:
    """Yield the servings of one object of an overlay.

    Args:
        laid: The object.
        folder: The outermost kustomization's folder.
        shape: What knows the object.
        context: The tree's.
        overlays: The tree's.
    """
    for draft in shape.servings(laid.thing, OverlayContext(context, overlays, folder)):
        changed = bool(laid.thing.at.under) or bool(laid.operations) or laid.name != laid.thing.name
        changed = _take_transforms(draft, laid) or changed
        _take_operations(draft, laid)
        draft.name, draft.namespace = laid.name, laid.namespace
        apart = overlays.is_apart(laid)
        draft.wrapper = "kustomize" if (changed or apart) and draft.wrapper == "plain" else draft.wrapper
        draft.source = overlays.kustomization(folder) if apart else laid.base
        yield draft


def _take_transforms(draft: Draft, laid: Laid) -> bool:
    """Let `images` and `replicas` of the kustomizations win; return whether any says something of this serving."""
    changed = False
    for at in laid.transforms:
        changed = _take_image(draft, at) or changed
        listed = at.get("replicas")
        for item in listed.items() if listed is not None else ():
            count = item.get("count")
            if item.word("name") in {laid.thing.name, laid.name} and count is not None:
                value = vocabulary.read("replicas", count.string)
                draft.hits["replicas"] = field_hit("replicas", value, count)
                changed = True
    return changed


def _take_image(draft: Draft, at: Cursor) -> bool:
    listed = at.get("images")
    for item in listed.items() if listed is not None else ():
        tag = item.get("newTag")
        if item.word("name") == draft.image.partition("@")[0].rsplit(":", 1)[0] or item.word("name") == draft.image:
            if tag is not None and tag.string:
                draft.hits["engine_version"] = field_hit("engine_version", tag.string, tag)
            return True
    return False


def _take_operations(draft: Draft, laid: Laid) -> None:
    """Let JSON patches win: replicas where they say so; what they do to a container cannot be followed, and is said."""
    for operation in laid.operations:
        path, value = operation.word("path"), operation.get("value")
        if path == "/spec/replicas" and value is not None and value.scalar is not None:
            number = vocabulary.read("replicas", value.string)
            draft.hits["replicas"] = field_hit("replicas", number, value)
        elif "/containers/" in path or path.startswith("/spec/template/spec"):
            where = f"{operation.source.path}:{operation.line}"
            reason = f"a JSON patch ({where}) changes {path}, and may change this too"
            _lock(draft, path, reason)


def _lock(draft: Draft, path: str, reason: str) -> None:
    part = path.rsplit("/containers/", 1)[-1].partition("/")[2] or path
    for field, hit in draft.hits.items():
        flags = hit.via in {"flag", "shell"} and part.startswith(("args", "command"))
        other = part.startswith("resources") and field in vocabulary.QUANTITIES | {"gpu_count", "gpu_resource"}
        image = part.startswith("image") and field == "engine_version"
        if (flags or other or image) and not hit.locked:
            draft.hits[field] = replace(hit, locked=reason)
