"""An entry as canonical JSON (RFC 8785), and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import rfc8785
from pydantic import TypeAdapter, ValidationError

from trimtab.errors import TrimtabError
from trimtab.life import COMMAND, Draft, Entry

JSON: TypeAlias = str | int | float | bool | list["JSON"] | dict[str, "JSON"] | None

_DRAFT = TypeAdapter(Draft)
_ENTRY = TypeAdapter(Entry)

SCHEMA = "trimtab/ledger/v1"
START = "sha256:" + "0" * 64
"""`prev` of the first entry."""


_LATER = ("line", "merged", "tree", "reverts", "team", "branch", "explanation")
"""Fields that the first ledgers did not have: left out where they are empty, so that old entries keep their bytes."""


class UnreadableError(TrimtabError):
    """Bytes that are no entry; the message says why."""


def seal(draft: Draft, seq: int, at: str, came_from: str, prev: str) -> bytes:
    """Return the canonical bytes of an entry, with its digest in it."""
    record = _record(draft) | {"seq": seq, "at": at, "before": came_from or None, "prev": prev}
    record["after"] = came_from or None if draft.step == COMMAND else draft.step
    return rfc8785.dumps(record | {"digest": digest(record)})


def digest(record: Mapping[str, JSON]) -> str:
    """Return the SHA-256 of a record's canonical form without its digest."""
    bare = {key: value for key, value in record.items() if key != "digest"}
    return "sha256:" + hashlib.sha256(rfc8785.dumps(bare)).hexdigest()


def decode(data: bytes) -> Entry:
    """Return the entry that the bytes hold.

    Raises:
        UnreadableError: They are no JSON object, not canonical, misshapen, or changed after they were sealed.
    """
    record = _canonical(data)
    if record.get("digest") != digest(record):
        raise UnreadableError("its digest does not match its content")
    try:
        entry = _ENTRY.validate_python(_python(record))
    except (ValidationError, KeyError, TypeError, AttributeError):
        raise UnreadableError("its fields are not those of an entry") from None
    return entry


def document(entries: Sequence[Entry]) -> str:
    """Return `trimtab/ledger/v1`, one JSON document."""
    found: list[JSON] = [json.loads(encode(entry)) for entry in entries]
    return json.dumps({"schema": SCHEMA, "entries": found}, indent=2, ensure_ascii=False)


def lines(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the entries as they stand in the ledger, one canonical JSON object each."""
    return tuple(encode(entry).decode() for entry in entries)


def encode(entry: Entry) -> bytes:
    """Return the canonical bytes of an entry as the ledger holds it."""
    return seal(entry, entry.seq, entry.at, entry.came_from, entry.prev)


def _canonical(data: bytes) -> dict[str, JSON]:
    try:
        record = json.loads(data)
        same = rfc8785.dumps(record) == data
    except (ValueError, RecursionError, rfc8785.CanonicalizationError):
        raise UnreadableError("it is no JSON") from None
    if not isinstance(record, dict):
        raise UnreadableError("it is no JSON object")
    if not same:
        raise UnreadableError("it is not in canonical form (RFC 8785)")
    return record


def _record(draft: Draft) -> dict[str, JSON]:
    """Return the JSON form of a draft: the state's words of the ledger, changes as `from` and `to`."""
    names = Draft.__dataclass_fields__.keys() - {"expects"}
    record: dict[str, JSON] = _DRAFT.dump_python(Draft(**{name: getattr(draft, name) for name in names}), mode="json")
    del record["expects"]
    for name in _LATER:
        if not record[name]:
            del record[name]
    record["recommendation"] = draft.recommendation or None
    record["changes"] = [{"field": change.field, "from": change.before, "to": change.after} for change in draft.changes]
    return record


def _python(record: dict[str, JSON]) -> dict[str, JSON]:
    """Return a record with the names that `Entry` has."""
    changes = record["changes"]
    if not isinstance(changes, list):
        raise TypeError
    named = {key: value for key, value in record.items() if key not in {"before", "after"}}
    named["recommendation"] = record["recommendation"] or ""
    named["came_from"] = record["before"] or ""
    named["changes"] = [_change(change) for change in changes]
    return named


def _change(change: JSON) -> JSON:
    if not isinstance(change, dict):
        raise TypeError
    return {"field": change["field"], "before": change["from"], "after": change["to"]}
