"""GitHub, and GitHub Enterprise, through PyGithub. The one file that imports it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus

import requests
from github import Auth, Github
from github.GithubException import BadAttributeException, GithubException
from github.GithubObject import NotSet
from github.IssueComment import IssueComment
from github.NamedUser import NamedUser
from github.Organization import Organization
from github.PullRequest import PullRequest as TheirPull
from github.Repository import Repository
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester, RequestsResponse

from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
from trimtab.life import NOBODY, Actor
from trimtab.publish.forge import (
    PLAIN,
    PREFIX,
    Comment,
    Dress,
    Issue,
    NewPull,
    PullRequest,
    PullState,
    RateLimitedError,
    Rights,
)
from trimtab.publish.github_board import dashboard
from trimtab.publish.github_calls import Given, send
from trimtab.publish.github_people import add, rights
from trimtab.publish.mark import UNFINISHED
from trimtab.publish.moved import STATUSES, MovedError
from trimtab.publish.once import Spot, first, says, with_key, write_once
from trimtab.publish.pace import Caller, Kind, Pace, Trouble
from trimtab.publish.rest import time_of
from trimtab.publish.tokens import check_repository, check_scopes
from trimtab.publish.trouble import trouble_of

PUBLIC_API = "https://api.github.com"

_UNREADABLE = (BadAttributeException, AssertionError, AttributeError, KeyError, TypeError, ValueError)
_ERRORS = (MovedError, GithubException, requests.RequestException, *_UNREADABLE)
_PAGE = 100
"""As long as pages are at most."""

_VIEWER = "query { viewer { login databaseId } }"


class GitHub:
    """One repository on GitHub; a `Forge`."""

    def __init__(self, name: str, token: str, pace: Pace, api_url: str = "") -> None:
        """Take `owner/name` and the token; nothing is asked yet."""
        self._name = name
        self._client = _client(token, (api_url or PUBLIC_API).rstrip("/"))
        self._caller = Caller(self._sort, _ERRORS, pace, token)
        self._me = NOBODY
        self._token = token

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

    def pulls(self, branch: str = "") -> tuple[PullRequest, ...]:
        """Return our open pull requests; of a branch all, newest first, and of the newest who ended it."""
        if not branch:
            return self._list("open", "")
        found = [pull for pull in self._list("all", branch) if pull.branch == branch]
        found.sort(key=lambda pull: -pull.number)
        if found and found[0].state is not PullState.OPEN:
            newest = found[0].number
            found[0] = self._caller.read(lambda: self._ended(newest))
        return tuple(found)

    def open_pull(self, new: NewPull) -> PullRequest:
        """Open a pull request; one that the branch has already is taken instead.

        GitHub takes labels and reviewers only afterwards: until they are there the body says that they are not.
        """
        bare = new.dress == Dress(draft=new.dress.draft)
        body = new.body if bare else f"{new.body.rstrip()}\n{UNFINISHED}\n"

        def create() -> PullRequest:
            made = self._repository.create_pull(new.base, new.branch, title=new.title, body=body, draft=new.dress.draft)
            return _pull(made)

        pull = self._caller.write(create, lambda: self._open_one(new.branch))
        if bare or UNFINISHED not in pull.body:
            return pull
        return self.edit_pull(pull.number, title=pull.title, body=new.body, state=PullState.OPEN, dress=new.dress)

    def edit_pull(
        self, number: int, *, title: str, body: str, state: PullState, head: str = "", dress: Dress = PLAIN
    ) -> PullRequest:
        """Add labels and reviewers, then set title, body and state in one call where they differ; or merge."""
        add(self, number, dress)
        if state is PullState.MERGED:
            return self._merge(number, head)

        def edit() -> PullRequest:
            pull = self._repository.get_pull(number)
            wanted = "open" if state is PullState.OPEN else "closed"
            if not says(_pull(pull), title, body, state, dress.base):
                pull.edit(title=title, body=body, state=wanted, base=dress.base or NotSet)
            return _pull(pull)

        return self._caller.write(edit, lambda: Unknown("the same edit again does no harm"))

    def comments(self, number: int = 0, *, since: str = "") -> tuple[Comment, ...]:
        """Return the comments of a conversation, or of all that were written since a time, oldest first.

        Of all those of the first page are among them whatever their time: a server's clock may be far behind ours.
        """

        def ask() -> tuple[Comment, ...]:
            if number:
                return tuple(_comment(each) for each in self._repository.get_issue(number).get_comments())
            listed = self._repository.get_issues_comments(sort="created", direction="desc")
            return _newest(map(_comment, listed), since)

        return self._caller.read(ask)

    def comment(self, number: int, body: str, *, answers: int = 0) -> Comment | Unknown:
        """Say something once for each key line; say it anew in the same place where the text differs."""
        if answers:
            send(self, "POST", f"issues/comments/{answers}/reactions", {"content": "eyes"})
        if not body:
            return Unknown("only the reaction was wanted")

        def own() -> tuple[Comment, ...]:
            return with_key(body, self.comments(number), self.whoami)

        def create() -> Comment:
            return _comment(self._repository.get_issue(number).create_comment(body))

        def change(said: Comment) -> Comment:
            send(self, "PATCH", f"issues/comments/{said.id}", {"body": body})
            return replace(said, body=body)

        return write_once(
            body,
            Spot(
                own=own,
                make=lambda: self._caller.write(create, lambda: first(own())),
                change=change,
                remove=lambda said: send(self, "DELETE", f"issues/comments/{said.id}"),
            ),
        )

    def rights(self, actor: Actor, owners: Collection[str] = ()) -> Rights:
        """Return the effective permission of an account, by its numeric id, and whether it is one of `owners`."""
        return rights(self, actor, owners)

    def dashboard(self, body: str = "") -> Found[Issue] | Unknown:
        """Return the open issue that holds our dashboard; with a body, write it there, or into a new one."""
        return dashboard(self, body)

    def check(self) -> None:
        """Check that the token may write, as far as it can be told without writing.

        Raises:
            UsageError: It may not.
        """
        try:
            found = self._caller.read(lambda: self.ask("GET", self.here))
        except RateLimitedError:
            raise
        except ForgeError:
            return  # what was to be written tells
        check_repository(self._token, found)

    @property
    def caller(self) -> Caller:
        """Return what makes the calls."""
        return self._caller

    @property
    def here(self) -> str:
        """Return the path of the repository, by the name that it has now."""
        return f"/repos/{self._name}"

    def ask(self, verb: str, path: str, *, body: Given | None = None) -> Given:
        """Make one call and return its answer, which is an object; empty where there is none."""
        _, answer = self._client.requester.requestJsonAndCheck(verb, path, input=body)
        return answer if isinstance(answer, dict) else {}

    def graphql(self, query: str, variables: Given) -> Given:
        """Make one call of the GraphQL API and return its data."""
        _, answer = self._client.requester.graphql_query(query, dict(variables))
        return dict(answer["data"])

    def page(self, path: str, query: Mapping[str, str]) -> Sequence[Given]:
        """Make one call and return its answer, which is a list: one page."""
        _, answer = self._client.requester.requestJsonAndCheck("GET", path, parameters=dict(query))
        return [each for each in answer if isinstance(each, dict)]

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

        found = self._caller.read(ask)
        scopes = self._client.oauth_scopes
        if scopes is not None:  # a proxy, or a server that speaks like GitHub, may leave the header out
            check_scopes(self._token, scopes)
        return found

    def _merge(self, number: int, head: str) -> PullRequest:
        """Merge if `head` is still the head and GitHub's own rules pass."""

        def merged() -> Found[PullRequest] | Unknown:
            pull = self._ended(number)
            return Found(pull) if pull.state is PullState.MERGED else Unknown("not merged yet")

        def merge() -> PullRequest:
            self._repository.get_pull(number).merge(sha=head)
            return self._ended(number)

        return self._caller.write(merge, merged)

    def _open_one(self, branch: str) -> Found[PullRequest] | Unknown:
        for pull in self._list("open", branch):
            if pull.branch == branch:
                return Found(pull)
        return Unknown("no open pull request from this branch")

    def _ended(self, number: int) -> PullRequest:
        pull = self._repository.get_pull(number)
        merged = pull.merged_by if pull.merged else None
        return _pull(pull, _actor(merged or self._repository.get_issue(number).closed_by))

    def _user(self) -> Actor:
        user = self._client.get_user()
        return Actor(user.login, user.id)

    def _sort(self, error: Exception) -> Trouble:
        """Return what an exception of the client means."""
        if isinstance(error, MovedError) and error.path:
            return self._moved(error.path)
        if isinstance(error, requests.RequestException):
            said = error if isinstance(error, requests.HTTPError) else type(error).__name__
            return Trouble(Kind.AGAIN, f"GitHub does not answer: {said}")
        if not isinstance(error, GithubException):
            return Trouble(Kind.NO, "GitHub's answer cannot be read", hint="is `api_url` the address of its API?")
        return trouble_of(error.status, error.data, error.headers or {}, time.time())

    def _moved(self, path: str) -> Trouble:
        """Return what a redirect means: the new name is learnt where the repository answers at its new address."""
        try:
            self._name = str(self.ask("GET", path)["full_name"])
        except _ERRORS:
            return Trouble(Kind.AGAIN, f"GitHub: the repository was renamed, and does not answer at {path}")
        return Trouble(Kind.AGAIN, "GitHub: the repository was renamed", hint=f"it is {self._name} now")

    def _viewer(self) -> Actor:
        _, answer = self._client.requester.graphql_query(_VIEWER, {})
        viewer = answer["data"]["viewer"]
        return Actor(str(viewer["login"]), int(viewer.get("databaseId") or 0))


