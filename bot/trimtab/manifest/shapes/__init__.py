"""The shapes that servings come in; adding one is adding its file and its line in `own.OBJECTS`."""

from __future__ import annotations

from trimtab.manifest.shapes import releases
from trimtab.manifest.shapes.own import OBJECTS
from trimtab.manifest.shapes.shape import Shape

TABLE: tuple[Shape, ...] = (*OBJECTS, releases.FLUX, releases.ARGO, releases.CATTLE)
"""Asked in this order; the first that knows an object has it."""

__all__ = ["TABLE", "Shape"]
