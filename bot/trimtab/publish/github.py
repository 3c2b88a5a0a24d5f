"""GitHub, and GitHub Enterprise, through PyGithub. The one file that imports it."""

from __future__ import annotations

import time
from urllib.parse import quote

import requests
from github import Auth, Github
from github.GithubException import BadAttributeException, GithubException
from github.IssueComment import IssueComment
from github.NamedUser import NamedUser
from github.Organization import Organization
from github.PullRequest import PullRequest as TheirPull
from github.Repository import Repository

from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
from trimtab.life import NOBODY, Actor
from trimtab.publish.forge import (
    PREFIX,
    Comment,
    NewPull,
    Permission,
    PullRequest,
    PullState,
    RateLimitedError,
)
from trimtab.publish.mark import key_of
from trimtab.publish.pace import Caller, Kind, Pace, Trouble

PUBLIC_API = "https://api.github.com"

_ERRORS = (GithubException, BadAttributeException, requests.RequestException, AssertionError)
_LATE = (
    "no commits between",  # the pushed head is not indexed yet
    "not all refs are readable",
    "could not resolve to a node",
    "reference update failed",
    "already exists",  # an earlier try or another run was first: it is looked for, and taken
)
"""Refusals (422) that pass: https://github.com/octokit/octokit.rb/issues/622 and its kin."""

_PERMISSIONS = {"admin": Permission.ADMIN, "write": Permission.WRITE, "read": Permission.READ}
_VIEWER = "query { viewer { login databaseId } }"


