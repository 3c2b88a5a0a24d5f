"""What a command is judged with: the recommendation, who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from trimtab.fleet import Found, Unknown
from trimtab.life import COMMAND, Draft, Entry, State, following
from trimtab.publish.chat.asked import Asked
from trimtab.publish.chat.commands import Command
from trimtab.publish.forge import PullRequest
from trimtab.publish.site import Site
from trimtab.publish.standing import Standing

REFUSED, NOT_DONE = "refused: ", "not done: "
"""What the note of an entry begins with, where nothing came of the command."""


@dataclass(frozen=True, slots=True)
class Chat:
    """How comments are answered.

    Attributes:
        now_s: The time, Unix seconds.
        merges: Whether an approval merges.
    """

    now_s: int
    merges: bool = False


class Effect(StrEnum):
    """What is done once the entry is written; each may be done twice and has its effect once."""

    NONE = "none"
    CLOSE = "close"
    MERGE = "merge"
    REVIEW = "review"
    RUN = "run"
    """Judge anew; the outcome is told in the reply."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One command with everything that is needed to judge it.

    Attributes:
        site: Where.
        standing: The recommendation as it stands now; a command about several is judged for each.
        asked: The comment.
        command: Which of its commands, without the recommendation that it names.
        line: The command's number in the comment.
        now_s: The time, Unix seconds.
        heads: The entries of its branch, which tell of the heads that it had, oldest first.
        parts: Whether the command is about some of the recommendations in the pull request, and not about all.
    """

    site: Site
    standing: Standing
    asked: Asked
    command: Command
    line: int
    now_s: int
    heads: tuple[Entry, ...] = ()
    parts: bool = False

    @property
    def pull(self) -> Found[PullRequest] | Unknown:
        """Return the pull request where it is open."""
        return self.asked.pull

    def step(self, state: State, note: str = "") -> Draft:
        """Return the draft of a step that a person asks for."""
        draft = following(self.standing.last, state, self.asked.comment.author)
        pull = self.pull.value if isinstance(self.pull, Found) else None
        return replace(
            draft,
            pull_request=pull.number if pull else draft.pull_request,
            url=pull.url if pull else draft.url,
            command=self.asked.comment.id,
            line=self.line,
            note=note,
        )

    def ending(self, state: State, note: str) -> Draft:
        """Return the draft of a step that closes the pull request, or takes the recommendation out of it."""
        return self.leaving(state, note) if self.parts else self.step(state, note)

    def leaving(self, state: State, note: str) -> Draft:
        """Return the draft of a step that takes the recommendation out of the pull request that it shares."""
        return replace(self.step(state, note), branch="", head="", pull_request=0)

    def told(self, note: str) -> Draft:
        """Return the draft for a command that changes no state."""
        last = self.standing.last
        return Draft(
            recommendation="",
            step=COMMAND,
            actor=self.asked.comment.author,
            rule=last.rule,
            subject=last.subject,
            repository=last.repository,
            pull_request=self.asked.comment.number,
            url=last.url,
            command=self.asked.comment.id,
            line=self.line,
            note=note,
        )

    def not_done(self, why: str) -> Draft:
        """Return the draft for a command that asks for what cannot be."""
        return self.told(f"{NOT_DONE}{why}")

    def refused(self, why: str) -> Draft:
        """Return the draft for a command of somebody who may not."""
        return self.told(f"{REFUSED}{why}")


def came_to_nothing(draft: Draft) -> bool:
    """Return whether a command was refused or could not be done."""
    return draft.step == COMMAND and draft.note.startswith((REFUSED, NOT_DONE))
