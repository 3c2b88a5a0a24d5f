"""The words of a reply: what became of each command, and the outcome of the run that one asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from trimtab.life import Entry, histories
from trimtab.publish.chat.asked import MOST
from trimtab.publish.chat.desk import came_to_nothing
from trimtab.publish.chat.recording import Recorded
from trimtab.publish.chat.verbs import SPECS, verb_of
from trimtab.recommendation import Link
from trimtab.text.markdown import link
from trimtab.text.templates import markdown_templates

_LONGEST = 60_000
"""Characters of a reply; GitHub takes 65,536."""

_HISTORY = 20
"""Steps that `explain` lists."""


def reply_to(recorded: Recorded, extras: Mapping[int, str], more: int, *, merges: bool) -> str:
    """Return the reply to a comment, without its key; what is the same for several commands is said once.

    Args:
        recorded: What the ledger has of the comment.
        extras: By the number of an entry, why the forge did not merge.
        more: Commands that were left because there are too many.
        merges: Whether an approval merges.
    """
    parts = [part for entry in recorded.entries for part in _parts(recorded, entry, extras, merges=merges)]
    parts += [_render("too-many", {"more": more, "most": MOST})] if more > 0 else []
    return "\n\n".join(dict.fromkeys(parts))[:_LONGEST]


def outcome_of(ids: Collection[str], links: Sequence[Link], entries: Sequence[Entry]) -> str:
    """Return what a run made of recommendations, and of those that take them back.

    Args:
        ids: The recommendations.
        links: What the run did.
        entries: The ledger after it.
    """
    back = {entry.recommendation for entry in entries if entry.reverts in ids}
    known = histories(entries)
    of_these = [one for one in links if one.id in ids or one.id in back]
    said = dict.fromkeys((one.note, one.id in back, one.url) for one in of_these)
    told = [
        {"note": note, "revert": revert, "pull": link("pull request", url) if url else ""} for note, revert, url in said
    ]
    states = sorted({known[each][-1].step for each in ids if each in known})
    return _render("outcome", {"told": told, "states": states})


def _parts(recorded: Recorded, entry: Entry, extras: Mapping[int, str], *, merges: bool) -> Iterator[str]:
    template = "nothing-done" if came_to_nothing(entry) else SPECS[verb_of(entry)].template
    for history in _about(recorded, entry):
        yield _render(
            template,
            {
                "draft": entry,
                "entries": history,
                "latest": history[-_HISTORY:],
                "last": history[-1],
                "merges": merges and not extras.get(entry.seq),
                "stays": bool(entry.pull_request),
            },
        )
    if extras.get(entry.seq):
        yield _render("not-merged", {"why": extras[entry.seq]})


def _about(recorded: Recorded, entry: Entry) -> Sequence[tuple[Entry, ...]]:
    """Return the histories of what a command is about: of the one that it named, else of all."""
    named = entry.recommendation or entry.note.rpartition(" ")[2]
    return [recorded.histories[named]] if named in recorded.histories else list(recorded.histories.values())


def _render(template: str, values: Mapping[str, object]) -> str:
    return markdown_templates().get_template(f"comment/{template}.md.j2").render(values).strip()
