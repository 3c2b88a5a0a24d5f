"""A unified diff that `git apply` takes, bytes kept as they are."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

_CONTEXT = 3
_NO_NEWLINE = "\\ No newline at end of file\n"


def unified(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """Return how the files of `after` differ from those of `before`, ordered by path; empty where none does."""
    return "".join(_file(path, before[path].decode(), after[path].decode()) for path in sorted(after))


def _file(path: str, before: str, after: str) -> str:
    if before == after:
        return ""
    old, new = _lines(before), _lines(after)
    left, right = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    tab = "\t" if " " in path and not left.startswith('"') else ""
    head = f"diff --git {left} {right}\n--- {left}{tab}\n+++ {right}{tab}\n"
    return head + "".join(_hunks(old, new))


def _lines(text: str) -> list[str]:
    """Return lines with their ends; a carriage return is part of a line, as for Git."""
    lines = text.split("\n")
    whole = [f"{line}\n" for line in lines[:-1]]
    return [*whole, lines[-1]] if lines[-1] else whole


def common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Return how many lines two texts share at their beginning, and how many of the rest at their end."""
    shortest = min(len(old), len(new))
    head = next((at for at in range(shortest) if old[at] != new[at]), shortest)
    tail = next((at for at in range(shortest - head) if old[-1 - at] != new[-1 - at]), shortest - head)
    return head, tail


def _hunks(old: list[str], new: list[str]) -> Iterator[str]:
    """Yield hunks; only what lies between the common beginning and end is compared line by line."""
    head, tail = common_ends(old, new)
    skip = max(0, head - _CONTEXT)
    keep = max(0, tail - _CONTEXT)
    left, right = old[skip : len(old) - keep], new[skip : len(new) - keep]
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(skip + first[1], skip + last[2])} +{_range(skip + first[3], skip + last[4])} @@\n"
        for verb, i1, i2, j1, j2 in group:
            if verb == "equal":
                yield from (_line(" ", line) for line in left[i1:i2])
                continue
            yield from (_line("-", line) for line in left[i1:i2])
            yield from (_line("+", line) for line in right[j1:j2])


def _line(mark: str, line: str) -> str:
    return f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}\n{_NO_NEWLINE}"


def _range(start: int, stop: int) -> str:
    length = stop - start
    return f"{start + 1 if length else start},{length}"


def _quoted(path: str) -> str:
    """Return a path as Git writes it: quoted, with octal bytes, where it holds anything unusual (`core.quotePath`)."""
    if all(" " <= char < "\x7f" and char not in '"\\' for char in path):
        return path
    escaped = "".join(
        f"\\{chr(byte)}" if byte in b'"\\' else chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"  # noqa: PLR2004 - printable ASCII
        for byte in path.encode()
    )
    return f'"{escaped}"'
