"""A forge in memory: the whole interface over the shared state, without a protocol between."""

from __future__ import annotations

from tests.forges.state import BOT, BOT_ID, NOW, DeclinedError, ForgeState, Pull, Said
from trimtab.errors import ForgeError
from trimtab.life import NOBODY, Actor
from trimtab.publish.forge import PREFIX, Comment, NewPull, Permission, PullRequest, PullState
from trimtab.publish.mark import key_of

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

    def open_pulls(self) -> tuple[PullRequest, ...]:
        """Return our open pull requests."""
        return tuple(pull for pull in self._ours() if pull.state is PullState.OPEN)

    def pulls_of(self, branch: str) -> tuple[PullRequest, ...]:
        """Return all from a branch, newest first."""
        return tuple(reversed([pull for pull in self._ours() if pull.branch == branch]))

    def open_pull(self, new: NewPull) -> PullRequest:
        """Open one, or take the open one."""
        for pull in self.open_pulls():
            if pull.branch == new.branch:
                return pull
        self.writes.append(f"open {new.branch}")
        try:
            return _pull(self.state.create(new.branch, new.base, new.title, new.body))
        except DeclinedError as error:
            raise ForgeError(str(error)) from None

    def edit_pull(self, number: int, *, title: str, body: str, state: PullState) -> PullRequest:
        """Set title, body and state."""
        self.writes.append(f"edit {number}")
        return _pull(self.state.edit(number, title=title, body=body, state=state.value))

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return the comments, oldest first."""
        return tuple(self._comment(said) for said in self.state.get(number).comments)

    def comment(self, number: int, body: str) -> Comment:
        """Comment once for each key."""
        for comment in self.comments(number):
            if key_of(body) and key_of(comment.body) == key_of(body) and comment.author == self.whoami():
                return comment
        self.writes.append(f"comment {number}")
        return self._comment(self.state.say(number, BOT, body))

    def permission(self, actor: Actor) -> Permission:
        """Return what an account may do, by its id."""
        if self.state.users.get(actor.login) != actor.id:
            return Permission.NONE
        return _LEVELS.get(self.state.levels.get(actor.login, ""), Permission.NONE)

    def _ours(self) -> list[PullRequest]:
        return [_pull(pull) for pull in self.state.all() if pull.branch.startswith(PREFIX) and not pull.fork]

    def _comment(self, said: Said) -> Comment:
        bot = said.login in self.state.bots
        return Comment(said.id, Actor(said.login, said.user_id), bot, said.body, edited=said.updated != NOW)


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
    )
