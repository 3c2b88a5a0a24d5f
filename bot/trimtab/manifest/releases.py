"""Whatever declares releases of charts: one place that knows them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trimtab.manifest.argo_release import ARGO, argo_releases
from trimtab.manifest.cattle_release import CATTLE, cattle_releases, fleet_releases, is_fleet
from trimtab.manifest.chart_inflation import inflated_releases, may_inflate
from trimtab.manifest.flux_release import FLUX, flux_releases
from trimtab.manifest.helm_commands import command_releases, may_run_helm
from trimtab.manifest.helmfile import helmfile_releases, is_helmfile
from trimtab.manifest.objects import Thing
from trimtab.manifest.release import Release

if TYPE_CHECKING:
    from trimtab.manifest.context import Context

__all__ = ["ARGO", "CATTLE", "DECLARING", "FLUX", "bare_releases", "may_declare", "releases_of"]

DECLARING = (ARGO, FLUX, CATTLE)
"""Words of which one stands in every file that declares a release by an object."""


def releases_of(thing: Thing, context: Context) -> Iterator[Release]:
    """Yield the releases that an object declares."""
    yield from argo_releases(thing, context)
    yield from flux_releases(thing, context)
    yield from cattle_releases(thing, context)


def may_declare(path: str) -> bool:
    """Return whether a file is named or placed as those are that declare releases without an object."""
    return is_helmfile(path) or may_inflate(path) or may_run_helm(path) or is_fleet(path)


def bare_releases(path: str, context: Context) -> Iterator[Release]:
    """Yield the releases that a file declares without an object: of a helmfile, a kustomization, commands, Fleet."""
    yield from helmfile_releases(path, context)
    yield from inflated_releases(path, context)
    yield from command_releases(path, context)
    yield from fleet_releases(path, context)
