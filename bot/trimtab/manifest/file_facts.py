"""What the bytes of one file say by themselves, kept under their blob id."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.manifest.hints import Hints, hints_of, words_in
from trimtab.manifest.links import KUSTOMIZATIONS, links_text
from trimtab.manifest.parse import check
from trimtab.manifest.tree import Tree


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the bytes of a YAML file say.

    Attributes:
        line: Where no parser takes it any further, from 1; zero where one does.
        reason: Why.
        hints: What they hint at.
        words: Those that are looked up which they hold.
        links: What they name where the file is a kustomization, in a form that is kept; empty elsewhere.
    """

    line: int
    reason: str
    hints: Hints
    words: tuple[str, ...]
    links: str

    @staticmethod
    def read(path: str, data: bytes) -> FileFacts:
        """Return what the bytes of a file say."""
        broken = check(data)
        line, reason = (broken.line, broken.reason) if broken is not None else (0, "")
        links = links_text(Tree({path: data}), path) if path.rpartition("/")[2] in KUSTOMIZATIONS else ""
        return FileFacts(line, reason, hints_of(data), words_in(data), links)
