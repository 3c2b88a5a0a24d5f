"""Holds a fake to its forge's OpenAPI description: every request that it takes, and every answer that it gives.

What the description requires and a fake has no need of is filled in with the emptiest value that is allowed, so that a
client meets answers of full size; what a fake says itself must be there in the description, and as it is there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

Schema: TypeAlias = "dict[str, Any]"

_KINDS = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}
_FORMATS = {"date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "uri": re.compile(r"https?://[^\s{}]+")}
_EMPTY = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}
_WELL_FORMED = {"date-time": "2026-11-21T00:00:00Z", "uri": "https://example.com/"}
_ABSENT = 404
"""The answer for what is not there, or not for this token, whether or not a call's description names it:
https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#404-not-found-for-an-existing-resource."""

_COMBINED = ("oneOf", "anyOf")


class Description:
    """A description, cut down by `cut_openapi`."""

    def __init__(self, file: Path) -> None:
        """Read it."""
        whole = json.loads(file.read_text())
        self._parts = whole["parts"]
        paths = sorted(whole["paths"].items(), key=lambda pair: pair[0].count("{"))  # the plainest first
        self._paths = [(_pattern(path), operations) for path, operations in paths]

    def asked(self, method: str, path: str, query: dict[str, str], body: object) -> list[str]:
        """Return what is wrong with a request."""
        operation = self._operation(method, path)
        if not operation:
            return [f"{method} {path}: there is no such call"]
        known = {each["name"]: each["schema"] for each in map(self._followed, operation.get("parameters", ()))}
        wrong = [f"?{name}: no such parameter" for name in query if name not in known]
        wrong += [f"?{name}={value}" for name, value in query.items() if value not in _choice(known, name, value)]
        content = self._followed(operation.get("requestBody", {})).get("content", {})
        if content and (body or method != "DELETE"):
            wrong += self._wrong(content["application/json"]["schema"], body, "")
        elif body:
            wrong.append("a body where none is taken")
        return [f"{method} {path}: {each}" for each in wrong]

    def answered(self, method: str, path: str, status: int, body: object) -> tuple[object, list[str]]:
        """Return an answer at its full size, and what is wrong with it."""
        answers = self._operation(method, path).get("responses", {})
        if status == _ABSENT and answers and "404" not in answers:
            return body, []
        if str(status) not in answers:
            return body, [f"{method} {path}: it never answers {status}"]
        content = self._followed(answers[str(status)]).get("content", {}).get("application/json", {})
        if not content:
            return body, []
        full = self._full(content["schema"], body)
        return full, [f"{method} {path} {status}: {each}" for each in self._wrong(content["schema"], full, "")]

    def _operation(self, method: str, path: str) -> Schema:
        found = [each for pattern, each in self._paths if pattern.fullmatch(unquote(path))]
        return next((each[method.lower()] for each in found if method.lower() in each), {})

    def _followed(self, part: Schema) -> Schema:
        while "$ref" in part:
            part = self._parts[part["$ref"]]
        return _merged([self._followed(each) for each in part["allOf"]]) if "allOf" in part else part

    def _wrong(self, schema: Schema, value: object, where: str) -> Iterator[str]:
        """Yield what is wrong with a value; of alternatives it is enough that one takes it."""
        schema = self._followed(schema)
        if value is None and schema.get("nullable"):
            return
        options = [each for how in _COMBINED for each in schema.get(how, ())]
        if options and all(any(self._wrong(each, value, where)) for each in options):
            yield from self._wrong(options[0], value, where)
        yield from _wrong_alone(schema, value, where)
        if isinstance(value, dict):
            yield from self._wrong_object(schema, value, where)
        if isinstance(value, list):
            for index, each in enumerate(value):
                yield from self._wrong(schema.get("items", {}), each, f"{where}[{index}]")

    def _wrong_object(self, schema: Schema, value: dict[str, object], where: str) -> Iterator[str]:
        fields = schema.get("properties", {})
        yield from (f"{where}.{name} is missing" for name in schema.get("required", ()) if name not in value)
        for name, each in value.items():
            if name in fields:
                yield from self._wrong(fields[name], each, f"{where}.{name}")
            elif fields and not schema.get("additionalProperties"):
                yield f"{where}.{name} is not described"

    def _full(self, schema: Schema, value: object) -> object:
        """Return a value with all that is required of it."""
        schema = self._followed(schema)
        for each in (each for how in _COMBINED for each in schema.get(how, ())):
            full = self._full(each, value)
            if not any(self._wrong(each, full, "")):
                return full
        if isinstance(value, list):
            return [self._full(schema.get("items", {}), each) for each in value]
        if not isinstance(value, dict):
            return value
        fields = schema.get("properties", {})
        missing = {name: self._emptiest(fields[name]) for name in schema.get("required", ()) if name not in value}
        return {name: self._full(fields.get(name, {}), each) for name, each in {**value, **missing}.items()}

    def _emptiest(self, schema: Schema) -> object:
        schema = self._followed(schema)
        if schema.get("nullable"):
            return None
        for each in (each for how in _COMBINED for each in schema.get(how, ())):
            return self._emptiest(each)
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("format") in _WELL_FORMED:
            return _WELL_FORMED[schema["format"]]
        return self._full(schema, _EMPTY[schema.get("type", "object")])


def _wrong_alone(schema: Schema, value: object, where: str) -> Iterator[str]:
    """Yield what is wrong with a value whatever it holds."""
    kind = schema.get("type", "")
    if kind and (not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{where or 'it'} is no {kind}: {value!r}"
    elif value not in schema.get("enum", [value]):
        yield f"{where} is none of {schema['enum']}: {value!r}"
    elif schema.get("format") in _FORMATS and not _FORMATS[schema["format"]].fullmatch(str(value)):
        yield f"{where} is no {schema['format']}: {value!r}"


def _merged(parts: list[Schema]) -> Schema:
    """Return one object with the fields of all."""
    fields = {name: each for part in parts for name, each in part.get("properties", {}).items()}
    required = [name for part in parts for name in part.get("required", ())]
    return {"type": "object", "properties": fields, "required": required}


def _choice(known: dict[str, Schema], name: str, value: str) -> list[str]:
    """Return what a parameter may be: anything where the description says nothing, or has no such parameter."""
    return known.get(name, {}).get("enum", [value])


def _pattern(path: str) -> re.Pattern[str]:
    """Return what a path looks like; the name of a reference of Git has slashes of its own."""
    several = path.endswith("/git/refs/{ref}")
    return re.compile(re.sub(r"\\\{\w+\\\}", r".+" if several else r"[^/]+", re.escape(path)))
