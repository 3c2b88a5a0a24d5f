"""Who owns a file: CODEOWNERS as GitHub and GitLab read it, from the base branch.

Sources (read 2026-08): https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
and https://docs.gitlab.com/user/project/codeowners/reference/. The last pattern that matches a file has it; of GitLab's
sections each adds its own owners.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trimtab.gitio import Repo

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where the file may lie; the first that is there counts, in both forges' order: they skip each other's folder."""

_LARGEST = 3 * 1024 * 1024
"""GitHub reads none above 3 MB."""

_SECTION = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?P<owners>.*)")
_WORD = re.compile(r"(?:\\.|[^\s\\])+")


@dataclass(frozen=True, slots=True)
class Line:
    """One pattern.

    Attributes:
        section: GitLab's section, empty where there is none.
        pattern: Compiled; matches a whole path.
        owners: `@login`, `@group/team`, `@@role` or an address; none frees the file from owners.
    """

    section: str
    pattern: re.Pattern[str]
    owners: tuple[str, ...]


def owners_of(repo: Repo, base: str, files: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """Return the owners of each file; none where nobody owns it.

    Raises:
        GitError: The base branch cannot be read.
    """
    lines = parse(_read(repo, base))
    return {path: owners(lines, path) for path in files}


def owners(lines: Sequence[Line], path: str) -> frozenset[str]:
    """Return who owns one file."""
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        if line.pattern.fullmatch(path):
            found[line.section] = line.owners
    return frozenset(owner for each in found.values() for owner in each)


def parse(text: str) -> tuple[Line, ...]:
    """Return the lines of a CODEOWNERS file; what cannot be understood is passed over, as the forges do."""
    section, default = "", ()
    found: list[Line] = []
    for raw in text.splitlines():
        line = raw.split(" #", 1)[0].strip()
        heading = _SECTION.fullmatch(line)
        if heading:
            section, default = heading["name"].strip().lower(), tuple(heading["owners"].split())
            continue
        words = _WORD.findall(line)
        if not words or line.startswith(("#", "!")):
            continue
        named = tuple(word for word in words[1:] if "@" in word) or (default if len(words) == 1 else ())
        found.append(Line(section, _compiled(re.sub(r"\\(.)", r"\1", words[0])), named))
    return tuple(found)


def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern as a regular expression that cannot backtrack far: stars never meet."""
    anchored = "/" in pattern.rstrip("/")
    body = re.sub(r"\*{3,}", "**", pattern.strip("/"))
    joined = "/".join("**" if part == "**" else _segment(part) for part in body.split("/"))
    joined = joined.replace("**/", "(?:[^/]+/)*").replace("/**", "/.+").replace("**", ".*")
    lead = "" if anchored else "(?:[^/]+/)*"
    tail = "/.+" if pattern.endswith("/") else "" if pattern.endswith("*") else "(?:/.+)?"
    return re.compile(lead + joined + tail)


def _segment(part: str) -> str:
    """Return one part of a path: stars do not reach over slashes."""
    return re.sub(r"(?:\\\*)+", "[^/]*", re.escape(part)).replace(r"\?", "[^/]")


def _read(repo: Repo, base: str) -> str:
    for place in PLACES:
        shown = repo.attempt("cat-file", "blob", f"refs/heads/{base}:{place}")
        if shown.returncode == 0 and len(shown.stdout) <= _LARGEST:
            return shown.stdout.decode("utf-8", "replace")
    return ""
