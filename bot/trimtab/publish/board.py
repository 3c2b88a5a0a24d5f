"""The dashboard on the forge: which boxes people ticked, and the text written without losing one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from trimtab.fleet import Found, Unknown
from trimtab.publish.forge import Issue
from trimtab.publish.site import Site
from trimtab.report.dashboard import RELEASE

_BOX = re.compile(
    rf"^\s*[-*] \[(?P<tick>[ xX])\] {re.escape(RELEASE)}(?P<id>[0-9a-f]{{8,64}}) -->", re.ASCII | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Board:
    """The dashboard as a run found it.

    Attributes:
        issue: The issue; Unknown where there is none yet.
        released: Recommendations whose box a person ticked.
    """

    issue: Found[Issue] | Unknown
    released: frozenset[str]


def read_board(site: Site) -> Board:
    """Return the dashboard; boxes count only in an issue that this account opened.

    Raises:
        RateLimitedError: The forge wants no more calls.
    """
    issue = site.forge.dashboard()
    return Board(issue, _released(site, issue))


def write_board(site: Site, was: Board, text: str) -> str:
    """Write the dashboard where it differs, and return its address; empty where there is none.

    It is read again before, so that a box that was ticked during the run stays ticked for the next one.
    """
    if isinstance(was.issue, Found) and was.issue.value.body.strip() == text.strip():
        return was.issue.value.url
    if isinstance(was.issue, Found):
        text = _with_ticks(text, _released(site, site.forge.dashboard()) - was.released)
    written = site.forge.dashboard(text)
    return written.value.url if isinstance(written, Found) else ""


def _released(site: Site, issue: Found[Issue] | Unknown) -> frozenset[str]:
    """Return what is ticked; a stranger's issue releases nothing, and who opened one is asked only where it matters."""
    ticked = _ticked(issue.value.body) if isinstance(issue, Found) else frozenset()
    ours = isinstance(issue, Found) and bool(ticked) and issue.value.author == site.forge.whoami()
    return ticked if ours else frozenset()


def _ticked(body: str) -> frozenset[str]:
    return frozenset(box["id"] for box in _BOX.finditer(body) if box["tick"] != " ")


def _with_ticks(text: str, ticked: frozenset[str]) -> str:
    return _BOX.sub(lambda box: box.group().replace("[ ]", "[x]", 1) if box["id"] in ticked else box.group(), text)
