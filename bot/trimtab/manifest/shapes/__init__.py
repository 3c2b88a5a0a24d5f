"""The shapes that servings come in, one file each; adding one is adding its file and its line in `TABLE`."""

from __future__ import annotations

from trimtab.manifest.shapes import kserve, kubeai, lws, releases, workload
from trimtab.manifest.shapes.shape import Shape

TABLE: tuple[Shape, ...] = (workload.SHAPE, lws.SHAPE, kserve.SHAPE, kubeai.SHAPE, releases.FLUX, releases.ARGO)
"""Asked in this order; the first that knows an object has it."""

__all__ = ["TABLE", "Shape"]