class _Plain(HTTPRequestsConnectionClass):
    """A connection that follows no redirect: the client would lose the query on the way."""

    def getresponse(self) -> RequestsResponse:
        return _where_it_was(super().getresponse())


class _Secure(HTTPSRequestsConnectionClass):
    """The same over TLS."""

    def getresponse(self) -> RequestsResponse:
        return _where_it_was(super().getresponse())


def _where_it_was(response: RequestsResponse) -> RequestsResponse:
    if response.status in STATUSES:
        raise MovedError(response.headers.get("location", ""))
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # its body may be anything, a proxy's page for one
        raise requests.HTTPError(f"HTTP {response.status}")
    return response


def _client(token: str, address: str) -> Github:
    """Return the client, with connections of ours: it offers no other way in."""
    Requester.injectConnectionClasses(_Plain, _Secure)
    try:
        return Github(
            auth=Auth.Token(token),
            base_url=address,
            retry=None,
            timeout=60,
            per_page=_PAGE,
            user_agent="trimtab",
            seconds_between_requests=0,
            seconds_between_writes=0,
            lazy=True,
        )
    finally:
        Requester.resetConnectionClasses()


def _at_home(pull: TheirPull) -> bool:
    """Return whether a pull request comes from a branch of the repository itself, not from a fork."""
    head: Repository | None = pull.head.repo
    base: Repository | None = pull.base.repo
    if head is not None and base is not None:
        return head.full_name.lower() == base.full_name.lower()
    owners = {(part.label or "").split(":", 1)[0].lower() for part in (pull.head, pull.base)}
    untold = owners == {""} and head is None and base is None  # a server that tells of neither side knows of no forks
    return len(owners) == 1 and ("" not in owners or untold)


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
        draft=bool(pull.draft),
        updated=time_of(pull.updated_at),
    )


def _comment(comment: IssueComment) -> Comment:
    user: NamedUser | Organization | None = comment.user
    return Comment(
        id=comment.id,
        author=_actor(user),
        bot=user is None or user.type == "Bot",
        body=comment.body or "",
        edited=comment.created_at != comment.updated_at,
        number=int((comment.issue_url or "0").rsplit("/", 1)[-1]),
        created=time_of(comment.created_at),
    )


def _newest(listed: Iterable[Comment], since: str) -> tuple[Comment, ...]:
    """Return the first page of a listing, newest first, and what follows as far as it was written since a time."""
    found: dict[int, Comment] = {}
    newest = ""
    for each in listed:
        newest = newest or each.created
        if len(found) >= _PAGE and each.created < min(since, newest):  # an older first one: it was not sorted
            break
        found[each.id] = each
    return tuple(found[name] for name in sorted(found))


def _actor(user: NamedUser | Organization | None) -> Actor:
    return Actor(user.login, user.id) if user else NOBODY
