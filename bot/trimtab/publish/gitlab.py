"""GitLab through python-gitlab. The one file that imports it."""

from __future__ import annotations

import requests
from gitlab import Gitlab
from gitlab.base import RESTObject
from gitlab.exceptions import GitlabError
from gitlab.v4.objects import Project, ProjectMergeRequest

from trimtab.fleet import Found, Unknown
from trimtab.life import NOBODY, Actor
from trimtab.publish.forge import PREFIX, Comment, NewPull, Permission, PullRequest, PullState
from trimtab.publish.mark import key_of
from trimtab.publish.pace import Caller, Kind, Pace, Trouble

PUBLIC = "https://gitlab.com"

_ERRORS = (GitlabError, requests.RequestException)
_STATES = {"merged": PullState.MERGED, "closed": PullState.CLOSED}
_DEVELOPER, _MAINTAINER, _GUEST = 30, 40, 10


class GitLab:
    """One project on GitLab; a `Forge`."""

    def __init__(self, name: str, token: str, pace: Pace, api_url: str = "") -> None:
        """Take the project's full path and the token; nothing is asked yet.

        `api_url` may or may not end with `/api/v4`.
        """
        address = (api_url or PUBLIC).rstrip("/").removesuffix("/api/v4")
        self._client = Gitlab(address, private_token=token, timeout=60, per_page=100, keep_base_url=True)
        self._name = name
        self._caller = Caller(_sort, _ERRORS, pace)
        self._me = NOBODY

    def whoami(self) -> Actor:
        """Return the account that the token belongs to."""
        if self._me == NOBODY:
            self._me = self._caller.read(self._user)
        return self._me

    def open_pulls(self) -> tuple[PullRequest, ...]:
        """Return our open merge requests, one page after the other."""
        return self._list({"state": "opened"})

    def pulls_of(self, branch: str) -> tuple[PullRequest, ...]:
        """Return all merge requests from a branch, newest first; the newest with who ended it."""
        found = [pull for pull in self._list({"source_branch": branch}) if pull.branch == branch]
        found.sort(key=lambda pull: -pull.number)
        if found and found[0].state is not PullState.OPEN:
            newest = found[0].number
            found[0] = self._caller.read(lambda: _pull(self._project.mergerequests.get(newest)))
        return tuple(found)

    def open_pull(self, new: NewPull) -> PullRequest:
        """Open a merge request; one that the branch has already is taken instead."""
        wanted = {
            "source_branch": new.branch,
            "target_branch": new.base,
            "title": new.title,
            "description": new.body,
        }
        return self._caller.write(
            lambda: _pull(self._project.mergerequests.create(wanted)), lambda: self._open_one(new.branch)
        )

    def edit_pull(self, number: int, *, title: str, body: str, state: PullState) -> PullRequest:
        """Set title, description and state."""

        def edit() -> PullRequest:
            now = self._project.mergerequests.get(number)
            wanted = {"title": title, "description": body}
            if (now.state == "opened") != (state is PullState.OPEN):
                wanted["state_event"] = "reopen" if state is PullState.OPEN else "close"
            self._project.mergerequests.update(number, wanted)
            return _pull(self._project.mergerequests.get(number))

        return self._caller.write(edit, lambda: Unknown("the same edit again does no harm"))

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return the notes that people and bots wrote, oldest first."""

        def ask() -> tuple[Comment, ...]:
            merge_request = self._project.mergerequests.get(number, lazy=True)
            notes = merge_request.notes.list(iterator=True, sort="asc", order_by="created_at")
            return tuple(_comment(note) for note in notes if not note.system)

        return self._caller.read(ask)

    def comment(self, number: int, body: str) -> Comment:
        """Comment once for each key line."""
        there = self._said(number, body)
        if isinstance(there, Found):
            return there.value

        def create() -> Comment:
            merge_request = self._project.mergerequests.get(number, lazy=True)
            return _comment(merge_request.notes.create({"body": body}))

        return self._caller.write(create, lambda: self._said(number, body))

    def permission(self, actor: Actor) -> Permission:
        """Return what a member may do, inherited memberships included; who is no member may nothing."""

        def ask() -> Permission:
            members = self._project.members_all.list(user_ids=[actor.id], iterator=True)
            level = max((int(each.access_level) for each in members if each.id == actor.id), default=0)
            return _permission(level)

        return self._caller.read(ask)

    @property
    def _project(self) -> Project:
        return self._client.projects.get(self._name, lazy=True)

    def _list(self, wanted: dict[str, str]) -> tuple[PullRequest, ...]:
        def ask() -> tuple[PullRequest, ...]:
            listed = self._project.mergerequests.list(iterator=True, order_by="created_at", sort="asc", **wanted)
            return tuple(_pull(each) for each in listed if _ours(each))

        return self._caller.read(ask)

    def _open_one(self, branch: str) -> Found[PullRequest] | Unknown:
        for pull in self._list({"state": "opened", "source_branch": branch}):
            if pull.branch == branch:
                return Found(pull)
        return Unknown("no open merge request from this branch")

    def _said(self, number: int, body: str) -> Found[Comment] | Unknown:
        key, me = key_of(body), self.whoami()
        for comment in self.comments(number):
            if key and key_of(comment.body) == key and comment.author == me:
                return Found(comment)
        return Unknown("not said yet")

    def _user(self) -> Actor:
        self._client.auth()
        user = self._client.user
        return Actor(user.username, user.id) if user else NOBODY


def _ours(merge_request: RESTObject) -> bool:
    """Return whether a merge request comes from a branch of ours in the project itself, not from a fork."""
    same = merge_request.source_project_id == merge_request.target_project_id
    return bool(same) and str(merge_request.source_branch).startswith(PREFIX)


def _pull(merge_request: RESTObject | ProjectMergeRequest) -> PullRequest:
    each = merge_request.attributes
    state = _STATES.get(each["state"], PullState.OPEN)
    ended = each.get("merge_user") or each.get("merged_by") or each.get("closed_by")
    return PullRequest(
        number=each["iid"],
        title=each["title"],
        body=each.get("description") or "",
        state=state,
        branch=each["source_branch"],
        head=each.get("sha") or "",
        base=each["target_branch"],
        author=_actor(each.get("author")),
        url=each.get("web_url", ""),
        merge_commit=each.get("merge_commit_sha") or each.get("squash_commit_sha") or "",
        ended_by=_actor(ended) if state is not PullState.OPEN else NOBODY,
    )


def _comment(note: RESTObject) -> Comment:
    each = note.attributes
    author = each.get("author") or {}
    machine = bool(author.get("bot")) or str(author.get("username", "")).startswith(("project_", "group_"))
    edited = each.get("created_at") != each.get("updated_at")
    return Comment(each["id"], _actor(author), machine, each.get("body", ""), edited)


def _actor(user: dict[str, str | int] | None) -> Actor:
    return Actor(str(user["username"]), int(user["id"])) if user else NOBODY


def _permission(level: int) -> Permission:
    """Return the permission of an access level: https://docs.gitlab.com/api/access_requests/#valid-access-levels."""
    for least, permission in (
        (_MAINTAINER, Permission.ADMIN),
        (_DEVELOPER, Permission.WRITE),
        (_GUEST, Permission.READ),
    ):
        if level >= least:
            return permission
    return Permission.NONE


def _sort(error: Exception) -> Trouble:
    """Return what an exception of the client means."""
    if not isinstance(error, GitlabError):
        return Trouble(Kind.AGAIN, f"GitLab does not answer: {type(error).__name__}")
    status = error.response_code or 0
    said = f"GitLab: {error.error_message or f'HTTP {status}'}"[:500]
    if status == 429:  # noqa: PLR2004  # HTTP
        return Trouble(Kind.WAIT, said)
    if status >= 500 or status == 409:  # noqa: PLR2004  # HTTP; 409 also means that the merge request exists
        return Trouble(Kind.AGAIN, said)
    if status in {401, 403, 404}:
        return Trouble(Kind.NO, said, hint="GITLAB_TOKEN needs the scopes `api` and `write_repository` here")
    return Trouble(Kind.NO, said)
