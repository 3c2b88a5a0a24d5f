"""Servings as an overlay makes them: the shape sees the patched object, then the overlay's own fields win."""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.kustomize import Laid, OverlayContext, Overlays
from trimtab.manifest.shapes.shape import Shape


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
        draft.name, draft.namespace = laid.name, laid.namespace
        apart = overlays.is_apart(laid)
        draft.wrapper = "kustomize" if (laid.is_changed or apart) and draft.wrapper == "plain" else draft.wrapper
        draft.source = overlays.kustomization(folder) if apart else laid.base
        yield draft
