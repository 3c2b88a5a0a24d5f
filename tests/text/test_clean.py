"""What a terminal or a job's log shows of foreign words: the words, and nothing that acts."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.text.hostile import texts
from trimtab.cli.app import run
from trimtab.text.clean import log_line, log_lines

COMMANDS = (
    "::set-output name=x::y",
    "  ::add-mask::chat",
    "\u200b::error::forged",
    "fine\n::stop-commands::x",
    "fine\r::set-env name=PATH::/evil",
    "seen ##[add-path]/evil",
    "##vso[task.setvariable variable=x]y",
    "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "\x1b[2J\x1b[H\x1b[0Ksection_start:0:x\r",
    ":\u200b:warning::x",
)
"""Words that runners, terminals and log viewers act on."""


@given(st.one_of(texts, st.sampled_from(COMMANDS), st.lists(st.sampled_from(COMMANDS)).map("".join)))
def test_a_log_holds_no_command(text: str) -> None:
    """No line begins as a command of a runner, none is in it, and no letter is one that nobody sees."""
    for line in log_lines(text).split("\n"):
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert "##vso[" not in line
        assert not [char for char in line if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}]
    assert "\n" not in log_line(text)


def test_words_that_are_no_command_stay_as_they_are() -> None:
    """An address, a scope of C++ and a heading are words."""
    said = "a std::vector, http://[::1]:80 and ## Heading"

    assert log_line(said) == said


@pytest.mark.parametrize("name", ["::error::forged", "##[add-mask]chat", "\x1b[31mred"])
def test_a_path_in_a_repository_commands_no_runner(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is named as a command is shown as a name, wherever a job lists what it found."""
    folder = tmp_path / name
    folder.mkdir()
    (folder / "broken.yaml").write_text("a: [")

    run(["inspect", str(tmp_path)])

    printed = capsys.readouterr()
    assert "broken.yaml" in f"{printed.out}{printed.err}"
    for line in f"{printed.out}\n{printed.err}".splitlines():
        assert not line.strip().startswith("::")
        assert "##[" not in line
        assert "\x1b[31m" not in line


def test_an_error_commands_no_runner(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What an error repeats of a file's name or content reaches the log as words."""
    config = tmp_path / "x\n::add-mask::chat.yaml"

    assert run(["scan", "--config", str(config)]) == 2

    assert not [line for line in capsys.readouterr().err.splitlines() if line.strip().startswith("::")]
