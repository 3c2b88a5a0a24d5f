"""Answers in the words of GitHub's REST API, which Gitea and Forgejo speak too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from trimtab.life import NOBODY, Actor
from trimtab.publish.forge import PREFIX, Comment, Issue, PullRequest, PullState
from trimtab.publish.mark import DASHBOARD


def is_dashboard(issue: Mapping[str, object]) -> bool:
    """Return whether what a listing of issues has is one that holds a dashboard, and no pull request."""
    return not issue.get("pull_request") and str(issue.get("body") or "").startswith(DASHBOARD)


def issue_of(issue: Mapping[str, object]) -> Issue:
    """Return an issue."""
    body, url = str(issue.get("body") or ""), str(issue.get("html_url") or "")
    return Issue(int(str(issue["number"])), actor_of(issue.get("user")), body, url)


def actor_of(user: object) -> Actor:
    """Return an account; nobody where it is gone."""
    return Actor(str(user["login"]), int(str(user["id"]))) if isinstance(user, Mapping) else NOBODY


def time_of(at: datetime | None) -> str:
    """Return a time, which GitHub tells in UTC, as RFC 3339; empty where there is none."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def from_here(pull: Mapping[str, object]) -> bool:
    """Return whether a pull request comes from a branch of ours in the repository itself, not from a fork."""
    head, base = _side(pull, "head"), _side(pull, "base")
    home, origin = base.get("repo"), head.get("repo")
    same = isinstance(home, Mapping) and isinstance(origin, Mapping) and home.get("id") == origin.get("id")
    return same and str(head.get("ref")).startswith(PREFIX)


def pull_of(pull: Mapping[str, object], draft: str) -> PullRequest:
    """Return a pull request; `draft` begins the title of one that is a draft."""
    merged = bool(pull.get("merged"))
    head, base = _side(pull, "head"), _side(pull, "base")
    return PullRequest(
        number=int(str(pull["number"])),
        title=str(pull["title"]).removeprefix(draft),
        body=str(pull.get("body") or ""),
        state=PullState.MERGED if merged else PullState(str(pull["state"])),
        branch=str(head["ref"]),
        head=str(head["sha"]),
        base=str(base["ref"]),
        author=actor_of(pull.get("user")),
        url=str(pull.get("html_url") or ""),
        merge_commit=str(pull.get("merge_commit_sha") or "") if merged else "",
        ended_by=actor_of(pull.get("merged_by")),
        draft=str(pull["title"]).startswith(draft),
        updated=str(pull.get("updated_at") or ""),
    )


def comment_of(comment: Mapping[str, object]) -> Comment:
    """Return a comment; which pull request or issue it stands on is the end of an address."""
    where = str(comment.get("pull_request_url") or comment.get("issue_url") or "0")
    user = comment.get("user")
    return Comment(
        id=int(str(comment["id"])),
        author=actor_of(user),
        bot=not isinstance(user, Mapping) or user.get("type") == "Bot",
        body=str(comment.get("body") or ""),
        edited=comment.get("created_at") != comment.get("updated_at"),
        number=int(where.rsplit("/", 1)[-1]),
        created=str(comment.get("created_at") or ""),
    )


def _side(pull: Mapping[str, object], name: str) -> Mapping[str, object]:
    side = pull.get(name)
    return side if isinstance(side, Mapping) else {}
