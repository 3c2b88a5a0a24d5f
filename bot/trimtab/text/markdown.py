"""Markdown that says exactly what it is given: no mention, link, tag, image or table border comes out of a name.

Templates print through `say`, so that a value is escaped unless it is `Md` already. Sources: GitHub Flavored Markdown
0.29, sections 2.4 and 6.1 to 6.11. GitHub and GitLab find mentions, references and addresses in the rendered text,
where a backslash no longer helps: these are broken with a zero-width space, as Renovate does (lib/util/markdown.ts).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from trimtab.text.clean import LONGEST, one_line, visible

_BREAK = "\u200b"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
_PUNCTUATION = re.compile(r"[\\`*\[\]~^]|\$(?!\d)|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
_SIGIL = re.compile(r"[@#!%&~^](?=[\w\"])|:(?=[\w+-]+:)")
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|mailto|javascript|data|file|xmpp):|\bwww\.|\bG[HL]-(?=\d)")
_CLOSES = re.compile(r"(?i)\bhttps?:(?=//)|\bG[HL]-(?=\d)")
"""Begins what names an issue after `closes`, beside `#`: its address, `GH-1` on GitHub and `GL-1` on GitLab."""

_OURS = re.compile(r"<!--(?=\s*trimtab)")
"""Begins every mark that a run looks for in a body: a file that it shows may hold a forged one."""

_START = re.compile(r"^([-+=#](?=[-+=# ]|$)|/(?=\w)|\d+(?=[.)](?: |$)))")
_NAME = re.compile(r"(?=.*[0-9/_.-])(?=.*[A-Za-z])[\w][\w./:@-]*[\w]")
_SAFE_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/%?=&+-]{1,2000}", re.ASCII)
_NOT_PLAIN = re.compile(r"[^0-9A-Za-z ./,()=%+\-]")


class Md(str):
    """Text that is Markdown already and is printed as it stands."""

    __slots__ = ()


def say(value: object) -> str:
    """Return how a template prints a value: `Md` as it stands, anything else escaped. Jinja2's `finalize`."""
    return value if isinstance(value, Md) else escape(str(value))


def escape(text: str, longest: int = LONGEST * 4) -> Md:
    """Return the text as Markdown on one line that reads as the same text and does nothing else."""
    flat = _ADDRESS.sub(lambda found: found.group()[:-1] + _BREAK + found.group()[-1], one_line(text, longest))
    flat = _SIGIL.sub(lambda found: found.group() + _BREAK, flat)
    flat = _PUNCTUATION.sub(lambda found: "\\" + found.group(), flat)
    flat = "".join(_ENTITIES.get(char, char) for char in flat)
    return Md(_START.sub(lambda found: _hold(found.group()), flat))


def _hold(start: str) -> str:
    """Return the start of a line so that it makes no list, heading, rule or GitLab quick action."""
    return f"{start}{_BREAK}" if start.isdigit() else f"\\{start}"


def prose(text: str, names: Iterable[str]) -> Md:
    """Return a sentence with the names in it as code; only names that no ordinary word can be are looked for."""
    found = sorted({name for name in names if _NAME.fullmatch(name)}, key=lambda name: (-len(name), name))
    if not found:
        return escape(text)
    parts = re.split(rf"(?<![\w./-])({'|'.join(map(re.escape, found))})(?![\w/-])", one_line(text, LONGEST * 4))
    return Md("".join(code(part) if index % 2 else _between(part, index) for index, part in enumerate(parts)))


def _between(part: str, index: int) -> str:
    """Return the escaped text between two names with the spaces at its ends."""
    if not part.strip():
        return part
    body = escape(part) if index == 0 else escape(f"x{part}")[1:]
    return body + (" " if part[-1] == " " else "")


def code(text: str) -> Md:
    """Return a code span that holds the text, whatever backticks are in it."""
    flat = _foreign(one_line(text))
    if not flat:
        return Md("(empty)")
    fence = "`" * (_longest_run(flat) + 1)
    pad = " " if flat[0] == "`" or flat[-1] == "`" else ""
    return Md(f"{fence}{pad}{flat}{pad}{fence}")


def cell_code(text: str) -> Md:
    """Return the same for a cell of a table, where a pipe or a backslash would not be safe in a code span."""
    flat = one_line(text)
    if not set(flat) & set("|\\`"):
        return code(flat)
    return Md(f"<code>{_NOT_PLAIN.sub(lambda found: f'&#{ord(found.group())};', flat)}</code>")


def fence(text: str, language: str = "") -> Md:
    """Return a fenced block that holds the text; invisible characters are spelled out."""
    shown = _foreign(visible(text).strip("\n"))
    ticks = "`" * max(3, _longest_run(shown) + 1)
    return Md(f"{ticks}{language}\n{shown}\n{ticks}")


def link(words: str, url: str) -> Md:
    """Return a link; an address that could be anything else than one is shown as code instead."""
    return Md(f"[{escape(words)}]({url})") if _SAFE_ADDRESS.fullmatch(url) else code(url)


def _foreign(text: str) -> str:
    """Return text in which nothing reads as a hidden mark of ours, which code shows as it stands."""
    return _OURS.sub(lambda found: found.group() + _BREAK, text)


def as_html(text: str) -> Md:
    """Return the text for the inside of an HTML tag, where Markdown is not read."""
    return Md(html.escape(one_line(text)))


def plain(text: str, longest: int = LONGEST) -> str:
    """Return the text for a title or a commit message: one line that mentions, closes, skips and marks up nothing."""
    flat = _CLOSES.sub(lambda found: f"{found.group()[:-1]} ", one_line(text, longest))
    for mark, word in (("@", " at "), ("#", " no. "), ("[", "("), ("]", ")"), ("`", "'"), ("<", "("), (">", ")")):
        flat = flat.replace(mark, word)
    return " ".join(flat.split())


def _longest_run(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
