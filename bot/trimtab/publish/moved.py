"""Repositories that were renamed: a forge answers with a redirect, which is taken as news of the name."""

from __future__ import annotations

import re

STATUSES = frozenset({301, 302, 307, 308})
"""GitHub answers reads with 301 and writes with 307 (read 2026-08):
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects."""

_REPOSITORY = re.compile(r"/(?P<path>repositories/\d+|repos/[^/?#]+/[^/?#]+)", re.ASCII)


class MovedError(Exception):
    """The forge knows a repository by another name now.

    Attributes:
        path: Where the repository is to be asked for, such as `/repositories/7`; empty where the answer does not tell.
    """

    def __init__(self, location: str) -> None:
        """Take the address that the answer names."""
        super().__init__(location)
        found = _REPOSITORY.search(location)
        self.path = f"/{found['path']}" if found else ""
