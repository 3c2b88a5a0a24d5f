"""Gitea's REST API as far as Trimtab uses it. Shapes follow its swagger, 1.23: GitHub's, but for these."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from tests.forges.fake_github import REPOSITORY, FakeGitHub
from tests.forges.server import Answer, Json, Query
from tests.forges.state import BOT, BOT_ID, ForgeState, Pull, Said, tip

WIP = "WIP: "


def zoned(at: str) -> str:
    """Return a time as a server in another zone tells it."""
    return datetime.fromisoformat(at).astimezone(timezone(timedelta(hours=2))).isoformat()


class FakeGitea(FakeGitHub):
    """One repository, `acme/gitops`; labels have ids, a draft is a title, and a team is found by a search."""

    prefix = "/api/v1"

    def checked(self, *asked: object, answer: Answer) -> tuple[Answer, list[str]]:
        """Return the answer as it is: GitHub's description is not Gitea's."""
        del asked
        return answer, []

    def answer(self, method: str, path: str, query: Query, body: dict[str, str]) -> Answer:
        """Answer one call; of a repository that was renamed by sending it on to the same place under the new name."""
        if self.name != REPOSITORY and path.startswith(f"/repos/{REPOSITORY}/"):
            where = f"{self.prefix}{path.replace(REPOSITORY, self.name, 1)}"
            pairs = "&".join(f"{key}={value}" for key, value in query.items())
            return Answer(307, None, (("Location", f"{where}?{pairs}" if pairs else where),))
        return super().answer(method, path, {**query, "per_page": query.get("limit", "30")}, body)

    def __init__(self, state: ForgeState) -> None:
        """Take the state that people act on."""
        super().__init__(state)
        here = f"/repos/{REPOSITORY}"
        self._routes = [
            ("GET", rf"{here}/labels", self._known_labels),
            ("POST", rf"{here}/labels", self._new_label),
            ("POST", rf"{here}/pulls/(\d+)/merge", self._do_merge),
            ("GET", rf"{here}/issues/(\d+)/timeline", self._timeline),
            ("GET", r"/orgs/acme/teams/search", self._search),
            ("GET", r"/teams/7/members/([^/]+)", self._member),
            *self._routes,
        ]

    def _known_labels(self, _: Query, __: dict[str, str]) -> Answer:
        return Answer(200, [{"id": 100 + index, "name": name} for index, name in enumerate(self.state.labels)])

    def _new_label(self, _: Query, body: dict[str, str]) -> Answer:
        self.state.labels.append(body["name"])
        return Answer(201, {"id": 99 + len(self.state.labels), "name": body["name"], "color": body["color"]})

    def _names(self, ids: list[int]) -> list[str]:
        return [self.state.labels[each - 100] for each in ids]

    def _label(self, query: Query, body: dict[str, list[str]], number: str) -> Answer:
        return super()._label(query, {"labels": self._names([int(one) for one in body["labels"]])}, number)

    def _found(self, _: Query, body: dict[str, str]) -> Answer:
        names = self._names([int(one) for one in body["labels"]])
        return Answer(201, self._board(self.state.found(body["title"], body["body"], tuple(names))))

    def _create(self, query: Query, body: dict[str, str]) -> Answer:
        draft = body["title"].startswith(WIP)
        title = body["title"].removeprefix(WIP)
        answer = super()._create(query, {**body, "title": title, "draft": "yes" if draft else ""})
        exists = answer.status == 422 and "exists" in str(answer.body)
        if not exists:
            return answer
        said = f"pull request already exists for these targets [id: 1, head_branch: {body['head']}, base_branch: main]"
        return Answer(409, {"message": said})

    def _edit(self, query: Query, body: dict[str, str], number: str) -> Answer:
        return super()._edit(query, {**body, "title": body["title"].removeprefix(WIP)}, number)

    def _do_merge(self, _: Query, body: dict[str, str], number: str) -> Answer:
        if not self.state.merge_as_bot(int(number), body["head_commit_id"]):
            return Answer(409, {"message": "head out of date"})
        return Answer(200, None)

    def _search(self, query: Query, _: dict[str, str]) -> Answer:
        known = f"acme/{query['q']}" in self.state.teams
        return Answer(200, {"ok": True, "data": [{"id": 7, "name": query["q"]}] if known else []})

    def _member(self, _: Query, __: dict[str, str], login: str) -> Answer:
        there = login in self.state.teams["acme/ml"]
        return Answer(200, self._person(login, self.state.users[login])) if there else Answer(404, {"message": "no"})

    def _timeline(self, _: Query, __: dict[str, str], number: str) -> Answer:
        """Tell who closed it; `closed_by`, which GitHub has, Gitea has not."""
        login, who = self.state.get(int(number)).ended_by
        named: Json = {"id": 1, "type": "label", "user": self._person(BOT, BOT_ID)}
        closed: Json = {"id": 2, "type": "close", "user": self._person(login, who)}
        return Answer(200, [named, closed] if login else [named])

    def _person(self, login: str, number: int) -> Json:
        return {"id": number, "login": login, "login_name": "", "full_name": "", "is_admin": False}

    def _said(self, said: Said, number: int) -> Json:
        shape = super()._said(said, number)
        assert isinstance(shape, dict)
        times = {name: zoned(str(shape[name])) for name in ("created_at", "updated_at")}
        return {**shape, **times, "issue_url": "", "pull_request_url": f"{self.base}/{REPOSITORY}/pulls/{number}"}

    def _head(self, pull: Pull, head: Json) -> Json:
        """Return where it comes from; `ref` is the pull request's own once the branch is gone."""
        assert isinstance(head, dict)
        gone = not tip(self.state.bare, pull.branch)
        return {**head, "label": pull.branch, "ref": f"refs/pull/{pull.number}/head" if gone else pull.branch}

    def _short(self, pull: Pull) -> dict[str, Json]:
        titled = replace(pull, title=f"{WIP if pull.draft else ''}{pull.title}")
        merged = pull.state == "merged"
        short = super()._short(titled)
        return {
            **short,
            "head": self._head(pull, short["head"]),
            "updated_at": zoned(str(short["updated_at"])),
            "merged": merged,
            "merged_by": self._person(*pull.ended_by) if merged else None,
        }
