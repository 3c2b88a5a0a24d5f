"""A forge in memory: the whole interface over the shared state, without a protocol between."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tests.forges.state import BOT, BOT_ID, NOW, Board, DeclinedError, ForgeState, Pull, Said
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
    Permission,
    PullRequest,
    PullState,
    Rights,
)
from trimtab.publish.mark import DASHBOARD, LABEL, TITLE, key_of

_LEVELS = {"read": Permission.READ, "write": Permission.WRITE, "admin": Permission.ADMIN}


class MemoryForge:
    """A `Forge` for tests."""

    def __init__(self, state: ForgeState) -> None:
        """Take the state that people act on."""
        self.state = state
        self.writes: list[str] = []

    def whoami(self) -> Actor:
        """Return the bot's account."""
        return Actor(BOT, BOT_ID)

    def pulls(self, branch: str = "") -> tuple[PullRequest, ...]:
        """Return our open pull requests; of a branch all, newest first."""
        if branch:
            return tuple(reversed([pull for pull in self._ours() if pull.branch == branch]))
        return tuple(pull for pull in self._ours() if pull.state is PullState.OPEN)

    def open_pull(self, new: NewPull) -> PullRequest:
        """Open one, or take the open one."""
        for pull in self.pulls():
            if pull.branch == new.branch:
                return pull
        self.writes.append(f"open {new.branch}")
        try:
            pull = self.state.create(new.branch, new.base, new.title, new.body, draft=new.dress.draft)
        except DeclinedError as error:
            raise ForgeError(str(error)) from None
        return self._dressed(pull.number, new.dress)

    def edit_pull(
        self, number: int, *, title: str, body: str, state: PullState, head: str = "", dress: Dress = PLAIN
    ) -> PullRequest:
        """Set title, body and state, or merge."""
        self.writes.append(f"edit {number}")
        if state is PullState.MERGED:
            if not self.state.merge_as_bot(number, head):
                raise ForgeError("Head branch was modified")
            return _pull(self.state.get(number))
        self._dressed(number, dress)
        goes = {"base": dress.base} if dress.base else {}
        return _pull(self.state.edit(number, title=title, body=body, state=state.value, **goes))

    def comments(self, number: int = 0, *, since: str = "") -> tuple[Comment, ...]:
        """Return the comments of one, or of all; all were made at the same time."""
        del since
        numbers = (number,) if number else tuple(sorted(self.state.pulls))
        return tuple(self._comment(said, each) for each in numbers for said in self.state.get(each).comments)

    def comment(self, number: int, body: str, *, answers: int = 0) -> Comment | Unknown:
        """Say something once for each key, in the same place where the text differs."""
        if answers:
            self.state.reactions.append((answers, "eyes"))
        if not body:
            return Unknown("only the reaction was wanted")
        for comment in self.comments(number):
            if key_of(body) and key_of(comment.body) == key_of(body) and comment.author == self.whoami():
                if comment.body != body:
                    self.writes.append(f"say anew {number}")
                    self.state.rewrite(number, comment.id, body)
                return comment
        self.writes.append(f"comment {number}")
        return self._comment(self.state.say(number, BOT, body), number)

    def rights(self, actor: Actor, owners: Collection[str] = ()) -> Rights:
        """Return what an account may do, by its id."""
        if self.state.users.get(actor.login) != actor.id:
            return Rights(Permission.NONE)
        permission = _LEVELS.get(self.state.levels.get(actor.login, ""), Permission.NONE)
        names = [owner.removeprefix("@") for owner in owners]
        owner = any(actor.login in self.state.teams.get(name, (name,)) for name in names)
        return Rights(permission, permission > Permission.NONE and owner)

    def dashboard(self, body: str = "") -> Found[Issue] | Unknown:
        """Return the dashboard, or write it."""
        own = [board for board in self.state.issues.values() if _is_dashboard(board)]
        if body and not own:
            self.writes.append("open dashboard")
            own = [self.state.found(TITLE, body, (LABEL,))]
        if body and own[0].body != body:
            self.writes.append("edit dashboard")
            own = [replace(own[0], body=body)]
            self.state.issues[own[0].number] = own[0]
        return Found(_issue(own[0])) if own else Unknown("there is no dashboard yet")

    def _dressed(self, number: int, dress: Dress) -> PullRequest:
        pull = self.state.get(number)
        reviewers = tuple(one.removeprefix("@") for one in dress.reviewers)
        labels = tuple(dict.fromkeys((*pull.labels, *dress.labels)))
        return _pull(self.state.edit(number, labels=labels, reviewers=(*pull.reviewers, *reviewers)))

    def _ours(self) -> list[PullRequest]:
        return [_pull(pull) for pull in self.state.all() if pull.branch.startswith(PREFIX) and not pull.fork]

    def _comment(self, said: Said, number: int) -> Comment:
        return Comment(
            id=said.id,
            author=Actor(said.login, said.user_id),
            bot=said.login in self.state.bots,
            body=said.body,
            edited=said.updated != NOW,
            number=number,
            created=NOW,
        )


def _is_dashboard(board: Board) -> bool:
    return board.state == "open" and board.author == (BOT, BOT_ID) and board.body.startswith(DASHBOARD)


def _issue(board: Board) -> Issue:
    return Issue(board.number, Actor(*board.author), board.body, f"memory:{board.number}")


def _pull(pull: Pull) -> PullRequest:
    return PullRequest(
        number=pull.number,
        title=pull.title,
        body=pull.body,
        state=PullState(pull.state),
        branch=pull.branch,
        head=pull.head,
        base=pull.base,
        author=Actor(*pull.author),
        url=f"memory:{pull.number}",
        merge_commit=pull.merge_commit,
        ended_by=Actor(*pull.ended_by) if pull.ended_by[0] else NOBODY,
        draft=pull.draft,
    )
