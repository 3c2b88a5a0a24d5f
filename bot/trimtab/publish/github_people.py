"""People on GitHub: what an account may do, who is in a team, and who is asked to review."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote

from trimtab.errors import ForgeError
from trimtab.life import Actor
from trimtab.publish.forge import Dress, Permission, RateLimitedError, Rights
from trimtab.publish.github_calls import Calls, send
from trimtab.publish.pace import tolerant
from trimtab.publish.rest import actor_of, lacking

_PERMISSIONS = {"admin": Permission.ADMIN, "write": Permission.WRITE, "read": Permission.READ}


def rights(calls: Calls, actor: Actor, owners: Collection[str]) -> Rights:
    """Return the effective permission of an account, and whether it is an owner; a login that changed hands has none.

    A team's membership is asked by its slug, never by its display name.
    """

    def ask() -> Permission:
        answer = calls.ask("GET", f"{calls.here}/collaborators/{quote(actor.login, safe='')}/permission")
        same = 0 != actor.id == actor_of(answer.get("user")).id
        return _PERMISSIONS.get(str(answer.get("permission")), Permission.NONE) if same else Permission.NONE

    permission = calls.caller.read(ask)
    known = permission > Permission.NONE
    return Rights(permission, known and any(_is(calls, actor, owner) for owner in owners))


def add(calls: Calls, number: int, dress: Dress) -> None:
    """Add labels, and ask each reviewer; whom GitHub cannot ask (the author, an outsider) is passed over.

    What is there already is not added again: runs that are each cut off after one write get on.
    """
    if dress.labels or dress.reviewers:
        dress = lacking(calls.caller.read(lambda: calls.ask("GET", f"{calls.here}/pulls/{number}")), dress)
    if dress.labels:
        send(calls, "POST", f"issues/{number}/labels", {"labels": list(dress.labels)})
    for reviewer in dress.reviewers:
        team, name = "/" in reviewer, reviewer.removeprefix("@").rsplit("/", 1)[-1]
        key = "team_reviewers" if team else "reviewers"
        with tolerant():
            send(calls, "POST", f"pulls/{number}/requested_reviewers", {key: [name]})


def _is(calls: Calls, actor: Actor, owner: str) -> bool:
    name = owner.removeprefix("@")
    if "/" not in name:
        return name.lower() == actor.login.lower()
    organisation, team = (quote(part, safe="") for part in name.split("/", 1))
    path = f"/orgs/{organisation}/teams/{team}/memberships/{quote(actor.login, safe='')}"
    try:
        answer = calls.caller.read(lambda: calls.ask("GET", path))
    except RateLimitedError:
        raise
    except ForgeError:
        return False
    return bool(answer.get("state") == "active")
