"""Proposals become pull requests: one thin interface to forges, one reconcile over it."""

from trimtab.publish.board import Board, read_board, write_board
from trimtab.publish.catch_up import Caught, catch_up
from trimtab.publish.chat import Answered, Chat, answer_all, tell_outcomes
from trimtab.publish.connect import Place, connect, connect_named, scratch
from trimtab.publish.event import Pointer, read_event
from trimtab.publish.forge import Forge, PullRequest, PullState, RateLimitedError
from trimtab.publish.lineage import Lineage
from trimtab.publish.mark import DASHBOARD
from trimtab.publish.pace import Pace, pace_from
from trimtab.publish.site import Site, Wanted
from trimtab.publish.sync import sync
from trimtab.publish.turns import Turns
from trimtab.publish.undone import taken_back

__all__ = [
    "DASHBOARD",
    "Answered",
    "Board",
    "Caught",
    "Chat",
    "Forge",
    "Lineage",
    "Pace",
    "Place",
    "Pointer",
    "PullRequest",
    "PullState",
    "RateLimitedError",
    "Site",
    "Turns",
    "Wanted",
    "answer_all",
    "catch_up",
    "connect",
    "connect_named",
    "pace_from",
    "read_board",
    "read_event",
    "scratch",
    "sync",
    "taken_back",
    "tell_outcomes",
    "write_board",
]
