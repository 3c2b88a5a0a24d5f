"""Which lines of a comment are commands, and which only look like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.publish.chat.commands import Command, Verb, commands_in

DISMISS = Command(Verb.DISMISS, "too risky")
LINE = "/trimtab dismiss too risky"


@pytest.mark.parametrize(
    "body",
    [
        LINE,
        f"Thanks, but no.\n{LINE}",
        f"Thanks, but no.\r\n\r\n{LINE}\r\n",
        f"> earlier words\n\n{LINE}",
        f"```\ncode\n```\n\n{LINE}",
        f"{LINE}\n\nmore words",
        "/trimtab\tdismiss  too risky  ",
    ],
)
def test_a_line_of_its_own_is_a_command(body: str) -> None:
    """A command at the first column of a line that everybody sees counts."""
    assert commands_in(body) == (DISMISS,)


@pytest.mark.parametrize(
    "body",
    [
        f" {LINE}",
        f"\t{LINE}",
        f"see {LINE}",
        f"> {LINE}",
        f"> quoted\n{LINE}",
        f"```\n{LINE}\n```",
        f"~~~~\n```\n{LINE}\n~~~\n\n{LINE}",
        f"```\n\n{LINE}",
        f"`a\n{LINE}\nb`",
        f"<!--\n{LINE}\n-->",
        f"<!--\n\n{LINE}\n\n-->",
        f"<!-- {LINE}",
        f"<!--\n```\n-->\n```\n{LINE}\n-->",
        f"```\n<!--\n```\n\n{LINE}",
        f"<details>\n\n{LINE}\n\n</details>",
        f"<details><details></details>\n\n{LINE}\n\n</details>",
        f"<pre>\n\n{LINE}\n\n</pre>",
        f"<PRE>\n\n{LINE}",
        f"<div>\n{LINE}\n</div>",
        f"<?php\n\n{LINE}\n\n?>",
        f"[a]: https://example.com '\n{LINE}\n'",
        f"| a |\n{LINE}",
        f"$$\n\n{LINE}\n\n$$",
        "/trimtabs dismiss x",
        "/TRIMTAB dismiss x",
        f"x\u2028{LINE}",
        f"x\x0b{LINE}",
        f"x\x85{LINE}",
        f"\u200b{LINE}",
        "",
    ],
)
def test_what_readers_do_not_see_as_words_is_none(body: str) -> None:
    """Code, quotes, hidden HTML and lines that are none in Markdown give no command."""
    assert commands_in(body) == ()


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/trimtab", Command(Verb.HELP, "")),
        ("/trimtab help", Command(Verb.HELP, "")),
        ("/trimtab snooze 14d", Command(Verb.SNOOZE, "14d")),
        ("/trimtab explain", Command(Verb.EXPLAIN, "")),
        ("/trimtab recheck now", Command(Verb.RECHECK, "now")),
        ("/trimtab approve", Command(Verb.APPROVE, "")),
        ("/trimtab merge", Command(Verb.UNKNOWN, "merge")),
        ("/trimtab Dismiss x", Command(Verb.UNKNOWN, "Dismiss x")),
        ("/trimtab unknown", Command(Verb.UNKNOWN, "unknown")),
        ("/trimtab dismiss; rm -rf /", Command(Verb.UNKNOWN, "dismiss; rm -rf /")),
    ],
)
def test_the_grammar_is_closed(line: str, command: Command) -> None:
    """What is not known word for word is unknown."""
    assert commands_in(line) == (command,)


@given(st.text(alphabet="/trimtab dismx<>`~!-\n\r|[]$\t#", max_size=200))
def test_any_text_can_be_read(body: str) -> None:
    """No comment makes the grammar fail."""
    commands_in(body)


def test_long_comments_are_read_in_no_time() -> None:
    """The largest comments that forges take do not make it think for long; a quadratic reader would not end."""
    for piece in ("<!--", "<details>", "`", " ", "<pre", "/trimtab \t", "[a"):
        commands_in(piece * (65_536 // len(piece)))
