"""GitHub's REST API as far as Trimtab uses it, over the shared state.

Shapes follow https://docs.github.com/en/rest (API version 2022-11-28). Every address stands under the server's own
base, which the client insists on.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.forges.server import TOKEN, Answer, Api, Json, Query
from tests.forges.state import BOT, BOT_ID, NOW, DeclinedError, ForgeState, Pull, Said, tip

REPOSITORY = "acme/gitops"


class FakeGitHub(Api):
    """One repository, `acme/gitops`.

    Attributes:
        lag: How many listings do not show the newest pull request yet.
        app: Whether the token is an App's, which may not ask `GET /user`.
        page: Items on a page, at most.
    """

    prefix = "/api/v3"

    def __init__(self, state: ForgeState) -> None:
        """Take the state that people act on."""
        super().__init__()
        self.state = state
        self.lag = 0
        self.app = False
        self.page = 100
        here = f"/repos/{REPOSITORY}"
        self._routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", r"/user", self._user),
            ("POST", r"/api/graphql", self._viewer),
            ("GET", rf"{here}/pulls", self._list),
            ("POST", rf"{here}/pulls", self._create),
            ("GET", rf"{here}/pulls/(\d+)", self._get),
            ("PATCH", rf"{here}/pulls/(\d+)", self._edit),
            ("GET", rf"{here}/issues/(\d+)", self._issue),
            ("GET", rf"{here}/issues/(\d+)/comments", self._comments),
            ("POST", rf"{here}/issues/(\d+)/comments", self._comment),
            ("GET", rf"{here}/collaborators/([^/]+)/permission", self._permission),
        ]

    def lets_in(self, headers: dict[str, str]) -> bool:
        """Return whether the token is there."""
        return headers.get("authorization", "").lower() in {f"token {TOKEN}", f"bearer {TOKEN}"}

    def answer(self, method: str, path: str, query: Query, body: dict[str, str]) -> Answer:
        """Answer one call."""
        for verb, pattern, handler in self._routes:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                return handler(query, body, *found.groups())
        return Answer(404, {"message": "Not Found"})

    def _user(self, _: Query, __: dict[str, str]) -> Answer:
        if self.app:
            return Answer(403, {"message": "Resource not accessible by integration"})
        return Answer(200, self._person(BOT, BOT_ID))

    def _viewer(self, _: Query, __: dict[str, str]) -> Answer:
        return Answer(200, {"data": {"viewer": {"login": BOT, "databaseId": BOT_ID}}})

    def _list(self, query: Query, _: dict[str, str]) -> Answer:
        state, head = query.get("state", "open"), query.get("head", "")
        pulls = [
            pull
            for pull in self.state.all()
            if (state == "all" or (pull.state == "open") == (state == "open"))
            and (not head or head == f"{'mallory' if pull.fork else 'acme'}:{pull.branch}")
        ]
        if self.lag and pulls:
            self.lag -= 1
            pulls = [pull for pull in pulls if pull.number != max(self.state.pulls)]
        if query.get("direction", "desc") == "desc":
            pulls.reverse()
        size, page = min(self.page, int(query.get("per_page", "30"))), int(query.get("page", "1"))
        listed: list[Json] = [self._short(pull) for pull in pulls[(page - 1) * size : page * size]]
        more = page * size < len(pulls)
        pairs = "&".join(f"{key}={value}" for key, value in query.items() if key != "page")
        link = f'<{self.base}{self.prefix}/repos/{REPOSITORY}/pulls?{pairs}&page={page + 1}>; rel="next"'
        return Answer(200, listed, (("Link", link),) if more else ())

    def _create(self, _: Query, body: dict[str, str]) -> Answer:
        try:
            pull = self.state.create(body["head"], body["base"], body["title"], body["body"])
        except DeclinedError as error:
            errors: Json = [{"resource": "PullRequest", "code": "custom", "message": str(error)}]
            return Answer(422, {"message": "Validation Failed", "errors": errors})
        return Answer(201, self._full(pull))

    def _get(self, _: Query, __: dict[str, str], number: str) -> Answer:
        return Answer(200, self._full(self.state.get(int(number))))

    def _edit(self, _: Query, body: dict[str, str], number: str) -> Answer:
        values = {key: value for key, value in body.items() if key in {"title", "body", "state"}}
        return Answer(200, self._full(self.state.edit(int(number), **values)))

    def _issue(self, _: Query, __: dict[str, str], number: str) -> Answer:
        pull = self.state.get(int(number))
        closed_by = self._person(*pull.ended_by) if pull.ended_by[0] else None
        address = f"{self.base}{self.prefix}/repos/{REPOSITORY}/issues/{number}"
        return Answer(200, {"url": address, "number": pull.number, "closed_by": closed_by})

    def _comments(self, _: Query, __: dict[str, str], number: str) -> Answer:
        return Answer(200, [self._said(said) for said in self.state.get(int(number)).comments])

    def _comment(self, _: Query, body: dict[str, str], number: str) -> Answer:
        return Answer(201, self._said(self.state.say(int(number), BOT, body["body"])))

    def _permission(self, _: Query, __: dict[str, str], login: str) -> Answer:
        user = self._person(login, self.state.users.get(login, 0))
        return Answer(200, {"permission": self.state.levels.get(login, "none"), "user": user})

    def _person(self, login: str, number: int) -> Json:
        machine = login in self.state.bots
        address = f"{self.base}{self.prefix}/users/{login}"
        return {"login": login, "id": number, "type": "Bot" if machine else "User", "url": address}

    def _said(self, said: Said) -> Json:
        return {
            "id": said.id,
            "url": f"{self.base}{self.prefix}/repos/{REPOSITORY}/issues/comments/{said.id}",
            "body": said.body,
            "user": self._person(said.login, said.user_id),
            "created_at": NOW,
            "updated_at": said.updated,
        }

    def _side(self, owner: str, branch: str, commit: str) -> Json:
        repository: dict[str, Json] = {"id": len(owner), "full_name": f"{owner}/gitops", "name": "gitops"}
        return {"label": f"{owner}:{branch}", "ref": branch, "sha": commit, "repo": repository}

    def _short(self, pull: Pull) -> dict[str, Json]:
        address = f"{self.base}{self.prefix}/repos/{REPOSITORY}/pulls/{pull.number}"
        return {
            "url": address,
            "id": 1000 + pull.number,
            "number": pull.number,
            "html_url": f"{self.base}/{REPOSITORY}/pull/{pull.number}",
            "state": "open" if pull.state == "open" else "closed",
            "title": pull.title,
            "body": pull.body,
            "user": self._person(*pull.author),
            "labels": [],
            "draft": False,
            "created_at": NOW,
            "updated_at": NOW,
            "merged_at": NOW if pull.state == "merged" else None,
            "merge_commit_sha": pull.merge_commit or None,
            "head": self._side("mallory" if pull.fork else "acme", pull.branch, pull.head),
            "base": self._side("acme", pull.base, tip(self.state.bare, pull.base)),
        }

    def _full(self, pull: Pull) -> Json:
        merged = pull.state == "merged"
        return {
            **self._short(pull),
            "merged": merged,
            "merged_by": self._person(*pull.ended_by) if merged else None,
        }