class GitHub:
    """One repository on GitHub; a `Forge`."""

    def __init__(self, name: str, token: str, pace: Pace, api_url: str = "") -> None:
        """Take `owner/name` and the token; nothing is asked yet."""
        self._name = name
        self._client = Github(
            auth=Auth.Token(token),
            base_url=(api_url or PUBLIC_API).rstrip("/"),
            retry=None,
            timeout=60,
            per_page=100,
            user_agent="trimtab",
            seconds_between_requests=0,
            seconds_between_writes=0,
            lazy=True,
        )
        self._caller = Caller(_sort, _ERRORS, pace)
        self._me = NOBODY

    def whoami(self) -> Actor:
        """Return the account that the token belongs to; an App's token may not ask REST, and asks GraphQL."""
        if self._me == NOBODY:
            try:
                self._me = self._caller.read(self._user)
            except RateLimitedError:
                raise
            except ForgeError:
                self._me = self._caller.read(self._viewer)
        return self._me

    def open_pulls(self) -> tuple[PullRequest, ...]:
        """Return our open pull requests, one page after the other."""
        return self._list("open", "")

    def pulls_of(self, branch: str) -> tuple[PullRequest, ...]:
        """Return all pull requests from a branch, newest first; the newest with who ended it."""
        found = [pull for pull in self._list("all", branch) if pull.branch == branch]
        found.sort(key=lambda pull: -pull.number)
        if found and found[0].state is not PullState.OPEN:
            newest = found[0].number
            found[0] = self._caller.read(lambda: self._ended(newest))
        return tuple(found)

    def open_pull(self, new: NewPull) -> PullRequest:
        """Open a pull request; one that the branch has already is taken instead."""

        def create() -> PullRequest:
            return _pull(self._repository.create_pull(new.base, new.branch, title=new.title, body=new.body))

        return self._caller.write(create, lambda: self._open_one(new.branch))

    def edit_pull(self, number: int, *, title: str, body: str, state: PullState) -> PullRequest:
        """Set title, body and state in one call."""

        def edit() -> PullRequest:
            pull = self._repository.get_pull(number)
            pull.edit(title=title, body=body, state="open" if state is PullState.OPEN else "closed")
            return _pull(pull)

        return self._caller.write(edit, lambda: Unknown("the same edit again does no harm"))

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return the comments of the conversation, oldest first."""
        return self._caller.read(
            lambda: tuple(_comment(each) for each in self._repository.get_issue(number).get_comments())
        )

    def comment(self, number: int, body: str) -> Comment:
        """Comment once for each key line."""
        there = self._said(number, body)
        if isinstance(there, Found):
            return there.value

        def create() -> Comment:
            return _comment(self._repository.get_issue(number).create_comment(body))

        return self._caller.write(create, lambda: self._said(number, body))

    def permission(self, actor: Actor) -> Permission:
        """Return the effective permission of an account; a login that changed hands has none."""

        def ask() -> Permission:
            path = f"/repos/{self._name}/collaborators/{quote(actor.login, safe='')}/permission"
            _, answer = self._client.requester.requestJsonAndCheck("GET", path)
            same = answer.get("user", {}).get("id") == actor.id
            return _PERMISSIONS.get(answer.get("permission", ""), Permission.NONE) if same else Permission.NONE

        return self._caller.read(ask)

    @property
    def _repository(self) -> Repository:
        return self._client.get_repo(self._name)

    def _list(self, state: str, branch: str) -> tuple[PullRequest, ...]:
        owner = self._name.split("/", 1)[0]

        def ask() -> tuple[PullRequest, ...]:
            if branch:
                listed = self._repository.get_pulls(state=state, head=f"{owner}:{branch}")
            else:
                listed = self._repository.get_pulls(state=state, sort="created", direction="asc")
            return tuple(_pull(pull) for pull in listed if pull.head.ref.startswith(PREFIX) and _at_home(pull))

        return self._caller.read(ask)

    def _open_one(self, branch: str) -> Found[PullRequest] | Unknown:
        for pull in self._list("open", branch):
            if pull.branch == branch:
                return Found(pull)
        return Unknown("no open pull request from this branch")

    def _said(self, number: int, body: str) -> Found[Comment] | Unknown:
        key, me = key_of(body), self.whoami()
        for comment in self.comments(number):
            if key and key_of(comment.body) == key and comment.author == me:
                return Found(comment)
        return Unknown("not said yet")

    def _ended(self, number: int) -> PullRequest:
        pull = self._repository.get_pull(number)
        merged = pull.merged_by if pull.merged else None
        return _pull(pull, _actor(merged or self._repository.get_issue(number).closed_by))

    def _user(self) -> Actor:
        user = self._client.get_user()
        return Actor(user.login, user.id)

    def _viewer(self) -> Actor:
        _, answer = self._client.requester.graphql_query(_VIEWER, {})
        viewer = answer["data"]["viewer"]
        return Actor(str(viewer["login"]), int(viewer.get("databaseId") or 0))


def _at_home(pull: TheirPull) -> bool:
    """Return whether a pull request comes from a branch of the repository itself, not from a fork."""
    head: Repository | None = pull.head.repo
    base: Repository | None = pull.base.repo
    if head is not None and base is not None:
        return head.full_name.lower() == base.full_name.lower()
    owners = {(part.label or "").split(":", 1)[0].lower() for part in (pull.head, pull.base)}
    return len(owners) == 1 and "" not in owners


def _pull(pull: TheirPull, ended_by: Actor = NOBODY) -> PullRequest:
    merged = pull.merged_at is not None
    state = PullState.MERGED if merged else PullState(pull.state)
    return PullRequest(
        number=pull.number,
        title=pull.title,
        body=pull.body or "",
        state=state,
        branch=pull.head.ref,
        head=pull.head.sha,
        base=pull.base.ref,
        author=_actor(pull.user),
        url=pull.html_url,
        merge_commit=(pull.merge_commit_sha or "") if merged else "",
        ended_by=ended_by,
    )


def _comment(comment: IssueComment) -> Comment:
    user: NamedUser | Organization | None = comment.user
    machine = user is None or user.type == "Bot"
    return Comment(comment.id, _actor(user), machine, comment.body or "", comment.created_at != comment.updated_at)


def _actor(user: NamedUser | Organization | None) -> Actor:
    return Actor(user.login, user.id) if user else NOBODY


def _sort(error: Exception) -> Trouble:
    """Return what an exception of the client means."""
    if isinstance(error, requests.RequestException):
        return Trouble(Kind.AGAIN, f"GitHub does not answer: {type(error).__name__}")
    if not isinstance(error, GithubException):
        return Trouble(Kind.NO, "GitHub's answer cannot be read", hint="is `api_url` the address of its API?")
    said = _said(error)
    low = said.lower()
    if error.status == 429 or (error.status == 403 and ("rate limit" in low or "abuse" in low)):  # noqa: PLR2004  # HTTP
        return Trouble(Kind.WAIT, said, _wait_s(error))
    if error.status >= 500 or error.status == 409 or any(late in low for late in _LATE):  # noqa: PLR2004  # HTTP
        return Trouble(Kind.AGAIN, said)
    if error.status in {401, 403, 404}:
        return Trouble(Kind.NO, said, hint="GITHUB_TOKEN needs `contents: write` and `pull-requests: write` here")
    return Trouble(Kind.NO, said)


def _said(error: GithubException) -> str:
    """Return the message of an answer with the messages of its `errors`."""
    data = error.data if isinstance(error.data, dict) else {}
    parts = [str(data.get("message") or f"HTTP {error.status}")]
    errors = data.get("errors")
    parts += [
        str(each.get("message") or each.get("code") or "") if isinstance(each, dict) else str(each)
        for each in (errors if isinstance(errors, list) else [])
    ]
    return f"GitHub: {'; '.join(part for part in parts if part)}"[:500]


def _wait_s(error: GithubException) -> float:
    """Return how long a rate limit asks to wait, 0 where it does not say."""
    headers = {key.lower(): value for key, value in (error.headers or {}).items()}
    if headers.get("retry-after", "").isdigit():
        return float(headers["retry-after"]) + 1.0
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(1.0, int(reset) - time.time() + 1.0)
    return 0.0
