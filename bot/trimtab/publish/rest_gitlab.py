"""Answers in the words of GitLab's REST API: https://docs.gitlab.com/api/rest/ (read 2026-08)."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.life import NOBODY, Actor
from trimtab.publish.forge import PREFIX, Comment, Issue, Permission, PullRequest, PullState

Json = Mapping[str, object]

DEVELOPER, MAINTAINER, GUEST = 30, 40, 10
"""Access levels: https://docs.gitlab.com/api/access_requests/#valid-access-levels."""

DRAFT = "Draft: "
"""What GitLab knows a draft by: https://docs.gitlab.com/user/project/merge_requests/drafts/ (read 2026-08)."""

_STATES = {"merged": PullState.MERGED, "closed": PullState.CLOSED}


def is_ours(merge_request: Json) -> bool:
    """Return whether a merge request comes from a branch of ours in the project itself, not from a fork."""
    same = merge_request["source_project_id"] == merge_request["target_project_id"]
    return same and str(merge_request["source_branch"]).startswith(PREFIX)


def is_draft(merge_request: Json) -> bool:
    """Return whether GitLab holds a merge request for a draft."""
    return str(merge_request["title"]).startswith(DRAFT)


def pull_of(merge_request: Json) -> PullRequest:
    """Return a merge request."""
    each = merge_request
    state = _STATES.get(str(each["state"]), PullState.OPEN)
    ended = each.get("merge_user") or each.get("merged_by") or each.get("closed_by")
    return PullRequest(
        number=int(str(each["iid"])),
        title=str(each["title"]).removeprefix(DRAFT),
        body=_text(each, "description"),
        state=state,
        branch=str(each["source_branch"]),
        head=_text(each, "sha"),
        base=str(each["target_branch"]),
        author=actor_of(each.get("author")),
        url=_text(each, "web_url"),
        merge_commit=_text(each, "merge_commit_sha") or _text(each, "squash_commit_sha"),
        ended_by=actor_of(ended) if state is not PullState.OPEN else NOBODY,
        draft=is_draft(each),
        updated=_time(_text(each, "updated_at")),
    )


def issue_of(issue: Json) -> Issue:
    """Return an issue."""
    body, url = _text(issue, "description"), _text(issue, "web_url")
    return Issue(int(str(issue["iid"])), actor_of(issue.get("author")), body, url)


def comment_of(note: Json, number: int) -> Comment:
    """Return a note of a merge request; project and group tokens speak as accounts that are named for them."""
    author = note.get("author")
    name, bot = (str(author.get("username")), bool(author.get("bot"))) if isinstance(author, Mapping) else ("", False)
    return Comment(
        id=int(str(note["id"])),
        author=actor_of(author),
        bot=bot or name.startswith(("project_", "group_")),
        body=_text(note, "body"),
        edited=note.get("created_at") != note.get("updated_at"),
        number=number,
        created=_time(_text(note, "created_at")),
    )


def actor_of(user: object) -> Actor:
    """Return an account; nobody where it is gone."""
    return Actor(str(user["username"]), int(str(user["id"]))) if isinstance(user, Mapping) else NOBODY


def permission_of(level: int) -> Permission:
    """Return the permission of an access level."""
    for least, permission in (
        (MAINTAINER, Permission.ADMIN),
        (DEVELOPER, Permission.WRITE),
        (GUEST, Permission.READ),
    ):
        if level >= least:
            return permission
    return Permission.NONE


def _text(values: Json, name: str) -> str:
    return str(values.get(name) or "")


def _time(at: str) -> str:
    """Return a time without fractions and zone, so that times compare as text: GitLab answers in UTC."""
    return f"{at[:19]}Z" if at else ""
