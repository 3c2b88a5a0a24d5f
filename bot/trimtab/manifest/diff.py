"""A unified diff that `git apply` takes, bytes kept as they are."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

_CONTEXT = 3
_MOST_PAIRS = 1_000_000
"""How many pairs of lines that are alike are looked at, which is what `difflib` needs its time for."""
_MOST_LINES = 200_000
_NO_NEWLINE = "\\ No newline at end of file\n"


def unified(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """Return how the files of `after` differ from those of `before`, ordered by path; empty where none does."""
    return "".join(_file(path, before[path].decode(), after[path].decode()) for path in sorted(after))


def _file(path: str, before: str, after: str) -> str:
    if before == after:
        return ""
    left, right = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    tab = "\t" if " " in path and not left.startswith('"') else ""
    head = f"diff --git {left} {right}\n--- {left}{tab}\n+++ {right}{tab}\n"
    return head + "".join(_hunks(before, after))


def _lines(text: str) -> list[str]:
    """Return lines with their ends; a carriage return is part of a line, as for Git."""
    lines = text.split("\n")
    whole = [f"{line}\n" for line in lines[:-1]]
    return [*whole, lines[-1]] if lines[-1] else whole


def common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Return how many lines or characters two texts share at their beginning, and how many of the rest at their end."""
    shortest = min(len(old), len(new))
    head = next((at for at in range(shortest) if old[at] != new[at]), shortest)
    tail = next((at for at in range(shortest - head) if old[-1 - at] != new[-1 - at]), shortest - head)
    return head, tail


def _shared_ends(old: str, new: str) -> tuple[int, int]:
    """Return what `common_ends` does, in no more time than comparing the texts a few times takes."""
    head = _shared(old, new, min(len(old), len(new)), lambda text, at: text[:at])
    rest = min(len(old), len(new)) - head
    return head, _shared(old, new, rest, lambda text, at: text[len(text) - at :])


def _shared(old: str, new: str, most: int, part: Callable[[str, int], str]) -> int:
    """Return the largest length, up to `most`, of which two texts' parts are the same."""
    return bisect_left(range(1, most + 1), 1, key=lambda at: part(old, at) != part(new, at))


def window(before: str, after: str, context: int = 0) -> tuple[int, int, int]:
    """Return where the lines begin that two texts do not share, and where they end in the one and in the other.

    Args:
        before: A text.
        after: It, changed.
        context: How many more lines on either side to take in.

    """
    head, tail = _shared_ends(before, after)
    start = before.rfind("\n", 0, head) + 1
    end = before.find("\n", len(before) - tail) + 1 or len(before)
    for _ in range(context):
        start = before.rfind("\n", 0, max(start - 1, 0)) + 1
        end = before.find("\n", end) + 1 or len(before)
    return start, end, len(after) - (len(before) - end)


class Lines(difflib.SequenceMatcher[str]):
    """Which lines two lists share; of lists in which too many are alike, those that stand at the same index."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        """Take both lists."""
        super().__init__(None, old, new, autojunk=False)
        self._old, self._new = old, new

    def get_matching_blocks(self) -> list[difflib.Match]:
        """Return what both have, in order."""
        counts = Counter(self._new)
        if sum(counts[line] for line in self._old) <= _MOST_PAIRS:
            return super().get_matching_blocks()
        same = len(self._old) == len(self._new)
        alike = [at for at, line in enumerate(self._old) if same and line == self._new[at]]
        runs = [list(run) for _, run in groupby(enumerate(alike), key=lambda one: one[1] - one[0])]
        blocks = [difflib.Match(run[0][1], run[0][1], len(run)) for run in runs]
        return [*blocks, difflib.Match(len(self._old), len(self._new), 0)]


def _hunks(before: str, after: str) -> Iterator[str]:
    """Yield hunks; only the lines that the texts do not share, and those around them, are compared line by line."""
    start, old_end, new_end = window(before, after, _CONTEXT)
    skip = before.count("\n", 0, start)
    if is_long(before[start:old_end]):
        yield from _one_hunk(before, after)
        return
    left, right = _lines(before[start:old_end]), _lines(after[start:new_end])
    for group in Lines(left, right).get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(skip + first[1], skip + last[2])} +{_range(skip + first[3], skip + last[4])} @@\n"
        for verb, i1, i2, j1, j2 in group:
            if verb == "equal":
                yield _marked(" ", "".join(left[i1:i2]))
                continue
            yield _marked("-", "".join(left[i1:i2]))
            yield _marked("+", "".join(right[j1:j2]))


def _one_hunk(before: str, after: str) -> Iterator[str]:
    """Yield the hunk that takes out all that two texts do not share, and puts in what takes its place."""
    start, old_end, new_end = window(before, after)
    first, last, last_new = window(before, after, _CONTEXT)
    skip = before.count("\n", 0, first)
    counts = [text.count("\n") + (not text.endswith("\n")) for text in (before[first:last], after[first:last_new])]
    yield f"@@ -{_range(skip, skip + counts[0])} +{_range(skip, skip + counts[1])} @@\n"
    yield _marked(" ", before[first:start])
    yield _marked("-", before[start:old_end])
    yield _marked("+", after[start:new_end])
    yield _marked(" ", before[old_end:last])


def is_long(text: str) -> bool:
    """Return whether a text has more lines than are compared one by one."""
    return text.count("\n") > _MOST_LINES


def _marked(mark: str, text: str) -> str:
    """Return lines as a hunk shows them."""
    if not text:
        return ""
    body, end = (text[:-1], "\n") if text.endswith("\n") else (text, f"\n{_NO_NEWLINE}")
    return mark + body.replace("\n", f"\n{mark}") + end


def _range(start: int, stop: int) -> str:
    length = stop - start
    return f"{start + 1 if length else start},{length}"


def _quoted(path: str) -> str:
    """Return a path as Git writes it: quoted, with octal bytes, where it holds anything unusual (`core.quotePath`)."""
    if all(" " <= char < "\x7f" and char not in '"\\' for char in path):
        return path
    escaped = "".join(
        f"\\{chr(byte)}" if byte in b'"\\' else chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"  # noqa: PLR2004 - printable ASCII
        for byte in path.encode(errors="surrogateescape")
    )
    return f'"{escaped}"'
