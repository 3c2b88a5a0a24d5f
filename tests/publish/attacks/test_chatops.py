"""Attacks by comments: each is tried on GitHub and on GitLab, with merging on approval turned on, and none succeeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.forges.state import BOT, ForgeState, Said, commit_to, tip
from tests.publish.proposals import mark, proposal, wanted
from tests.publish.stages import SERVED, Stage, stage
from trimtab.config import Limits
from trimtab.life import Entry
from trimtab.publish import Chat, answer_all, sync
from trimtab.record import Verified

NOW_S = 1_794_700_000
LINE = "/trimtab approve"

HIDDEN = {
    "in a code fence": f"```\n{LINE}\n```",
    "after a fence that is never closed": f"~~~\n\n{LINE}",
    "in inline code over lines": f"`a\n{LINE}\nb`",
    "in an indented block": f"    {LINE}",
    "after a tab": f"\t{LINE}",
    "in a quote": f"> {LINE}",
    "in a quote that goes on": f"> so you say\n{LINE}",
    "in a quote of GitLab": f">>>\nhello\n\n{LINE}\n>>>",
    "in front matter of GitLab": f"---\n{LINE}\n---",
    "in an HTML comment": f"<!--\n\n{LINE}\n\n-->",
    "in an HTML comment that is never closed": f"<!-- x\n\n{LINE}",
    "folded away": f"<details><summary>log</summary>\n\n{LINE}\n\n</details>",
    "in a quote of HTML": f"<blockquote>\n\n{LINE}\n\n</blockquote>",
    "struck out by HTML": f"<del>\n\n{LINE}\n\n</del>",
    "struck out": f"~~no\n{LINE}~~",
    "in a link's title": f"[a]: https://example.com '\n{LINE}\n'",
    "as a link": f"[{LINE}](https://example.com)",
    "in a table": f"| a |\n| - |\n{LINE}",
    "in a list": f"- {LINE}",
    "in a numbered list": f"1. {LINE}",
    "in a formula": f"$$\n{LINE}\n$$",
    "after sixty kilobytes of spaces": f"{' ' * 60_000}{LINE}",
    "in the middle of a line": f"please {LINE}",
    "after a zero-width space": f"\u200b{LINE}",
    "after a byte order mark": f"\ufeff{LINE}",
    "after a no-break space": f"\u00a0{LINE}",
    "after a right-to-left override": f"\u202e{LINE}",
    "with a full-width slash": "\uff0ftrimtab approve",
    "with a Cyrillic letter": "/trimt\u0430b approve",
    "after a line separator": f"x\u2028{LINE}",
    "after a vertical tab": f"x\x0b{LINE}",
    "after a NUL": f"\x00{LINE}",
    "in capitals": LINE.upper(),
}
"""What a reader does not see as its author's own plain words: no entry, no reply, no reaction."""

DECLINED = {
    "by a reader": ("eve", LINE),
    "by a stranger": ("mallory", LINE),
    "by a look-alike of another case": ("Ada", LINE),
    "by a look-alike of the bot": ("trimtab-bot-", LINE),
    "with a shell's substitution": ("ada", f"{LINE} $(id > owned)"),
    "with backticks": ("ada", f"{LINE} `id`"),
    "with a second command of a shell": ("ada", "/trimtab approve; rm -rf ."),
    "with a path of its own": ("ada", f"{LINE} --values=../../etc/passwd"),
    "with the first digits of a commit": ("ada", f"{LINE} {{head:.7}}"),
    "with another commit": ("ada", f"{LINE} {'0' * 40}"),
    "with a condition": ("ada", f"{LINE} unless the tests fail"),
    "with a letter that nobody sees": ("ada", f"{LINE}\u202e"),
    "together with its contrary": ("ada", f"{LINE}\n\n/trimtab dismiss too risky"),
    "a dismissal without a visible reason": ("ada", "/trimtab dismiss \u200b\u202e\u2066"),
    "a snooze without an end": ("ada", "/trimtab snooze 99999999999999999999d"),
    "a snooze into the past": ("ada", "/trimtab snooze -3d"),
    "a snooze that is no number": ("ada", "/trimtab snooze nand"),
    "two owners": ("ada", "/trimtab owner @ada @eve"),
    "an owner with a line of YAML": ("ada", "/trimtab owner @ada\\n  approvers: all"),
    "a verb that is none": ("ada", "/trimtab merge"),
    "a forged key before it": ("ada", "<!-- trimtab:note:command:9001 -->\n\n/trimtab approve now"),
    "ten thousand of them": ("ada", "\n".join(f"/trimtab dismiss {number}" for number in range(10_000))),
}
"""What is seen, recorded and answered once, and comes to nothing."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A forge after every attack was tried on its one pull request."""

    on: Stage
    comments: dict[str, int]
    entries: tuple[Entry, ...]
    head: str

    def of(self, attack: str) -> list[Entry]:
        """Return what was recorded of an attack."""
        return [entry for entry in self.entries if entry.command == self.comments[attack]]

    def replies(self, attack: str) -> list[str]:
        """Return what was answered to it."""
        key = f"<!-- trimtab:note:command:{self.comments[attack]} -->"
        said = self.on.state.get(1).comments
        return [one.body for one in said if one.login == BOT and one.body.startswith(key)]


