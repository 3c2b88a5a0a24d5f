"""Cuts GitHub's OpenAPI description down to what the fake serves: `python -m tests.forges.cut_openapi FULL.json`.

FULL.json is `generated/api.github.com.json` of the npm package `@octokit/openapi` (MIT). Words for people go, and so do
parts that nothing refers to; what is left is validated against unchanged.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

TARGET = Path(__file__).with_name("github.openapi.json")

PATHS = (
    "/user",
    "/repos/{owner}/{repo}",
    "/repos/{owner}/{repo}/pulls",
    "/repos/{owner}/{repo}/pulls/{pull_number}",
    "/repos/{owner}/{repo}/pulls/{pull_number}/merge",
    "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers",
    "/repos/{owner}/{repo}/issues",
    "/repos/{owner}/{repo}/issues/{issue_number}",
    "/repos/{owner}/{repo}/issues/{issue_number}/comments",
    "/repos/{owner}/{repo}/issues/{issue_number}/labels",
    "/repos/{owner}/{repo}/issues/comments",
    "/repos/{owner}/{repo}/issues/comments/{comment_id}",
    "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions",
    "/repos/{owner}/{repo}/collaborators/{username}/permission",
    "/repos/{owner}/{repo}/commits/{ref}",
    "/repos/{owner}/{repo}/git/refs",
    "/repos/{owner}/{repo}/git/refs/{ref}",
    "/orgs/{org}/teams/{team_slug}/memberships/{username}",
)
_WORDS = frozenset(
    {"description", "example", "examples", "summary", "title", "externalDocs", "operationId", "tags", "deprecated"}
)


def cut(full: dict[str, Json]) -> dict[str, Json]:
    """Return the description of `PATHS` with all that it refers to."""
    paths = {path: _bare(full["paths"][path], named=False) for path in PATHS}
    found: dict[str, Json] = {}
    waiting = _references(paths)
    while waiting:
        name = waiting.pop()
        if name not in found:
            part: Json = full
            for step in name.split("/")[1:]:
                part = part[step]
            found[name] = _bare(part, named=False)
            waiting |= _references(found[name])
    info = full["info"]
    source = {"source": "npm @octokit/openapi, generated/api.github.com.json", "version": info["version"]}
    return {
        "info": {**source, "license": "MIT, Copyright GitHub, Inc."},
        "paths": paths,
        "parts": dict(sorted(found.items())),
    }


def _bare(part: Json, *, named: bool) -> Json:
    """Return a part without words for people; `named`: its keys are names of fields, of which any may be one."""
    if isinstance(part, list):
        return [_bare(each, named=False) for each in part]
    if not isinstance(part, dict):
        return part
    kept = {key: value for key, value in part.items() if named or not (key in _WORDS or key.startswith("x-"))}
    return {key: _bare(value, named=key == "properties" and not named) for key, value in kept.items()}


def _references(part: Json) -> set[str]:
    if isinstance(part, list):
        return {name for each in part for name in _references(each)}
    if not isinstance(part, dict):
        return set()
    own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
    return own | {name for each in part.values() for name in _references(each)}


if __name__ == "__main__":
    made = json.dumps(cut(json.loads(Path(sys.argv[1]).read_text())), separators=(",", ":"))
    TARGET.write_text(made.replace('},"', '},\n"') + "\n")  # lines, for those who read what changed
