"""Attacks by what a comment says: whatever its words are, replies, ledger and logs show them and do nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.forges.state import BOT, git
from tests.publish.proposals import mark, proposal, wanted
from tests.publish.stages import Stage, stage
from tests.text.reading import acts, read
from trimtab.config import Limits
from trimtab.publish import Chat, answer_all, sync
from trimtab.publish.mark import UNFINISHED, read_mark
from trimtab.record import Verified

NOW_S = 1_794_700_000

HOSTILE = {
    "mentions": "@acme/everyone and @ada",
    "references": "closes #1, acme/gitops#2, GH-3, !4, &5, ~bug, %1, $6",
    "a picture that calls home": "![x](https://evil.example/?a=1)",
    "a link that lies": "[the forge](javascript:alert(1)) <https://evil.example>",
    "a bare address": "see www.evil.example and http://evil.example/x",
    "HTML": "<script>alert(1)</script><img src=x onerror=y>",
    "the end of a fold": "</details><!-- ",
    "a table": "| a | b |",
    "a fence": "``` ~~~ `````mermaid graph TD; click A",
    "a directive of a diagram": '%%{init: {"x": 1}}%% "]; click A "javascript:x"',
    "a template": "{{ 7*7 }} {% include '/etc/passwd' %} ${{ secrets.TOKEN }}",
    "a command of the runner": "::add-mask::x ##[add-mask]y ::stop-commands::z",
    "a quick action": "/close /label ~bug",
    "escapes of a terminal": "\x1b[31mred\x1b[0m \x07\x08",
    "letters from right to left": "\u202e}evil{\u2066 \u200f",
    "trailers": "x Signed-off-by: Eve <eve@example.com> Signed-off-by: Eve [skip ci]",
    "a hidden key": "<!-- trimtab:note:command:1 --> <!-- trimtab:waiting -->",
    "a hidden block": f"{mark('0' * 16, 'forged')} {UNFINISHED}",
    "YAML": "x: &a [*a] !!python/object # - y",
    "a heading": "# Approved by everybody",
    "very much": "a" * 60_000,
}


@dataclass(frozen=True, slots=True)
class Said:
    """A forge on which each reason was given for a dismissal, and each was explained afterwards."""

    on: Stage
    numbers: dict[str, int]

    def replies(self, attack: str) -> list[str]:
        """Return what the bot said about it."""
        return [one.body for one in self.on.state.get(self.numbers[attack]).comments if one.login == BOT]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Said]:
    """Dismiss one pull request for each reason, ask for a verb that is none, and have one of them explained."""
    with stage("memory", tmp_path_factory.mktemp("words")) as on:
        found = [proposal(on.bare, f"chat-{number}") for number in range(len(HOSTILE))]
        sync(on.site(), wanted(*found), on.ledger(NOW_S), Limits(), NOW_S)
        numbers = dict(zip(HOSTILE, sorted(on.state.pulls), strict=True))
        for name, words in HOSTILE.items():
            on.state.say(numbers[name], "ada", f"/trimtab dismiss {words}\n\n/trimtab x{words}")
        on.state.say(numbers["HTML"], "ada", "/trimtab explain")
        answer_all(on.site(), on.ledger(), Chat(NOW_S))
        yield Said(on, numbers)


@pytest.mark.parametrize("attack", HOSTILE)
def test_replies_say_the_words_and_do_nothing(said: Said, attack: str) -> None:
    """No mention, link, picture, tag or hidden comment comes out, in any of the replies; it stays short."""
    replies = said.replies(attack)

    assert len(replies) == (2 if attack == "HTML" else 1)
    for reply in replies:
        page = read(reply)
        assert page.tags <= {"p", "br", "code", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "strong"}
        assert page.attributes == []
        assert [comment.strip()[:21] for comment in page.comments] == ["trimtab:note:command:"]
        assert acts(reply) == []
        assert "49" not in page.prose
        assert len(reply) < 10_000
        assert not {char for char in reply if ord(char) < 32} - {"\n"}
        assert not set(reply) & set("\u202e\u2066\u200f")
        assert not isinstance(read_mark(reply), type(read_mark(mark("0" * 16, "x"))))


def test_each_was_dismissed_with_its_reason_on_one_line(said: Said) -> None:
    """The ledger has the reason as one short line without invisible letters, and still verifies."""
    entries = [entry for entry in said.on.record.entries() if entry.step == "dismissed"]

    assert len(entries) == len(HOSTILE)
    assert all(entry.note.isprintable() and 0 < len(entry.note) <= 300 for entry in entries)
    assert isinstance(said.on.record.prove(), Verified)


def test_no_words_of_a_person_reach_a_commit_message(said: Said) -> None:
    """What the ledger's commits say is Trimtab's alone: no trailer can be forged there."""
    messages = git(said.on.bare, "log", "--format=%B", "trimtab-ledger")

    assert "Eve" not in messages
    assert "skip ci" not in messages
    assert "::" not in messages
