"""Every command with what judges it, what it then does, and how it is answered; adding one is adding its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trimtab.life import COMMAND, Draft, State
from trimtab.publish.chat import approving, changing, closing, telling
from trimtab.publish.chat.commands import Verb
from trimtab.publish.chat.desk import Desk, Effect
from trimtab.publish.site import APART


@dataclass(frozen=True, slots=True)
class Spec:
    """A command.

    Attributes:
        judge: Returns what is recorded.
        effect: What is done where it did not come to nothing.
        template: How it is answered then.
    """

    judge: Callable[[Desk], Draft]
    effect: Effect
    template: str


SPECS: Mapping[Verb, Spec] = {
    Verb.APPROVE: Spec(approving.approve, Effect.MERGE, "approved"),
    Verb.DISMISS: Spec(closing.dismiss, Effect.CLOSE, "dismissed"),
    Verb.SNOOZE: Spec(closing.snooze, Effect.CLOSE, "snoozed"),
    Verb.REBASE: Spec(changing.rebase, Effect.RUN, "rebase"),
    Verb.RECHECK: Spec(telling.tell, Effect.RUN, "recheck"),
    Verb.EXPLAIN: Spec(telling.tell, Effect.NONE, "explain"),
    Verb.ROLLBACK: Spec(changing.rollback, Effect.RUN, "rollback"),
    Verb.SPLIT: Spec(changing.split, Effect.RUN, "split"),
    Verb.OWNER: Spec(changing.owner, Effect.REVIEW, "owner"),
    Verb.HELP: Spec(telling.tell, Effect.NONE, "help"),
    Verb.UNKNOWN: Spec(telling.unknown, Effect.NONE, "help"),
}

_BY_STEP: Mapping[str, Verb] = {
    State.DISMISSED: Verb.DISMISS,
    State.SNOOZED: Verb.SNOOZE,
    State.OPEN: Verb.REBASE,
    State.REGRESSED: Verb.ROLLBACK,
}
_BY_WORD: Mapping[str, Verb] = {"approved": Verb.APPROVE} | {verb.value: verb for verb in Verb}


def verb_of(draft: Draft) -> Verb:
    """Return which command an entry is the record of: by its step, else by the first word of its note."""
    if draft.note == APART:
        return Verb.SPLIT
    if draft.step != COMMAND:
        return _BY_STEP.get(draft.step, Verb.UNKNOWN)
    return _BY_WORD.get(draft.note.partition(" ")[0], Verb.UNKNOWN)
