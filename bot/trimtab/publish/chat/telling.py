"""`explain`, `help`, `recheck` and unknown words: commands that change no state."""

from __future__ import annotations

from trimtab.life import Draft
from trimtab.publish.chat.desk import Desk
from trimtab.text.clean import one_line

_LONGEST = 60


def tell(desk: Desk) -> Draft:
    """Return the entry of a command that only wants to be told something, or to have it judged anew."""
    one = f" {desk.standing.id}" if desk.parts else ""
    return desk.told(f"{desk.command.verb.value}{one}")


def unknown(desk: Desk) -> Draft:
    """Return the entry of a word that is no command."""
    return desk.not_done(f"I do not know the command {one_line(desk.command.argument, _LONGEST)!r}.")