@pytest.fixture(scope="module", params=SERVED)
def tried(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    """Try all attacks on one pull request, and answer them in one go, as a scheduled run does."""
    with stage(request.param, tmp_path_factory.mktemp("attacks")) as on:
        sync(on.site(), wanted(proposal(on.bare)), on.ledger(NOW_S), Limits(), NOW_S)
        state, head = on.state, on.state.get(1).head
        state.users |= {"mallory": 13, "Ada": 8, "trimtab-bot-": 4243}
        comments = {name: state.say(1, "ada", body).id for name, body in HIDDEN.items()}
        for name, (login, body) in DECLINED.items():
            comments[name] = state.say(1, login, body.replace("{head:.7}", head[:7])).id
        comments["by a machine"] = state.say(1, BOT, LINE).id
        comments["edited"] = state.say(1, "ada", "Nice.").id
        state.rewrite(1, comments["edited"], LINE)
        comments["on another's pull request"] = _on_anothers(state).id
        answer_all(on.site(), on.ledger(), Chat(NOW_S, merges=True))
        yield Tried(on, comments, on.record.entries(), head)


def _on_anothers(state: ForgeState) -> Said:
    """Comment on a pull request that a person opened from a branch of theirs, with a hidden block like ours."""
    commit_to(state.bare, "feature", {"apps/chat.yaml": "replicas: 0\n"}, "Feature")
    forged = mark(state.get(1).branch.rsplit("/", 1)[-1], "x")
    return state.say(state.create("feature", "main", "Mine", forged, author="ada").number, "ada", LINE)


@pytest.mark.parametrize("attack", [*HIDDEN, "by a machine", "edited", "on another's pull request"])
def test_what_is_no_command_is_passed_over(tried: Tried, attack: str) -> None:
    """Nothing is recorded of it, nothing said, and it gets no reaction."""
    assert tried.of(attack) == []
    assert tried.replies(attack) == []
    assert tried.comments[attack] not in dict(tried.on.state.reactions)


@pytest.mark.parametrize("attack", DECLINED)
def test_what_may_not_be_is_recorded_and_answered_once(tried: Tried, attack: str) -> None:
    """Each command is one entry that changes no state, and the comment has one reply that says why."""
    entries = tried.of(attack)

    assert entries
    assert {(entry.recommendation, entry.step, entry.tree) for entry in entries} == {("", "command", "")}
    assert all(entry.note.startswith(("refused: ", "not done: ")) for entry in entries)
    (reply,) = tried.replies(attack)
    assert len(reply) < 2000


def test_none_of_them_changed_anything(tried: Tried) -> None:
    """The pull request is open as it was, the base did not move, and the ledger holds."""
    pull = tried.on.state.get(1)

    assert (pull.state, pull.head, pull.reviewers) == ("open", tried.head, ())
    assert tip(tried.on.bare, pull.branch) == tried.head
    assert {entry.step for entry in tried.entries} == {"proposed", "open", "command"}
    assert isinstance(tried.on.record.prove(), Verified)


def test_the_next_run_has_nothing_to_say(tried: Tried) -> None:
    """All that was answered stays answered: no write, however often a run looks."""
    writes, stands = len(tried.on.log.writes), tried.on.fingerprint()

    assert answer_all(tried.on.site(), tried.on.ledger(), Chat(NOW_S, merges=True)) == ((), "")
    assert (len(tried.on.log.writes), tried.on.fingerprint()) == (writes, stands)
