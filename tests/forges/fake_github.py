"""GitHub's REST API as far as Trimtab uses it, over the shared state.

Shapes follow https://docs.github.com/en/rest (API version 2022-11-28). Every address stands under the server's own
base, which the client insists on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.forges.commits import WEB, WEB_ID, Commits
from tests.forges.graphql import FILE, wrong
from tests.forges.openapi import Description
from tests.forges.server import TOKEN, Answer, Api, Json, Query
from tests.forges.state import BOT, BOT_ID, NOW, Board, DeclinedError, ForgeState, Pull, Said, git, tip

REPOSITORY = "acme/gitops"
TYPES = json.loads(FILE.read_text())["types"]
DESCRIPTION = Description(Path(__file__).with_name("github.openapi.json"))


class FakeGitHub(Api):
    """One repository, `acme/gitops`.

    Attributes:
        lag: How many listings do not show the newest pull request yet.
        app: Whether the token is an App's, which may not ask `GET /user`.
        page: Items on a page, at most.
        name: What the repository is called now; its first name is redirected.
        scopes: What the token may do, where it is of the kind that tells with each answer.
        archived: Whether nobody may write any more.
        signs: Whether the commits that it makes are signed.
        commits: The commits that it makes.
    """

    prefix = "/api/v3"

    def __init__(self, state: ForgeState) -> None:
        """Take the state that people act on."""
        super().__init__()
        self.state = state
        self.lag = 0
        self.app = False
        self.page = 100
        self.name = REPOSITORY
        self.scopes = ""
        self.archived = False
        self.signs = True
        self.commits = Commits(state.bare)
        here = f"/repos/{REPOSITORY}"
        self._routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", r"/user", self._user),
            ("POST", r"/api/graphql", self._graphql),
            ("POST", rf"{here}/git/refs", self._make_ref),
            ("PATCH", rf"{here}/git/refs/(.+)", self._move_ref),
            ("GET", rf"{here}/commits/([0-9a-f]+)", self._commit),
            ("GET", here, self._itself),
            ("GET", rf"{here}/pulls", self._list),
            ("POST", rf"{here}/pulls", self._create),
            ("GET", rf"{here}/pulls/(\d+)", self._get),
            ("PATCH", rf"{here}/pulls/(\d+)", self._edit),
            ("GET", rf"{here}/issues/(\d+)", self._issue),
            ("GET", rf"{here}/issues/(\d+)/comments", self._comments),
            ("POST", rf"{here}/issues/(\d+)/comments", self._comment),
            ("GET", rf"{here}/collaborators/([^/]+)/permission", self._permission),
            ("GET", r"/orgs/acme/teams/([^/]+)/memberships/([^/]+)", self._membership),
            ("PUT", rf"{here}/pulls/(\d+)/merge", self._merge),
            ("POST", rf"{here}/pulls/(\d+)/requested_reviewers", self._review),
            ("POST", rf"{here}/issues/(\d+)/labels", self._label),
            ("GET", rf"{here}/issues/comments", self._all_comments),
            ("PATCH", rf"{here}/issues/comments/(\d+)", self._rewrite),
            ("DELETE", rf"{here}/issues/comments/(\d+)", self._take_back),
            ("POST", rf"{here}/issues/comments/(\d+)/reactions", self._react),
            ("GET", rf"{here}/issues", self._issues),
            ("POST", rf"{here}/issues", self._found),
            ("PATCH", rf"{here}/issues/(\d+)", self._edit_issue),
        ]

    def lets_in(self, headers: dict[str, str]) -> bool:
        """Return whether the token is there."""
        return headers.get("authorization", "").lower() in {f"token {TOKEN}", f"bearer {TOKEN}"}

    def answer(self, method: str, path: str, query: Query, body: dict[str, str]) -> Answer:
        """Answer one call; of a repository that was renamed only by its new name."""
        if self.name != REPOSITORY and path == "/repositories/1":
            return Answer(200, {"id": 1, "full_name": self.name})
        if self.name != REPOSITORY and f"{path}/".startswith(f"/repos/{REPOSITORY}/"):
            where = f"{self.base}{self.prefix}/repositories/1{path.removeprefix(f'/repos/{REPOSITORY}')}"
            moved: Json = {"message": "Moved Permanently", "url": where}
            return Answer(301 if method == "GET" else 307, moved, (("Location", where),))
        path = f"{path}/".replace(f"/repos/{self.name}/", f"/repos/{REPOSITORY}/", 1).removesuffix("/")
        scopes = (("X-OAuth-Scopes", self.scopes),) if self.scopes else ()
        for verb, pattern, handler in self._routes:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                answer = handler(query, body, *found.groups())
                return replace(answer, headers=answer.headers + scopes)
        return Answer(404, {"message": "Not Found"})

    def checked(
        self, method: str, path: str, query: Query, body: dict[str, str], *, answer: Answer
    ) -> tuple[Answer, list[str]]:
        """Hold the request and the answer to GitHub's own description, which leaves out redirects."""
        if path == "/api/graphql":
            return answer, list(wrong(TYPES, str(body["query"]), dict(body.get("variables", {}))))
        if path.startswith("/repositories/") or answer.status in {301, 307}:
            return answer, []
        lies = DESCRIPTION.asked(method, path, query, body)
        full, more = DESCRIPTION.answered(method, path, answer.status, answer.body)
        return replace(answer, body=full), lies + more

    def _user(self, _: Query, __: dict[str, str]) -> Answer:
        if self.app:
            return Answer(403, {"message": "Resource not accessible by integration"})
        return Answer(200, self._person(BOT, BOT_ID))

    def _graphql(self, _: Query, body: dict[str, Json]) -> Answer:
        if "createCommitOnBranch" not in str(body["query"]):
            return Answer(200, {"data": {"viewer": {"login": BOT, "databaseId": BOT_ID}}})
        try:
            made = self.commits.create(body["variables"]["input"])
        except DeclinedError as error:
            path: Json = ["createCommitOnBranch"]
            errors: Json = [{"type": "STALE_DATA", "path": path, "message": str(error)}]
            return Answer(200, {"data": {"createCommitOnBranch": None}, "errors": errors})
        return Answer(200, {"data": {"createCommitOnBranch": {"commit": {"oid": made}}}})

    def _make_ref(self, _: Query, body: dict[str, str]) -> Answer:
        if not self.commits.point(body["ref"], body["sha"], new=True):
            return Answer(422, {"message": "Reference already exists"})
        return Answer(201, self._ref(body["ref"], body["sha"]))

    def _move_ref(self, _: Query, body: dict[str, str], ref: str) -> Answer:
        if not self.commits.point(f"refs/{ref}", body["sha"], new=False):
            return Answer(422, {"message": "Reference does not exist"})
        return Answer(200, self._ref(f"refs/{ref}", body["sha"]))

    def _ref(self, ref: str, sha: str) -> Json:
        where = f"{self.base}{self.prefix}/repos/{self.name}/git"
        target: Json = {"type": "commit", "sha": sha, "url": f"{where}/commits/{sha}"}
        return {"ref": ref, "node_id": f"R_{ref}", "url": f"{where}/{ref}", "object": target}

    def _commit(self, _: Query, __: dict[str, str], sha: str) -> Answer:
        ours = sha in self.commits.made
        author = self._person(BOT, BOT_ID) if ours else None
        committer = self._person(WEB, WEB_ID) if ours else None
        badge: Json = {"verified": ours and self.signs, "reason": "valid" if ours and self.signs else "unsigned"}
        commit: Json = {"message": git(self.state.bare, "log", "-1", "--format=%B", sha), "verification": badge}
        return Answer(200, {"sha": sha, "commit": commit, "author": author, "committer": committer})

    def _itself(self, _: Query, __: dict[str, str]) -> Answer:
        level = self.state.levels.get(BOT, "none")
        may = {"pull": level != "none", "push": level in {"write", "admin"}, "admin": level == "admin"}
        role: Json = {**may, "maintain": may["admin"], "triage": may["push"]}
        return Answer(200, {"id": 1, "full_name": self.name, "archived": self.archived, "permissions": role})

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
        return self._page([self._short(pull) for pull in pulls], query, "pulls")

    def _page(self, listed: list[Json], query: Query, below: str) -> Answer:
        """Return the page of a listing that is asked for."""
        size, page = min(self.page, int(query.get("per_page", "30"))), int(query.get("page", "1"))
        more = page * size < len(listed)
        pairs = "&".join(f"{key}={value}" for key, value in query.items() if key != "page")
        link = f'<{self.base}{self.prefix}/repos/{self.name}/{below}?{pairs}&page={page + 1}>; rel="next"'
        return Answer(200, listed[(page - 1) * size : page * size], (("Link", link),) if more else ())

    def _create(self, _: Query, body: dict[str, str]) -> Answer:
        try:
            draft = bool(body.get("draft"))
            pull = self.state.create(body["head"], body["base"], body["title"], body["body"], draft=draft)
        except DeclinedError as error:
            errors: Json = [{"resource": "PullRequest", "code": "custom", "message": str(error)}]
            return Answer(422, {"message": "Validation Failed", "errors": errors})
        return Answer(201, self._full(pull))

    def _get(self, _: Query, __: dict[str, str], number: str) -> Answer:
        return Answer(200, self._full(self.state.get(int(number))))

    def _edit(self, _: Query, body: dict[str, str], number: str) -> Answer:
        values = {key: value for key, value in body.items() if key in {"title", "body", "state", "base"}}
        return Answer(200, self._full(self.state.edit(int(number), **values)))

    def _issue(self, _: Query, __: dict[str, str], number: str) -> Answer:
        pull = self.state.get(int(number))
        closed_by = self._person(*pull.ended_by) if pull.ended_by[0] else None
        address = f"{self.base}{self.prefix}/repos/{self.name}/issues/{number}"
        return Answer(200, {"url": address, "number": pull.number, "closed_by": closed_by})

    def _comments(self, _: Query, __: dict[str, str], number: str) -> Answer:
        return Answer(200, [self._said(said, int(number)) for said in self.state.get(int(number)).comments])

    def _all_comments(self, query: Query, _: dict[str, str]) -> Answer:
        """Return all comments; the direction counts only where a sort is named, as GitHub's description says."""
        since = query.get("since", "")
        said = [(one, pull.number) for pull in self.state.all() for one in pull.comments if one.updated >= since]
        down = "sort" in query and query.get("direction") == "desc"
        said.sort(key=lambda each: each[0].id, reverse=down)
        return self._page([self._said(*each) for each in said], query, "issues/comments")

    def _comment(self, _: Query, body: dict[str, str], number: str) -> Answer:
        return Answer(201, self._said(self.state.say(int(number), BOT, body["body"]), int(number)))

    def _rewrite(self, _: Query, body: dict[str, str], comment: str) -> Answer:
        for pull in self.state.all():
            for said in pull.comments:
                if said.id == int(comment):
                    self.state.rewrite(pull.number, said.id, body["body"])
                    return Answer(200, self._said(said, pull.number))
        return Answer(404, {"message": "Not Found"})

    def _take_back(self, _: Query, __: dict[str, str], comment: str) -> Answer:
        gone = self.state.take_back(int(comment))
        return Answer(204, None) if gone else Answer(404, {"message": "Not Found"})

    def _react(self, _: Query, body: dict[str, str], comment: str) -> Answer:
        new = self.state.react(int(comment), body["content"])
        return Answer(201 if new else 200, {"id": len(self.state.reactions), "content": body["content"]})

    def _merge(self, _: Query, body: dict[str, str], number: str) -> Answer:
        if not self.state.merge_as_bot(int(number), body["sha"]):
            return Answer(409, {"message": "Head branch was modified. Review and try the merge again."})
        return Answer(200, {"merged": True, "message": "Pull Request successfully merged", "sha": body["sha"]})

    def _review(self, _: Query, body: dict[str, list[str]], number: str) -> Answer:
        pull = self.state.get(int(number))
        people = body.get("reviewers", [])
        if any(name not in self.state.users or name == pull.author[0] for name in people):
            return Answer(422, {"message": "Reviews may only be requested from collaborators."})
        asked = tuple(dict.fromkeys((*pull.reviewers, *people, *body.get("team_reviewers", []))))
        self.state.edit(pull.number, reviewers=asked)
        return Answer(201, self._short(self.state.get(pull.number)))

    def _label(self, _: Query, body: dict[str, list[str]], number: str) -> Answer:
        pull = self.state.get(int(number))
        pull = self.state.edit(pull.number, labels=tuple(dict.fromkeys((*pull.labels, *body["labels"]))))
        return Answer(200, [{"id": index, "name": name} for index, name in enumerate(pull.labels)])

    def _issues(self, query: Query, _: dict[str, str]) -> Answer:
        wanted = set(filter(None, query.get("labels", "").split(",")))
        boards = [one for one in self.state.issues.values() if one.state == "open" and wanted <= set(one.labels)]
        return Answer(200, [self._board(board) for board in boards])

    def _found(self, _: Query, body: dict[str, str]) -> Answer:
        return Answer(201, self._board(self.state.found(body["title"], body["body"], tuple(body.get("labels", ())))))

    def _edit_issue(self, _: Query, body: dict[str, str], number: str) -> Answer:
        values = {key: value for key, value in body.items() if key in {"body", "state"}}
        board = replace(self.state.issues[int(number)], **values)
        self.state.issues[board.number] = board
        return Answer(200, self._board(board))

    def _membership(self, _: Query, __: dict[str, str], team: str, login: str) -> Answer:
        if login not in self.state.teams.get(f"acme/{team}", ()):
            return Answer(404, {"message": "Not Found"})
        return Answer(200, {"state": "active", "role": "member", "url": f"{self.base}{self.prefix}/teams/1"})

    def _board(self, board: Board) -> Json:
        return {
            "url": f"{self.base}{self.prefix}/repos/{self.name}/issues/{board.number}",
            "html_url": f"{self.base}/{self.name}/issues/{board.number}",
            "number": board.number,
            "title": board.title,
            "body": board.body,
            "state": board.state,
            "user": self._person(*board.author),
            "labels": [{"name": name} for name in board.labels],
        }

    def _permission(self, _: Query, __: dict[str, str], login: str) -> Answer:
        user = self._person(login, self.state.users.get(login, 0))
        return Answer(200, {"permission": self.state.levels.get(login, "none"), "user": user})

    def _person(self, login: str, number: int) -> Json:
        machine = login in self.state.bots
        address = f"{self.base}{self.prefix}/users/{login}"
        return {"login": login, "id": number, "type": "Bot" if machine else "User", "url": address}

    def _said(self, said: Said, number: int) -> Json:
        return {
            "id": said.id,
            "issue_url": f"{self.base}{self.prefix}/repos/{self.name}/issues/{number}",
            "url": f"{self.base}{self.prefix}/repos/{self.name}/issues/comments/{said.id}",
            "body": said.body,
            "user": self._person(said.login, said.user_id),
            "created_at": said.created,
            "updated_at": said.updated,
        }

    def _side(self, owner: str, branch: str, commit: str) -> Json:
        repository: dict[str, Json] = {"id": len(owner), "full_name": f"{owner}/gitops", "name": "gitops"}
        return {"label": f"{owner}:{branch}", "ref": branch, "sha": commit, "repo": repository}

    def _short(self, pull: Pull) -> dict[str, Json]:
        address = f"{self.base}{self.prefix}/repos/{self.name}/pulls/{pull.number}"
        return {
            "url": address,
            "id": 1000 + pull.number,
            "number": pull.number,
            "html_url": f"{self.base}/{self.name}/pull/{pull.number}",
            "state": "open" if pull.state == "open" else "closed",
            "title": pull.title,
            "body": pull.body,
            "user": self._person(*pull.author),
            "labels": [{"name": name} for name in pull.labels],
            "requested_reviewers": [self._person(login, self.state.users.get(login, 0)) for login in pull.reviewers],
            "draft": pull.draft,
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
