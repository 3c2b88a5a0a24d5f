"""Whatever declares releases of charts: one place that knows them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trimtab.manifest.argo_release import ARGO, argo_releases
from trimtab.manifest.flux_release import FLUX, flux_releases
from trimtab.manifest.release import Release

if TYPE_CHECKING:
    from trimtab.manifest.context import Context, Thing

__all__ = ["ARGO", "DECLARING", "FLUX", "releases_of"]

DECLARING = (ARGO, FLUX)
"""Words of which one stands in every file that declares a release."""


def releases_of(thing: Thing, context: Context) -> Iterator[Release]:
    """Yield the releases that an object declares."""
    yield from argo_releases(thing, context)
    yield from flux_releases(thing, context)
