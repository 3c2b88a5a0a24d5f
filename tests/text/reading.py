"""Reads Markdown as a forge would, to see what a text became."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

_READER = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])
_MENTION = re.compile(r"(?<![\w/])@[A-Za-z0-9]|#\d|\bGH-\d|(?:https?|ftp)://|\bwww\.")
_QUICK_ACTION = re.compile(r"(?m)^/[a-z]")


class _Page(HTMLParser):
    """Collects tags, attributes, comments and the text outside code."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.comments: list[str] = []
        self.prose = ""
        self.text = ""
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [pair for pair in attrs if pair[0] not in {"style", "class"}]
        self._code += tag in {"code", "pre"}

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in {"code", "pre"}

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        self.text += data
        self.prose += "" if self._code else data


def read(markdown: str) -> _Page:
    """Return what a forge would show of the text."""
    page = _Page()
    page.feed(_READER.render(markdown))
    page.close()
    return page


def acts(markdown: str) -> list[str]:
    """Return the mentions, references and addresses in the shown prose, and quick actions outside code blocks."""
    written = "\n".join(token.content for token in _READER.parse(markdown) if token.type in {"inline", "html_block"})
    return _MENTION.findall(read(markdown).prose) + _QUICK_ACTION.findall(written)
