"""GitLab's REST API v4 as far as Trimtab uses it, over the shared state. Shapes follow https://docs.gitlab.com/api/rest/."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

from tests.forges.server import TOKEN, Answer, Api, Json, Query
from tests.forges.state import BOT, BOT_ID, LATER, NOW, Board, DeclinedError, ForgeState, Pull, Said

PROJECT = "acme/gitops"

_LEVELS = {"none": 0, "read": 20, "write": 30, "admin": 40}


class FakeGitLab(Api):
    """One project, `acme/gitops`.

    Attributes:
        page: Items on a page, at most.
        moved: Whether it is `acme/fleet` by now; reads of its first path are redirected, writes are refused.
        issues_enabled: Whether it has issues.
        graphql_is_off: Whether its GraphQL does not know when notes were edited.
        late_events: How many of the newest comments are no events yet.
    """

    prefix = "/api/v4"

    def __init__(self, state: ForgeState) -> None:
        """Take the state that people act on."""
        super().__init__()
        self.state = state
        self.page = 100
        self.moved = False
        self.issues_enabled = True
        self.late_events = 0
        self.graphql_is_off = False
        here = "/projects/acme/gitops"
        self._routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", r"/user", self._user),
            ("GET", rf"{here}/merge_requests", self._list),
            ("POST", rf"{here}/merge_requests", self._create),
            ("GET", rf"{here}/merge_requests/(\d+)", self._get),
            ("PUT", rf"{here}/merge_requests/(\d+)", self._edit),
            ("GET", rf"{here}/merge_requests/(\d+)/notes", self._notes),
            ("POST", rf"{here}/merge_requests/(\d+)/notes", self._note),
            ("PUT", rf"{here}/merge_requests/(\d+)/merge", self._merge),
            ("PUT", rf"{here}/merge_requests/(\d+)/notes/(\d+)", self._rewrite),
            ("DELETE", rf"{here}/merge_requests/(\d+)/notes/(\d+)", self._take_back),
            ("POST", rf"{here}/merge_requests/(\d+)/notes/(\d+)/award_emoji", self._react),
            ("GET", rf"{here}/events", self._events),
            ("GET", rf"{here}/members/all", self._members),
            ("GET", r"/users", self._users),
            ("GET", r"/groups/(.+)/members/all/(\d+)", self._membership),
            ("GET", rf"{here}/issues", self._issues),
            ("POST", rf"{here}/issues", self._found),
            ("PUT", rf"{here}/issues/(\d+)", self._edit_issue),
        ]

    def lets_in(self, headers: dict[str, str]) -> bool:
        """Return whether the token is there."""
        return headers.get("private-token") == TOKEN

    def answer(self, method: str, path: str, query: Query, body: dict[str, str]) -> Answer:
        """Answer one call; of a project that was moved only by its id or its new path."""
        path = unquote(path)
        if path == "/api/graphql" and method == "GET":
            return self._graphql(query["query"])
        if self.moved and path.startswith(f"/projects/{PROJECT}"):
            if method != "GET":
                return Answer(
                    405, {"message": "405 Non GET methods are not allowed for moved projects Method Not Allowed"}
                )
            where = f"{self.base}{self.prefix}{path.replace(PROJECT, '1')}"
            return Answer(301, "This resource has been moved permanently", (("Location", where),))
        if path in {"/projects/1", "/projects/acme/fleet", f"/projects/{PROJECT}"}:
            name = "acme/fleet" if self.moved else PROJECT
            return Answer(200, {"id": 1, "path_with_namespace": name, "issues_enabled": self.issues_enabled})
        path = re.sub(r"^/projects/(1|acme/fleet)/", f"/projects/{PROJECT}/", path)
        for verb, pattern, handler in self._routes:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                return handler(query, body, *found.groups())
        return Answer(404, {"message": "404 Not Found"})

    def _user(self, _: Query, __: dict[str, str]) -> Answer:
        return Answer(200, {"id": BOT_ID, "username": BOT, "web_url": f"{self.base}/{BOT}"})

    def _list(self, query: Query, _: dict[str, str]) -> Answer:
        state, branch = query.get("state", "all"), query.get("source_branch", "")
        pulls = [
            pull
            for pull in self.state.all()
            if (state == "all" or (state == "opened") == (pull.state == "open"))
            and (not branch or branch == pull.branch)
            and query.get("updated_after", "") <= pull.updated <= query.get("updated_before", "9")
        ]
        if query.get("sort", "desc") == "desc":
            pulls.reverse()
        return self._paged("merge_requests", query, [self._short(pull) for pull in pulls])

    def _paged(self, name: str, query: Query, found: list[Json]) -> Answer:
        size, page = min(self.page, int(query.get("per_page", "20"))), int(query.get("page", "1"))
        pairs = "&".join(f"{key}={value}" for key, value in query.items() if key != "page")
        address = f"{self.base}{self.prefix}/projects/acme%2Fgitops/{name}?{pairs}&page={page + 1}"
        more = page * size < len(found)
        listed = found[(page - 1) * size : page * size]
        return Answer(200, listed, (("Link", f'<{address}>; rel="next"'),) if more else ())

    def _events(self, query: Query, _: dict[str, str]) -> Answer:
        """List comments, newest first, as far as the events are written yet; of whole days only."""
        said = [(one, pull) for pull in self.state.all() for one in pull.comments if NOW[:10] > query["after"]]
        said.sort(key=lambda pair: -pair[0].id)
        found: list[Json] = [
            {
                "id": 20_000 + one.id,
                "project_id": 1,
                "action_name": "commented on",
                "target_type": "Note",
                "created_at": NOW,
                "note": {**self._said(one), "noteable_type": "MergeRequest", "noteable_iid": pull.number},
            }
            for one, pull in said[self.late_events :]
        ]
        return self._paged("events", query, found)

    def _create(self, _: Query, body: dict[str, str]) -> Answer:
        try:
            draft, title = body["title"].startswith("Draft: "), body["title"].removeprefix("Draft: ")
            branches = (body["source_branch"], body["target_branch"])
            pull = self.state.create(*branches, title, body.get("description", ""), draft=draft)
            ids = body.get("reviewer_ids", ())
            reviewers = tuple(login for login, number in self.state.users.items() if number in ids)
            labels = tuple(filter(None, body.get("labels", "").split(",")))
            pull = self.state.edit(pull.number, labels=labels, reviewers=reviewers)
        except DeclinedError as error:
            exists = "already exists" in str(error)
            said = "Another open merge request already exists for this source branch: !1" if exists else str(error)
            return Answer(409 if exists else 422, {"message": [said]})
        return Answer(201, self._full(pull))

    def _get(self, _: Query, __: dict[str, str], number: str) -> Answer:
        return Answer(200, self._full(self.state.get(int(number))))

    def _edit(self, _: Query, body: dict[str, str], number: str) -> Answer:
        names = {"title": "title", "description": "body", "target_branch": "base"}
        values = {names[key]: value.removeprefix("Draft: ") for key, value in body.items() if key in names}
        if "state_event" in body:
            values["state"] = "closed" if body["state_event"] == "close" else "open"
        if "reviewer_ids" in body:
            ids = body["reviewer_ids"]
            values["reviewers"] = tuple(login for login, known in self.state.users.items() if known in ids)
        return Answer(200, self._full(self.state.edit(int(number), **values)))

    def _notes(self, _: Query, __: dict[str, str], number: str) -> Answer:
        system: Json = {
            "id": 1,
            "body": "added 1 commit",
            "system": True,
            "author": self._person(BOT, BOT_ID),
            "created_at": NOW,
            "updated_at": NOW,
        }
        return Answer(200, [system, *(self._said(said) for said in self.state.get(int(number)).comments)])

    def _note(self, _: Query, body: dict[str, str], number: str) -> Answer:
        return Answer(201, self._said(self.state.say(int(number), BOT, body["body"])))

    def _rewrite(self, _: Query, body: dict[str, str], number: str, note: str) -> Answer:
        self.state.rewrite(int(number), int(note), body["body"])
        return Answer(200, next(self._said(one) for one in self.state.get(int(number)).comments if one.id == int(note)))

    def _take_back(self, _: Query, __: dict[str, str], number: str, note: str) -> Answer:
        del number
        gone = self.state.take_back(int(note))
        return Answer(204, None) if gone else Answer(404, {"message": "404 Not Found"})

    def _react(self, _: Query, body: dict[str, str], number: str, note: str) -> Answer:
        del number
        new = self.state.react(int(note), body["name"])
        self.touch(int(note))
        if not new:
            return Answer(404, {"message": "404 Award Emoji Name has already been taken Not Found"})
        return Answer(201, {"id": len(self.state.reactions), "name": body["name"]})

    def touch(self, note: int) -> None:
        """Move the time of a note as a reaction does, without an edit of it."""
        for pull in self.state.all():
            comments = tuple(replace(one, updated=LATER) if one.id == note else one for one in pull.comments)
            self.state.pulls[pull.number] = replace(pull, comments=comments)

    def _graphql(self, query: str) -> Answer:
        """Tell when notes were edited last, as far as it is told."""
        known = {one.id: one for pull in self.state.all() for one in pull.comments}
        asked = [int(one) for one in re.findall(r"gid://gitlab/Note/(\d+)", query)]
        if self.graphql_is_off:
            return Answer(200, {"errors": [{"message": "Field 'lastEditedAt' doesn't exist on type 'Note'"}]})
        told: Json = {
            f"n{one}": {"body": known[one].body, "lastEditedAt": LATER if known[one].edited else None} for one in asked
        }
        return Answer(200, {"data": told})

    def _merge(self, query: Query, body: dict[str, str], number: str) -> Answer:
        if not self.state.merge_as_bot(int(number), query.get("sha") or body["sha"]):
            return Answer(409, {"message": "SHA does not match HEAD of source branch"})
        return Answer(200, self._full(self.state.get(int(number))))

    def _users(self, query: Query, _: dict[str, str]) -> Answer:
        name = query.get("username", "")
        return Answer(200, [self._person(name, self.state.users[name])] if name in self.state.users else [])

    def _membership(self, _: Query, __: dict[str, str], group: str, user: str) -> Answer:
        logins = self.state.teams.get(group, ())
        found = [login for login in logins if self.state.users[login] == int(user)]
        if not found:
            return Answer(404, {"message": "404 Not found"})
        return Answer(200, {"id": int(user), "username": found[0], "access_level": 30})

    def _issues(self, query: Query, _: dict[str, str]) -> Answer:
        own = query.get("scope") == "created_by_me"
        boards = [
            one
            for one in self.state.issues.values()
            if one.state == "open"
            and query.get("labels", "") in {"", *one.labels}
            and (not own or one.author[0] == BOT)
        ]
        return Answer(200, [self._board(board) for board in boards])

    def _found(self, _: Query, body: dict[str, str]) -> Answer:
        labels = tuple(filter(None, body.get("labels", "").split(",")))
        return Answer(201, self._board(self.state.found(body["title"], body["description"], labels)))

    def _edit_issue(self, _: Query, body: dict[str, str], number: str) -> Answer:
        was = self.state.issues[int(number)]
        closed = body.get("state_event") == "close"
        board = replace(was, body=body.get("description", was.body), state="closed" if closed else was.state)
        self.state.issues[board.number] = board
        return Answer(200, self._board(board))

    def _board(self, board: Board) -> Json:
        return {
            "id": 7000 + board.number,
            "iid": board.number,
            "project_id": 1,
            "web_url": f"{self.base}/{PROJECT}/-/issues/{board.number}",
            "title": board.title,
            "description": board.body,
            "state": "opened" if board.state == "open" else "closed",
            "author": self._person(*board.author),
            "labels": list(board.labels),
        }

    def _members(self, query: Query, __: dict[str, str]) -> Answer:
        del query  # some releases ignore `user_ids`, so the client must look for itself
        return Answer(
            200,
            [
                {"id": number, "username": login, "access_level": _LEVELS[self.state.levels.get(login, "none")]}
                for login, number in self.state.users.items()
            ],
        )

    def _person(self, login: str, number: int) -> Json:
        return {"id": number, "username": login, "bot": login in self.state.bots}

    def _said(self, said: Said) -> dict[str, Json]:
        return {
            "id": said.id,
            "body": said.body,
            "system": False,
            "author": self._person(said.login, said.user_id),
            "created_at": NOW,
            "updated_at": said.updated,
        }

    def _short(self, pull: Pull) -> dict[str, Json]:
        return {
            "id": 5000 + pull.number,
            "iid": pull.number,
            "web_url": f"{self.base}/{PROJECT}/-/merge_requests/{pull.number}",
            "state": {"open": "opened"}.get(pull.state, pull.state),
            "title": f"{'Draft: ' if pull.draft else ''}{pull.title}",
            "description": pull.body,
            "author": self._person(*pull.author),
            "labels": list(pull.labels),
            "draft": pull.draft,
            "user_notes_count": len(pull.comments),
            "reviewers": [self._person(login, self.state.users[login]) for login in pull.reviewers],
            "created_at": NOW,
            "updated_at": pull.updated,
            "source_branch": pull.branch,
            "target_branch": pull.base,
            "source_project_id": 99 if pull.fork else 1,
            "target_project_id": 1,
            "sha": pull.head,
            "merge_commit_sha": pull.merge_commit or None,
            "squash_commit_sha": None,
        }

    def _full(self, pull: Pull) -> Json:
        ended = self._person(*pull.ended_by) if pull.ended_by[0] else None
        merged = pull.state == "merged"
        return {
            **self._short(pull),
            "merge_user": ended if merged else None,
            "closed_by": ended if pull.state == "closed" else None,
        }
