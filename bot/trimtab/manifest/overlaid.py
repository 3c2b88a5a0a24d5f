"""Servings as an overlay makes them: the shape sees the patched object, then the overlay's own fields win."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.kustomize import Overlays
from trimtab.manifest.laid import Laid
from trimtab.manifest.overlay_context import OverlayContext
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
    for draft in shape.servings(laid.thing, OverlayContext(context, overlays, folder, laid)):
        draft.name, draft.namespace = laid.name, laid.namespace
        apart = overlays.is_apart(laid)
        draft.wrapper = "kustomize" if (laid.is_changed or apart) and draft.wrapper == "plain" else draft.wrapper
        draft.source = overlays.kustomization(folder) if apart else laid.base
        _lock_shared(draft, folder, overlays)
        yield draft


def _lock_shared(draft: Draft, folder: str, overlays: Overlays) -> None:
    """Say of values that stand in a base of several overlays that an edit would change them all."""
    for field, hit in draft.hits.items():
        users = overlays.roots_of(hit.path)
        if len(users) > 1 and folder in users and not hit.locked:
            reason = (
                f"{len(users)} overlays use {hit.path}, and the edit would change another serving too; "
                f"patch it in {overlays.kustomization(folder).source.path}"
            )
            draft.hits[field] = replace(hit, locked=reason)
