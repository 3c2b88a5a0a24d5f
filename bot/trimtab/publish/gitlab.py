"""GitLab through python-gitlab. The one file that imports it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import requests
from gitlab import Gitlab
from gitlab.exceptions import GitlabError, RedirectError
from gitlab.v4.objects import Project, ProjectMergeRequest

from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
from trimtab.life import NOBODY, Actor
from trimtab.publish.forge import (
    PLAIN,
    AbsentError,
    Comment,
    Dress,
    Issue,
    NewPull,
    PullRequest,
    PullState,
    RateLimitedError,
    Rights,
)
from trimtab.publish.gitlab_notes import NoteSources, comments_of, doubtful, edits_query, notes_of, without_doubt
from trimtab.publish.mark import DASHBOARD, LABEL, TITLE
from trimtab.publish.once import Spot, first, says, with_key, write_once
from trimtab.publish.pace import Caller, Kind, Pace, Trouble, tolerant
from trimtab.publish.rest_gitlab import (
    DEVELOPER,
    DRAFT,
    GUEST,
    MAINTAINER,
    Json,
    comment_of,
    is_ours,
    issue_of,
    permission_of,
    pull_of,
)
from trimtab.publish.tokens import check_gitlab
from trimtab.publish.trouble_gitlab import SlowError, stop_if_slow, trouble_of

PUBLIC = "https://gitlab.com"


_ERRORS = (SlowError, GitlabError, requests.RequestException)
_NOT_SO = 405
_ROLES = {
    "@@developer": DEVELOPER,
    "@@developers": DEVELOPER,
    "@@maintainer": MAINTAINER,
    "@@maintainers": MAINTAINER,
}


@dataclass(frozen=True, slots=True)
class _Recent:
    """Open merge requests that changed since a time, as they were listed, and until when that is believed."""

    pulls: tuple[PullRequest, ...]
    since: str
    until_s: float


_NOT_LISTED = _Recent((), "", 0.0)
_FRESH_S = 60.0
"""Seconds for which a listing is believed; only to save the same pages twice in a row."""

_PAGE = 100


class GitLab:
    """One project on GitLab; a `Forge`."""

    def __init__(self, name: str, token: str, pace: Pace, api_url: str = "") -> None:
        """Take the project's full path and the token; nothing is asked yet.

        `api_url` may or may not end with `/api/v4`.
        """
        address = (api_url or PUBLIC).rstrip("/").removesuffix("/api/v4")
        self._client = Gitlab(address, private_token=token, timeout=60, per_page=_PAGE, keep_base_url=True)
        self._client.session.hooks["response"].append(stop_if_slow)
        self._name = name
        self._caller = Caller(self._sort, _ERRORS, pace, token)
        self._me = NOBODY
        self._recent = _NOT_LISTED

    def whoami(self) -> Actor:
        """Return the account that the token belongs to."""
        if self._me == NOBODY:
            self._me = self._caller.read(self._user)
        return self._me

    def check(self) -> None:
        """Check the token's scopes, where it is of a kind that tells them.

        Raises:
            UsageError: One is missing.
        """
        with suppress(*_ERRORS):
            found = self._client.http_get("/personal_access_tokens/self")
            check_gitlab(found if isinstance(found, dict) else {})

    def pulls(self, branch: str = "") -> tuple[PullRequest, ...]:
        """Return our open merge requests; of a branch all, newest first, and of the newest who ended it."""
        if not branch:
            return self._open()
        found = [pull for pull in self._list({"source_branch": branch}) if pull.branch == branch]
        found.sort(key=lambda pull: -pull.number)
        if found and found[0].state is not PullState.OPEN:
            newest = found[0].number
            found[0] = self._caller.read(lambda: pull_of(self._project.mergerequests.get(newest).attributes))
        return tuple(found)

    def open_pull(self, new: NewPull) -> PullRequest:
        """Open a merge request with its labels and reviewers; one that the branch has already is taken instead."""
        reviewers, self._recent = self._ids(new.dress.reviewers), _NOT_LISTED

        def create() -> PullRequest:
            wanted: dict[str, str | list[int]] = {
                "source_branch": new.branch,
                "target_branch": new.base,
                "title": f"{DRAFT if new.dress.draft else ''}{new.title}",
                "description": new.body,
            }
            if new.dress.labels:
                wanted["labels"] = ",".join(new.dress.labels)
            if reviewers:
                wanted["reviewer_ids"] = reviewers
            return pull_of(self._project.mergerequests.create(wanted).attributes)

        return self._caller.write(create, lambda: self._open_one(new.branch))

    def edit_pull(
        self, number: int, *, title: str, body: str, state: PullState, head: str = "", dress: Dress = PLAIN
    ) -> PullRequest:
        """Set title, description and state, and ask more reviewers; or merge. A draft stays one."""
        if state is PullState.MERGED:
            return self._merge(number, head)
        asked, self._recent = self._ids(dress.reviewers), _NOT_LISTED

        def edit() -> PullRequest:
            now = self._project.mergerequests.get(number)
            pull, there = pull_of(now.attributes), [int(one["id"]) for one in now.attributes.get("reviewers") or ()]
            if set(asked) <= set(there) and says(pull, title, body, state, dress.base):
                return pull
            wanted: dict[str, str | list[int]] = {
                "title": f"{DRAFT if pull.draft else ''}{title}",
                "description": body,
                "target_branch": dress.base or pull.base,
                "reviewer_ids": list(dict.fromkeys((*there, *asked))),
            }
            if (pull.state is PullState.OPEN) != (state is PullState.OPEN):
                wanted["state_event"] = "reopen" if state is PullState.OPEN else "close"
            self._project.mergerequests.update(number, wanted)
            return pull_of(self._project.mergerequests.get(number).attributes)

        return self._caller.write(edit, lambda: Unknown("the same edit again does no harm"))

    def comments(self, number: int = 0, *, since: str = "") -> tuple[Comment, ...]:
        """Return the notes that people and bots wrote, oldest first.

        A project has no list of its notes: since a time, those of the merge requests that changed since and have any.
        """
        if number:
            return self._sure(comments_of(self._notes(number), number))
        listed = self._listed({"state": "all", **({"updated_after": since} if since else {})})
        if since and not listed:  # not even what Trimtab did last: the server's clock is far behind ours
            listed, since = self._listed({"state": "all"}), ""
        pulls = tuple(pull for pull in map(pull_of, listed) if pull.state is PullState.OPEN)
        self._recent = _Recent(pulls, since, time.monotonic() + _FRESH_S)
        notes = self._sure(notes_of(listed, NoteSources(self._notes, self._events)))
        return tuple(sorted((note for note in notes if note.created >= since), key=lambda note: note.id))

    def comment(self, number: int, body: str, *, answers: int = 0) -> Comment | Unknown:
        """Say something once for each key line; say it anew in the same place where the text differs."""
        if answers:
            self._react(number, answers)
        if not body:
            return Unknown("only the reaction was wanted")

        def own() -> tuple[Comment, ...]:
            return with_key(body, self.comments(number), self.whoami)

        def change(said: Comment) -> Comment:
            self._again(lambda: self._request(number).notes.update(said.id, {"body": body}))
            return replace(said, body=body)

        def create() -> Comment:
            return comment_of(self._request(number).notes.create({"body": body}).attributes, number)

        return write_once(
            body,
            Spot(
                own=own,
                make=lambda: self._caller.write(create, lambda: first(own())),
                change=change,
                remove=lambda said: self._again(lambda: self._request(number).notes.delete(said.id)),
            ),
        )

    def rights(self, actor: Actor, owners: Collection[str] = ()) -> Rights:
        """Return what a member may do, inherited memberships included; who is no member may nothing."""

        def ask() -> int:
            members = self._project.members_all.list(user_ids=[actor.id], iterator=True)
            return max((int(each.access_level) for each in members if each.id == actor.id), default=0)

        level = self._caller.read(ask)
        return Rights(permission_of(level), level >= GUEST and any(self._is(actor, level, one) for one in owners))

    def dashboard(self, body: str = "") -> Found[Issue] | Unknown:
        """Return the open issue of ours with our label and mark; with a body, write it."""
        try:
            return Found(self._write_dashboard(body)) if body else first(self._caller.read(self._dashboards))
        except AbsentError as error:
            return Unknown(f"no dashboard: {error.message}")
        except RateLimitedError:
            raise
        except ForgeError as error:
            if body and not self._caller.read(lambda: self._client.projects.get(self._name)).issues_enabled:
                return Unknown(f"no dashboard: {error.message}: issues are turned off")
            raise

    @property
    def _project(self) -> Project:
        return self._client.projects.get(self._name, lazy=True)

    def _request(self, number: int) -> ProjectMergeRequest:
        return self._project.mergerequests.get(number, lazy=True)

    def _again(self, call: Callable[[], object]) -> None:
        """Make a write that may be made twice."""
        self._caller.write(call, lambda: Unknown("the same again does no harm"))

    def _open(self) -> tuple[PullRequest, ...]:
        """Return our open merge requests; those that were listed a moment ago for their notes are not listed again."""
        recent, self._recent = self._recent, _NOT_LISTED
        known = recent.pulls if time.monotonic() < recent.until_s else ()
        if known and not recent.since:
            return tuple(sorted(known, key=lambda pull: pull.number))
        older = self._list({"state": "opened", **({"updated_before": recent.since} if known else {})})
        found = {pull.number: pull for pull in (*known, *older)}
        return tuple(found[number] for number in sorted(found))

    def _list(self, wanted: dict[str, str]) -> tuple[PullRequest, ...]:
        return tuple(map(pull_of, self._listed(wanted)))

    def _listed(self, wanted: dict[str, str]) -> tuple[Json, ...]:
        def ask() -> tuple[Json, ...]:
            listed = self._project.mergerequests.list(iterator=True, order_by="created_at", sort="asc", **wanted)
            return tuple(each.attributes for each in listed if is_ours(each.attributes))

        return self._caller.read(ask)

    def _notes(self, number: int) -> tuple[Json, ...]:
        def ask() -> tuple[Json, ...]:
            notes = self._request(number).notes.list(iterator=True, sort="asc", order_by="created_at")
            return tuple(note.attributes for note in notes)

        return self._caller.read(ask)

    def _sure(self, comments: tuple[Comment, ...]) -> tuple[Comment, ...]:
        """Return comments with those that somebody only reacted to as unedited, where GraphQL tells the difference."""
        ids = doubtful(comments)
        if not ids:
            return comments

        def ask() -> Json:
            answer = self._client.http_get(
                f"{self._client.url.rsplit('/api/', 1)[0]}/api/graphql", {"query": edits_query(ids)}
            )
            data = answer.get("data") if isinstance(answer, dict) else None
            return data if isinstance(data, dict) else {}

        with tolerant():
            return without_doubt(comments, self._caller.read(ask))
        return comments

    def _events(self, after: str, pages: int) -> tuple[Json, ...]:
        """Return the newest comments on anything in the project; none where the token may not read its events."""

        def ask() -> tuple[Json, ...]:
            listed = self._project.events.list(iterator=True, action="commented", after=after)
            return tuple(each.attributes for each in islice(listed, pages * _PAGE))

        try:
            return self._caller.read(ask)
        except RateLimitedError:
            raise
        except ForgeError:
            return ()

    def _react(self, number: int, note: int) -> None:
        """Put a pair of eyes at a note; a second pair is declined, and that does no harm."""
        with tolerant():
            self._again(lambda: self._request(number).notes.get(note, lazy=True).awardemojis.create({"name": "eyes"}))

    def _merge(self, number: int, head: str) -> PullRequest:
        """Merge if `head` is still the head and GitLab's own rules pass."""

        def merged() -> Found[PullRequest] | Unknown:
            pull = pull_of(self._project.mergerequests.get(number).attributes)
            return Found(pull) if pull.state is PullState.MERGED else Unknown("not merged yet")

        def merge() -> PullRequest:
            self._request(number).merge(sha=head)
            return pull_of(self._project.mergerequests.get(number).attributes)

        return self._caller.write(merge, merged)

    def _ids(self, reviewers: tuple[str, ...]) -> list[int]:
        """Return the ids of reviewers by name; groups and strangers are passed over."""
        found: list[int] = []
        for name in (reviewer.removeprefix("@") for reviewer in reviewers):
            users = self._caller.read(partial(self._client.users.list, username=name, get_all=False))
            found += [int(user.id) for user in users if user.username.lower() == name.lower()]
        return found

    def _is(self, actor: Actor, level: int, owner: str) -> bool:
        """Return whether an account is an owner: by role, by name, or as a member of a group by its full path."""
        if owner in _ROLES:
            return level >= _ROLES[owner]
        if owner.removeprefix("@").lower() == actor.login.lower():
            return True
        try:
            group = self._client.groups.get(owner.removeprefix("@"), lazy=True)
            member = self._caller.read(lambda: group.members_all.get(actor.id))
        except RateLimitedError:
            raise
        except ForgeError:
            return False
        return bool(member.id == actor.id)

    def _dashboards(self) -> list[Issue]:
        listed = self._project.issues.list(
            iterator=True, state="opened", labels=LABEL, scope="created_by_me", order_by="created_at", sort="asc"
        )
        return [issue_of(each.attributes) for each in listed if (each.description or "").startswith(DASHBOARD)]

    def _write_dashboard(self, body: str) -> Issue:
        """Write the one issue of this account; of two that runs opened at once the later is closed."""

        def own() -> list[Issue]:
            return self._caller.read(self._dashboards)

        def create() -> Issue:
            return issue_of(
                self._project.issues.create({"title": TITLE, "description": body, "labels": LABEL}).attributes
            )

        def change(issue: Issue) -> Issue:
            self._again(lambda: self._project.issues.update(issue.number, {"description": body}))
            return replace(issue, body=body)

        def remove(issue: Issue) -> None:
            self._again(lambda: self._project.issues.update(issue.number, {"state_event": "close"}))

        return write_once(body, Spot(own, lambda: self._caller.write(create, lambda: first(own())), change, remove))

    def _open_one(self, branch: str) -> Found[PullRequest] | Unknown:
        for pull in self._list({"state": "opened", "source_branch": branch}):
            if pull.branch == branch:
                return Found(pull)
        return Unknown("no open merge request from this branch")

    def _sort(self, error: Exception) -> Trouble:
        """Return what an exception of the client means; of a project that was moved the new path is learnt."""
        if isinstance(error, SlowError):
            return Trouble(Kind.WAIT, "GitLab: too many requests", error.wait_s)
        if isinstance(error, GitlabError):
            status = error.response_code or 0
            said = f"GitLab: {error.error_message or f'HTTP {status}'}"[:500]
            if not isinstance(error, RedirectError) and not (status == _NOT_SO and "moved" in said.lower()):
                return trouble_of(status, said)
            try:
                self._name = str(self._client.projects.get(self._name).path_with_namespace)
            except (*_ERRORS, AttributeError):
                return Trouble(Kind.AGAIN, "GitLab: the project was moved, and does not answer at its new address")
            return Trouble(Kind.AGAIN, f"GitLab: the project is {self._name} now")
        return Trouble(Kind.AGAIN, f"GitLab does not answer: {type(error).__name__}")

    def _user(self) -> Actor:
        self._client.auth()
        user = self._client.user
        return Actor(user.username, user.id) if user else NOBODY
