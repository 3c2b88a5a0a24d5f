"""Takes out of foreign text what a reader cannot see: control, bidirectional and zero-width characters.

Sources: Unicode 15.1 general categories; "Trojan Source", CVE-2021-42574, for the bidirectional controls.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 300
"""Characters kept of one foreign name; Kubernetes allows 253, a Hugging Face id 96."""

_COMMAND = re.compile(r"^::|##(?=\w*\[)")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def one_line(text: str, longest: int = LONGEST) -> str:
    """Return the text on one line, without invisible characters, cut to `longest` characters."""
    spaced = "".join(" " if char.isspace() else char for char in text)
    seen = "".join(char for char in spaced if unicodedata.category(char) not in _INVISIBLE)
    flat = " ".join(seen.split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def log_line(text: str, longest: int = 2000) -> str:
    """Return the text on one line for a terminal or a job's log, where no foreign words are taken for a command.

    GitHub's runner reads `::name::` at the start of a line, and `##[name]` anywhere in it; that of Azure reads
    `##vso[name]`: https://github.com/actions/runner/blob/v2.328.0/src/Runner.Common/ActionCommand.cs
    """
    return _COMMAND.sub(lambda found: " ".join(found.group()), one_line(text, longest))


def wrapped(text: str, longest: int = LONGEST) -> str:
    """Return the same for what is broken into lines as wide as the terminal: there any word may begin one."""
    return log_line(text, longest).replace("::", ": :")


def log_lines(text: str) -> str:
    """Return text of several lines for a terminal or a job's log, indented as it was."""
    lines = text.split("\n")
    return "\n".join(f"{' ' * (len(line) - len(line.lstrip(' ')))}{log_line(line)}" for line in lines)


def visible(text: str) -> str:
    """Return text of several lines with each invisible character spelled out, such as `<U+202E>`."""
    return "".join(_spell(char) for char in text.replace("\r\n", "\n"))


def _spell(char: str) -> str:
    if char in "\n\t" or unicodedata.category(char) not in _INVISIBLE:
        return char
    return f"<U+{ord(char):04X}>"
