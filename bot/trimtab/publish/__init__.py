"""Proposals become pull requests: one thin interface to forges, one reconcile over it."""

from trimtab.publish.catch_up import Caught, catch_up
from trimtab.publish.connect import Place, connect, scratch
from trimtab.publish.forge import Forge, PullRequest, PullState, RateLimitedError
from trimtab.publish.site import Site, Wanted
from trimtab.publish.sync import sync

__all__ = [
    "Caught",
    "Forge",
    "Place",
    "PullRequest",
    "PullState",
    "RateLimitedError",
    "Site",
    "Wanted",
    "catch_up",
    "connect",
    "scratch",
    "sync",
]
