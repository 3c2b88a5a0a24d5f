"""Holds requests of GitHub's GraphQL API to its schema.

`python -m tests.forges.graphql SCHEMA.json VERSION` writes what is used of it. SCHEMA.json is `schema.json` of the npm
package `@octokit/graphql-schema` (MIT), the answer to the introspection query.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

Types: TypeAlias = "dict[str, dict[str, str]]"

FILE = Path(__file__).with_name("github.graphql.json")

_USED = {
    "Query": {"viewer"},
    "User": {"login", "databaseId"},
    "Mutation": {"createCommitOnBranch"},
    "CreateCommitOnBranchPayload": {"commit"},
    "Commit": {"oid"},
}
"""Of these types the fields that are asked for; of what is sent all, with all that it is made of."""

_SENT = (
    "CreateCommitOnBranchInput",
    "CommittableBranch",
    "CommitMessage",
    "FileChanges",
    "FileAddition",
    "FileDeletion",
)
_SCALARS = {"String": str, "ID": str, "GitObjectID": str, "Base64String": str, "Int": int, "Boolean": bool}
_TOKEN = re.compile(r"\w+|[{}]")


def cut(schema: dict[str, Any]) -> Types:
    """Return the types that are used: each field with its type as the language writes it."""
    types = {each["name"]: each for each in schema["__schema"]["types"]}
    kept = {name: {each["name"]: _written(each["type"]) for each in types[name]["inputFields"]} for name in _SENT}
    for name, used in _USED.items():
        kept[name] = {each["name"]: _written(each["type"]) for each in types[name]["fields"] if each["name"] in used}
    return kept


def wrong(types: Types, query: str, variables: dict[str, object]) -> Iterator[str]:
    """Yield what is wrong with a request: fields that are not there, and variables that are not of their types."""
    for name, kind in re.findall(r"\$(\w+):\s*([\w!\[\]]+)", query):
        yield from _value(types, kind, variables.get(name), name)
    words = _TOKEN.findall(re.sub(r"\([^)]*\)", "", query))
    within = ["Mutation" if words[0] == "mutation" else "Query"]
    last = within[0]
    for word in words[1:]:
        if word == "{":
            within.append(last)
        elif word == "}":
            within.pop()
        elif word in types.get(within[-1], {}):
            last = types[within[-1]][word].strip("!")
        else:
            yield f"{within[-1]} has no field {word}"


def _written(kind: dict[str, Any]) -> str:
    if kind["kind"] == "NON_NULL":
        return f"{_written(kind['ofType'])}!"
    return f"[{_written(kind['ofType'])}]" if kind["kind"] == "LIST" else str(kind["name"])


def _value(types: Types, kind: str, value: object, where: str) -> Iterator[str]:
    """Yield what is wrong with a value that is sent."""
    missing, kind = value is None and kind.endswith("!"), kind.removesuffix("!")
    if value is None:
        yield from [f"{where} is missing"] * missing
        return
    if kind.startswith("["):
        for each in value if isinstance(value, list) else [None]:
            yield from _value(types, kind[1:-1], each, where)
    elif not isinstance(value, _SCALARS.get(kind, dict)):
        yield f"{where} is no {kind}: {value!r}"
    elif isinstance(value, dict):
        fields = types[kind]
        yield from (f"{where}.{name} is not described" for name in value if name not in fields)
        for name, each in fields.items():
            yield from _value(types, each, value.get(name), f"{where}.{name}")


if __name__ == "__main__":
    kept = {"source": "npm @octokit/graphql-schema, schema.json; MIT, Copyright GitHub, Inc.", "version": sys.argv[2]}
    made = cut(json.loads(Path(sys.argv[1]).read_text()))
    FILE.write_text(json.dumps({**kept, "types": made}, indent=1) + "\n")
