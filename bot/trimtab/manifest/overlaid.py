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
from trimtab.manifest.shared_base import SharedBase


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
        draft.name, draft.namespace, draft.laid_over = laid.name, laid.namespace, tuple
        apart = overlays.is_apart(laid)
        draft.wrapper = "kustomize" if (laid.is_changed or apart) and draft.wrapper == "plain" else draft.wrapper
        draft.source = overlays.kustomization(folder) if apart else laid.base
        if apart:
            _patch_shared(draft, SharedBase.of(laid, folder, overlays))
        yield draft


def _patch_shared(draft: Draft, base: SharedBase) -> None:
    """Have what stands in a base of several overlays patched in this one."""
    draft.patched = base.patched
    for field, hit in draft.hits.items():
        if base.is_shared(hit.path) and not hit.locked:
            alone = "" if base.path else f"{hit.path} is shared, and no overlay is this serving's alone"
            draft.hits[field] = replace(hit, patched_in=base.path, locked=alone)
