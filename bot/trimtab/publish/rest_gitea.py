"""Answers in the words of Gitea's and Forgejo's REST API: GitHub's, but for these.

Checked against their own descriptions (`templates/swagger/v1_json.tmpl` of Gitea 1.23 and Forgejo 11) and against
`services/convert/pull.go`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from trimtab.life import NOBODY, Actor
from trimtab.publish.forge import PREFIX, Comment, Permission, PullRequest, PullState
from trimtab.publish.rest import actor_of, time_of

Json = Mapping[str, object]

_MACHINE = re.compile(r"(?i)(\[bot\]|[-_]bot)$")
_PERMISSIONS = {name: Permission[name.upper()] for name in ("read", "write", "admin")} | {"owner": Permission.ADMIN}
DRAFT = "WIP: "
"""What Gitea knows a draft by: https://docs.gitea.com/usage/pull-request#work-in-progress-pull-requests."""


def from_here(pull: Json) -> bool:
    """Return whether a pull request comes from a branch of ours in the repository itself, not from a fork."""
    head, base = _side(pull, "head"), _side(pull, "base")
    home, origin = base.get("repo"), head.get("repo")
    same = isinstance(home, Mapping) and isinstance(origin, Mapping) and home.get("id") == origin.get("id")
    return same and _branch(head).startswith(PREFIX)


def pull_of(pull: Json) -> PullRequest:
    """Return a pull request."""
    merged = bool(pull.get("merged"))
    head, base = _side(pull, "head"), _side(pull, "base")
    return PullRequest(
        number=int(str(pull["number"])),
        title=str(pull["title"]).removeprefix(DRAFT),
        body=str(pull.get("body") or ""),
        state=PullState.MERGED if merged else PullState(str(pull["state"])),
        branch=_branch(head),
        head=str(head["sha"]),
        base=str(base["ref"]),
        author=actor_of(pull.get("user")),
        url=str(pull.get("html_url") or ""),
        merge_commit=str(pull.get("merge_commit_sha") or "") if merged else "",
        ended_by=actor_of(pull.get("merged_by")),
        draft=str(pull["title"]).startswith(DRAFT),
        updated=_utc(pull.get("updated_at")),
    )


def comment_of(comment: Json) -> Comment:
    """Return a comment; which pull request or issue it stands on is the end of an address.

    No account is marked as a machine's: it is told by its name, and Gitea's own, such as its runners', by having no
    positive id.
    """
    where = str(comment.get("pull_request_url") or comment.get("issue_url") or "0")
    author = actor_of(comment.get("user"))
    return Comment(
        id=int(str(comment["id"])),
        author=author,
        bot=author.id <= 0 or _MACHINE.search(author.login) is not None,
        body=str(comment.get("body") or ""),
        edited=comment.get("created_at") != comment.get("updated_at"),
        number=int(where.rsplit("/", 1)[-1]),
        created=_utc(comment.get("created_at")),
    )


def permission_of(answer: Json, actor: Actor) -> Permission:
    """Return what an account may do; a login that changed hands may nothing."""
    same = actor_of(answer.get("user")).id == actor.id
    return _PERMISSIONS.get(str(answer.get("permission")), Permission.NONE) if same else Permission.NONE


def closed_by(timeline: list[Json]) -> Actor:
    """Return who closed a conversation last, by its timeline: neither issues nor pull requests tell."""
    closings = [event.get("user") for event in timeline if event.get("type") == "close"]
    return actor_of(closings[-1]) if closings else NOBODY


def _branch(head: Json) -> str:
    """Return the branch that a pull request comes from; once it is deleted `ref` names the pull request instead."""
    ref = str(head.get("ref") or "")
    return str(head.get("label") or "") if ref.startswith("refs/pull/") else ref


def _utc(at: object) -> str:
    """Return a time, which the server tells in a zone of its own, as times are compared: in UTC."""
    return time_of(datetime.fromisoformat(str(at)).astimezone(UTC)) if at else ""


def _side(pull: Json, name: str) -> Json:
    side = pull.get(name)
    return side if isinstance(side, Mapping) else {}
