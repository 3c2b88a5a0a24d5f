"""What follows a run: what people decided, and the outcomes of what was merged."""

from __future__ import annotations

from dataclasses import dataclass, replace

from trimtab.config import Config
from trimtab.publish import catch_up, connect
from trimtab.recommendation import Link
from trimtab.run import Call, journal_of, place_of, read_fleet
from trimtab.settle import Settled
from trimtab.settle import settle as settle_merged

DAY_S = 86400


@dataclass(frozen=True, slots=True)
class Followed:
    """What people decided since the last look, and where every merged recommendation stands."""

    decided: tuple[Link, ...]
    settled: tuple[Settled, ...]


def settle(call: Call, watch_s: int = DAY_S) -> Followed:
    """Record what was closed or merged, then whether what was merged went live and kept its promise.

    The fleet is read over `watch_s` seconds, so that a window lies wholly after a change as soon as it can.

    Raises:
        ForgeError: A forge, a remote or the ledger cannot be reached.
    """
    journal = journal_of(call)
    sites = [connect(each, place_of(call)) for each in call.config.repositories if each.forge]
    decided = tuple(link for site in sites for link in catch_up(site, journal).links)
    return Followed(decided, settle_merged(read_fleet(_watching(call, watch_s)), journal, watch_s))


def _watching(call: Call, watch_s: int) -> Call:
    config: Config = call.config.model_copy(update={"window": float(watch_s)})
    return replace(call, config=config)
