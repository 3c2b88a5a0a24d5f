"""What the bytes of one file say by themselves, kept under their blob id."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.manifest.hints import Hints, hints_of, words_in
from trimtab.manifest.links import KUSTOMIZATIONS, links_in
from trimtab.manifest.parse import check
from trimtab.manifest.seen import Question
from trimtab.manifest.tree import Tree


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the bytes of a YAML file say.

    Attributes:
        line: Where no parser takes it any further, from 1; zero where one does.
        reason: Why.
        hints: What they hint at.
        words: Those that are looked up which they hold.
    """

    line: int
    reason: str
    hints: Hints
    words: tuple[str, ...]

    @staticmethod
    def read(data: bytes) -> FileFacts:
        """Return what bytes say."""
        broken = check(data)
        line, reason = (broken.line, broken.reason) if broken is not None else (0, "")
        return FileFacts(line, reason, hints_of(data), words_in(data))

    def texts(self) -> tuple[str, ...]:
        """Return it in a form that is kept."""
        hints = self.hints
        return (str(self.line), self.reason, f"{hints.kinds:d}{hints.serves:d}{hints.chart:d}", *self.words)

    @staticmethod
    def of(texts: tuple[str, ...]) -> FileFacts:
        """Return what was kept.

        Raises:
            ValueError: It is none.
        """
        line, reason, hints, *words = texts
        kinds, serves, chart = (one == "1" for one in hints)
        return FileFacts(int(line), reason, Hints(kinds, serves, chart), tuple(words))


def read_alone(path: str, blob: str, data: bytes) -> dict[Question, tuple[str, ...]]:
    """Return what the bytes of a YAML file say, and what they name where it is a kustomization."""
    found: dict[Question, tuple[str, ...]] = {("facts", blob): FileFacts.read(data).texts()}
    if path.rpartition("/")[2] in KUSTOMIZATIONS:
        tree = Tree({path: data})
        tree.seen.wanted = True
        links_in(tree, path)
        found.update(tree.seen.alone)
    return found
