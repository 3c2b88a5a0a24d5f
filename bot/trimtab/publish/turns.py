"""Takes repositories in turn: where a forge is in trouble its own are left to the next run, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

from trimtab.errors import ForgeError
from trimtab.publish.forge import RateLimitedError
from trimtab.publish.site import Site

T = TypeVar("T")


class Turns:
    """The sites of a run, and which of them are still worked at.

    Attributes:
        troubles: Why sites were left to the next run, the first one first.
    """

    def __init__(self, sites: Sequence[Site]) -> None:
        """Begin with all of them."""
        self._left = {site.name: site for site in sites}
        self.troubles: list[ForgeError] = []

    def each(self, act: Callable[[Site], T], sites: Sequence[Site] = ()) -> list[tuple[Site, T]]:
        """Return what an act gives at each site that is left; one where a forge fails is left no more.

        A rate limit is one of the account on its host: every site there is left to the next run.

        Args:
            act: What is done.
            sites: Those that are meant; all where none is named.

        Raises:
            ForgeError: No site is left; it is the first trouble that there was.
        """
        done: list[tuple[Site, T]] = []
        for site in sites or tuple(self._left.values()):
            if site.name in self._left:
                try:
                    done.append((site, act(site)))
                except ForgeError as error:
                    self._leave(site, error)
        return done

    def _leave(self, site: Site, error: ForgeError) -> None:
        alike = {one.name for one in self._left.values() if _host(one) == _host(site)}
        gone = alike if isinstance(error, RateLimitedError) else {site.name}
        self._left = {name: one for name, one in self._left.items() if name not in gone}
        self.troubles.append(error)
        if not self._left:
            raise self.troubles[0]


def _host(site: Site) -> str:
    """Return the host that a site's forge is on; the site's own name where it is on none."""
    address = site.repo.remote.address
    parts = urlsplit(address)
    if parts.netloc:
        return parts.netloc.rpartition("@")[2]
    return address.rpartition("@")[2].partition(":")[0] if "@" in address else site.name
