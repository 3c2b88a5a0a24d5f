"""Where this Trimtab was taken from, so that a workflow can take the same."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from trimtab.errors import TrimtabError, UsageError
from trimtab.gitio import address_of, opened

_SHA = re.compile(r"[0-9a-f]{40}", re.ASCII)
_GIVEN = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)@(?P<ref>[0-9a-f]{40})", re.ASCII)
_ADDRESS = re.compile(r"(?:[a-z+]+://)?(?:[^@/]*@)?(?P<host>[^/:]+)(?::\d+)?[:/](?P<path>[\w.-]+/[\w.-]+?)(?:\.git)?/?")


@dataclass(frozen=True, slots=True)
class Origin:
    """A repository of Trimtab at one commit; both empty where it cannot be told.

    Attributes:
        repository: `owner/name`.
        ref: The full SHA.
    """

    repository: str = ""
    ref: str = ""


def given_source(text: str) -> Origin:
    """Return what `--source` says.

    Raises:
        UsageError: It is not `OWNER/NAME@SHA`.
    """
    match = _GIVEN.fullmatch(text)
    if match is None:
        raise UsageError(
            f"--source {text!r} is no OWNER/NAME@SHA", "a tag can be moved, so give the 40 digits of a commit"
        )
    return Origin(match["repository"], match["ref"])


def find_source(host: str) -> Origin:
    """Return where the installation comes from, if that is on `host`: a workflow can take it from nowhere else.

    An installer records it: https://packaging.python.org/en/latest/specifications/direct-url/ (read 2026-08).
    """
    try:
        recorded = distribution("trimtab").read_text("direct_url.json") or "{}"
        said = json.loads(recorded)
        address, commit = _of_record(str(said.get("url", "")), str(said.get("vcs_info", {}).get("commit_id", "")))
    except (PackageNotFoundError, ValueError, AttributeError, TrimtabError):
        return Origin()
    match = _ADDRESS.fullmatch(address)
    there = match is not None and match["host"].lower() == host and _SHA.fullmatch(commit)
    return Origin(match["path"], commit) if match is not None and there else Origin()


def _of_record(url: str, commit: str) -> tuple[str, str]:
    """Return an address and a commit; of a folder its origin's, if that has the commit that is checked out."""
    if commit or not url.startswith("file:"):
        return url, commit
    folder = Path(url2pathname(urlsplit(url).path))
    repo = opened(folder)
    head = repo.first_of("HEAD")
    pushed = bool(head) and repo.attempt("for-each-ref", "--contains", head, "refs/remotes/origin").stdout.strip()
    return (address_of(folder), head) if pushed else ("", "")
