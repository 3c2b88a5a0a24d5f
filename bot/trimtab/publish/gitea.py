"""Gitea and Forgejo, by their REST API (https://docs.gitea.com/api/1.24/), which speaks much as GitHub's does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from urllib.parse import quote

from trimtab.fleet import Found, Unknown
from trimtab.life import NOBODY, Actor
from trimtab.publish.forge import (
    PLAIN,
    AbsentError,
    Comment,
    Dress,
    Issue,
    NewPull,
    Permission,
    PullRequest,
    PullState,
    Rights,
)
from trimtab.publish.mark import LABEL, TITLE, UNFINISHED
from trimtab.publish.once import Spot, first, says, with_key, write_once
from trimtab.publish.pace import Pace, tolerant
from trimtab.publish.rest import actor_of, is_dashboard, issue_of, lacking, objects
from trimtab.publish.rest_gitea import DRAFT, closed_by, comment_of, from_here, permission_of, pull_of
from trimtab.publish.wire import Json, Wire

_HINT = "GITEA_TOKEN needs the scopes `write:repository`, `write:issue`, `read:user` and `read:organization`"


class Gitea:
    """One repository on Gitea or Forgejo; a `Forge`."""

    def __init__(self, name: str, token: str, pace: Pace, api_url: str) -> None:
        """Take `owner/name`, the token and the server's address; nothing is asked yet."""
        self._wire = Wire(f"{api_url.rstrip('/').removesuffix('/api/v1')}/api/v1", token, pace, _HINT)
        self._here = f"/repos/{name}"
        self._me = NOBODY

    def whoami(self) -> Actor:
        """Return the account that the token belongs to."""
        if self._me == NOBODY:
            self._me = actor_of(self._wire.get("/user"))
        return self._me

    def pulls(self, branch: str = "") -> tuple[PullRequest, ...]:
        """Return our open pull requests; of a branch all, newest first, and of the newest who ended it."""
        listed = self._wire.every(f"{self._here}/pulls", state="all" if branch else "open", sort="oldest")
        found = sorted(map(pull_of, filter(from_here, listed)), key=lambda pull: pull.number)
        if not branch:
            return tuple(found)
        found = [pull for pull in reversed(found) if pull.branch == branch]
        if found and found[0].state is PullState.CLOSED:
            timeline = self._wire.every(f"{self._here}/issues/{found[0].number}/timeline")
            found[0] = replace(found[0], ended_by=closed_by(timeline))
        return tuple(found)

    def open_pull(self, new: NewPull) -> PullRequest:
        """Open a pull request; until its labels and reviewers are there the body says that they are not."""
        bare = new.dress == Dress(draft=new.dress.draft)
        body = new.body if bare else f"{new.body.rstrip()}\n{UNFINISHED}\n"
        title = f"{DRAFT if new.dress.draft else ''}{new.title}"
        wanted = {"head": new.branch, "base": new.base, "title": title, "body": body}
        pull = self._wire.caller.write(
            lambda: pull_of(self._wire.send("POST", f"{self._here}/pulls", wanted)),
            lambda: first([pull for pull in self.pulls() if pull.branch == new.branch]),
        )
        if bare or UNFINISHED not in pull.body:
            return pull
        return self.edit_pull(pull.number, title=pull.title, body=new.body, state=PullState.OPEN, dress=new.dress)

    def edit_pull(
        self, number: int, *, title: str, body: str, state: PullState, head: str = "", dress: Dress = PLAIN
    ) -> PullRequest:
        """Add labels and reviewers, then set title, body and state in one call where they differ; or merge."""
        where = f"{self._here}/pulls/{number}"
        if state is PullState.MERGED:
            return self._merge(where, head)
        now = self._wire.get(where)
        self._add(number, lacking(now, dress))
        if says(pull := pull_of(now), title, body, state, dress.base):
            return pull
        wanted = {"title": f"{DRAFT if pull.draft else ''}{title}", "body": body, "state": state.value}
        return pull_of(self._wire.again("PATCH", where, {**wanted, "base": dress.base or pull.base}))

    def comments(self, number: int = 0, *, since: str = "") -> tuple[Comment, ...]:
        """Return the comments of a conversation, or of all that were changed since a time, oldest first."""
        where = f"{self._here}/issues/{number}/comments" if number else f"{self._here}/issues/comments"
        listed = map(comment_of, self._wire.every(where, **{"since": since} if since else {}))
        return tuple(sorted(listed, key=lambda comment: comment.id))

    def comment(self, number: int, body: str, *, answers: int = 0) -> Comment | Unknown:
        """Say something once for each key line; say it anew in the same place where the text differs."""
        where = f"{self._here}/issues/comments"
        if answers:
            self._wire.again("POST", f"{where}/{answers}/reactions", {"content": "eyes"})
        if not body:
            return Unknown("only the reaction was wanted")

        def own() -> tuple[Comment, ...]:
            return with_key(body, self.comments(number), self.whoami)

        def make() -> Comment:
            return comment_of(self._wire.send("POST", f"{self._here}/issues/{number}/comments", {"body": body}))

        spot = Spot(
            own=own,
            make=lambda: self._wire.caller.write(make, lambda: first(own())),
            change=lambda said: comment_of(self._wire.again("PATCH", f"{where}/{said.id}", {"body": body})),
            remove=lambda said: self._wire.again("DELETE", f"{where}/{said.id}", {}),
        )
        return write_once(body, spot)

    def rights(self, actor: Actor, owners: Collection[str] = ()) -> Rights:
        """Return the effective permission of an account; only an administrator's token is told that of others."""
        try:
            answer = self._wire.get(f"{self._here}/collaborators/{quote(actor.login, safe='')}/permission")
        except AbsentError:
            return Rights(Permission.NONE)
        permission = permission_of(answer, actor)
        return Rights(permission, permission > Permission.NONE and any(self._is(actor, owner) for owner in owners))

    def dashboard(self, body: str = "") -> Found[Issue] | Unknown:
        """Return the open issue with our label and mark; write only into one that this account opened."""
        try:
            return Found(self._write_dashboard(body)) if body else first(self._dashboards())
        except AbsentError as error:
            return Unknown(f"no dashboard: {error.message}")

    def _write_dashboard(self, body: str) -> Issue:
        def own() -> list[Issue]:
            return [each for each in self._dashboards() if each.author == self.whoami()]

        def make() -> Issue:
            wanted = {"title": TITLE, "body": body, "labels": self._labels((LABEL,))}
            return issue_of(self._wire.send("POST", f"{self._here}/issues", wanted))

        def edit(issue: Issue, **wanted: str) -> Issue:
            return issue_of(self._wire.again("PATCH", f"{self._here}/issues/{issue.number}", wanted))

        spot = Spot(
            own=own,
            make=lambda: self._wire.caller.write(make, lambda: first(own())),
            change=lambda issue: edit(issue, body=body),
            remove=lambda issue: edit(issue, state="closed"),
        )
        return write_once(body, spot)

    def _dashboards(self) -> list[Issue]:
        listed = self._wire.every(f"{self._here}/issues", state="open", type="issues", labels=LABEL)
        return sorted((issue_of(each) for each in listed if is_dashboard(each)), key=lambda issue: issue.number)

    def _labels(self, names: Collection[str]) -> list[int]:
        """Return the ids of labels by name; those that the repository lacks are made."""
        known = {each["name"]: each for each in self._wire.every(f"{self._here}/labels")}
        return [int(str((known.get(name) or self._label(name))["id"])) for name in names]

    def _label(self, name: str) -> Json:
        """Make a label, and no second one of the same name, which Gitea would take."""
        return self._wire.caller.write(
            lambda: self._wire.send("POST", f"{self._here}/labels", {"name": name, "color": "#ededed"}),
            lambda: first([each for each in self._wire.every(f"{self._here}/labels") if each["name"] == name]),
        )

    def _add(self, number: int, dress: Dress) -> None:
        """Add labels, and ask each reviewer; whom the forge cannot ask is passed over."""
        if dress.labels:
            self._wire.again("POST", f"{self._here}/issues/{number}/labels", {"labels": self._labels(dress.labels)})
        for reviewer in dress.reviewers:
            name = reviewer.removeprefix("@").rsplit("/", 1)[-1]
            wanted = {"team_reviewers" if "/" in reviewer else "reviewers": [name]}
            with tolerant():
                self._wire.again("POST", f"{self._here}/pulls/{number}/requested_reviewers", wanted)

    def _merge(self, where: str, head: str) -> PullRequest:
        """Merge if `head` is still the head and the forge's own rules pass."""
        self._wire.caller.write(
            lambda: self._wire.send("POST", f"{where}/merge", {"Do": "merge", "head_commit_id": head}),
            lambda: first([each for each in [self._wire.get(where)] if each.get("merged")]),
        )
        return pull_of(self._wire.get(where))

    def _is(self, actor: Actor, owner: str) -> bool:
        organisation, _, team = owner.removeprefix("@").partition("/")
        if not team:
            return organisation.lower() == actor.login.lower()
        try:
            found = self._wire.get(f"/orgs/{quote(organisation, safe='')}/teams/search", q=team)
            ids = [each["id"] for each in objects(found.get("data")) if str(each["name"]).lower() == team.lower()]
            login = quote(actor.login, safe="")
            return any(actor_of(self._wire.get(f"/teams/{one}/members/{login}")) == actor for one in ids)
        except AbsentError:
            return False
