"""What a script itself gives its variables: `MODEL=org/name`, and further down `--model $MODEL`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from trimtab.manifest import shell
from trimtab.manifest.command import Word
from trimtab.manifest.text import Layer, Text

_NAMING = frozenset({"export", "readonly", "declare", "typeset", "local"})
_OPENING = frozenset({"if", "case", "for", "while", "until", "select", "{"})
_CLOSING = frozenset({"fi", "esac", "done", "}"})
_TESTS = frozenset({"[", "[[", "test", "grep", "command", "which"})
_ASSIGNS = re.compile(r"[A-Za-z_]\w*=")
_QUOTES = {"'": "shell-single", '"': "shell-double"}


def is_assigned(name: str, word: Word) -> bool:
    """Return whether the script that holds a word gives a variable a value itself, so that no other place does."""
    return bool(_count(name, word))


def _count(name: str, word: Word) -> int:
    """Return how often the script that holds a word gives a variable a value."""
    assignment = rf"(?:^|[\s;&|(])(?:{name}\+?=|(?:for|read)\s(?:-\w+\s+)*{name}\b)"
    return len(re.findall(assignment, word.script.value, re.MULTILINE)) if word.script is not None else 0


def is_sourced(word: Word) -> bool:
    """Return whether the script that holds a word runs words of elsewhere, which may give any variable a value."""
    elsewhere = r"(?:^|[\s;&|(])(?:\.|source|eval)\s+(?!\S*/activate\b)\S"
    return word.script is not None and re.search(elsewhere, word.script.value, re.MULTILINE) is not None


def assigned(name: str, word: Word) -> Word | None:
    """Return what the script says a variable is: once, before the word, on every way through, and in one piece."""
    if word.script is None or _count(name, word) != 1:
        return None
    depth, before = 0, ""
    for words in shell.commands(word.script):
        first = words[0].text.value
        depth += (first in _OPENING) - (first in _CLOSING)
        one = _assignment(name, words)
        if one is not None:
            always = depth == 0 and one.start < word.start and not _depends(word.script.value[: one.start], before)
            return _value(one, name, word) if always else None
        before = first
    return None


def _assignment(name: str, words: Sequence[shell.ShellWord]) -> shell.ShellWord | None:
    """Return the word that gives a variable a value, in a command that does nothing else."""
    told = words[1:] if words[0].text.value in _NAMING else words
    if not all(_ASSIGNS.match(one.text.value) for one in told):
        return None
    return next((one for one in told if one.text.value.startswith(f"{name}=")), None)


def _depends(text: str, before: str) -> bool:
    """Return whether what stands at the end of a text is run only where the command before it does well, or fails."""
    end = text.rstrip(" \t\r\n\\")
    return end.endswith(("||", "|", "(")) or (end.endswith("&&") and before in _TESTS)


def _value(one: shell.ShellWord, name: str, word: Word) -> Word | None:
    """Return what stands after the equals sign, where it is bare or in one pair of quotes."""
    script = word.script or Text.whole("")
    start, end, style = one.start + len(name) + 1, one.end, "word"
    raw = script.value[start:end]
    if len(raw) > 1 and raw[0] in _QUOTES and raw[-1] == raw[0]:
        style, start, end, raw = _QUOTES[raw[0]], start + 1, end - 1, raw[1:-1]
    if not raw or re.search(r"['\"\\\s]", raw):
        return None
    text = script.cut(start, end, Layer(style))
    return replace(word, text=text, via="shell", start=one.start, end=one.end, literal=style == "shell-single")
