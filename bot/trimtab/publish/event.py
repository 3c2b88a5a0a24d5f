"""Which comment an event is about. An event is only a pointer: nothing but two numbers and a name is taken from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trimtab.errors import UsageError
from trimtab.fleet import Found, Unknown

_LARGEST = 25 * 1024 * 1024
"""Bytes of an event; GitHub's limit: https://docs.github.com/en/webhooks/webhook-events-and-payloads (2026-08)."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A comment on a pull request.

    Attributes:
        repository: `owner/name`, or the project's full path.
        number: The pull request's.
        comment: The comment's.
    """

    repository: str
    number: int
    comment: int


def read_event(environ: Mapping[str, str]) -> Found[Pointer] | Unknown:
    """Return the new comment that the environment's event is about; Unknown where it is about something else.

    Raises:
        UsageError: There is no event, or it cannot be read.
    """
    if environ.get("GITHUB_EVENT_PATH"):
        name = environ.get("GITHUB_EVENT_NAME", "issue_comment")
        if name != "issue_comment":
            return Unknown(f"the event is {name}, not issue_comment")
        return _github(_load(Path(environ["GITHUB_EVENT_PATH"])))
    payload = environ.get("TRIGGER_PAYLOAD", "")
    if not payload:
        raise UsageError("there is no event", "GITHUB_EVENT_PATH or TRIGGER_PAYLOAD must name one")
    return _gitlab(json_of(payload) if payload.lstrip().startswith("{") else _load(Path(payload)))


def _github(event: object) -> Found[Pointer] | Unknown:
    if _text(event, "action") != "created":
        return Unknown("only new comments count")
    if not isinstance(_at(event, "issue", "pull_request"), dict):
        return Unknown("the comment is on an issue, not on a pull request")
    return _pointer(
        _text(event, "repository", "full_name"), _number(event, "issue", "number"), _number(event, "comment", "id")
    )


def _gitlab(event: object) -> Found[Pointer] | Unknown:
    if _text(event, "object_kind") != "note" or _text(event, "object_attributes", "noteable_type") != "MergeRequest":
        return Unknown("the event is no comment on a merge request")
    if _text(event, "object_attributes", "action") not in {"", "create"}:
        return Unknown("only new comments count")
    return _pointer(
        _text(event, "project", "path_with_namespace"),
        _number(event, "merge_request", "iid"),
        _number(event, "object_attributes", "id"),
    )


def _pointer(repository: str, number: int, comment: int) -> Found[Pointer] | Unknown:
    if not (repository and number > 0 and comment > 0):
        return Unknown("the event names no comment")
    return Found(Pointer(repository, number, comment))


def _load(path: Path) -> object:
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path}: too large for an event")
        return json_of(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the event cannot be read: {error}") from None


def json_of(text: str) -> object:
    """Return parsed JSON.

    Raises:
        UsageError: It is none.
    """
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("the event is no JSON") from None
    return parsed


def _at(event: object, *keys: str) -> object:
    for key in keys:
        event = event.get(key) if isinstance(event, dict) else None
    return event


def _text(event: object, *keys: str) -> str:
    value = _at(event, *keys)
    return value if isinstance(value, str) else ""


def _number(event: object, *keys: str) -> int:
    value = _at(event, *keys)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
