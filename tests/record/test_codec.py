"""An entry as bytes: old ones keep theirs, new fields come back, and none is written where it says nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.record.entries import AT, draft
from trimtab.life import Draft
from trimtab.record.codec import START, decode, digest, encode, seal

FIRST = (
    b'{"actor":{"id":7,"login":"ada"},"after":"approved","at":"2026-11-21T00:00:00Z","before":"open","changes":'
    b'[{"field":"replicas","from":4,"to":2}],"command":0,"digest":"sha256:'
    b'@","facts":"sha256:1","fingerprint":"f1","gpus_after":{"gpus":2,"product":"NVIDIA-L40S"},"gpus_before":'
    b'{"gpus":4,"product":"NVIDIA-L40S"},"head":"00","note":"merged","prev":"sha256:'
    + b"0"
    * 64
    + b'","pull_request":3,"recommendation":"aaaaaaaaaaaaaaaa","repository":"gitops","rule":"surplus-replicas",'
    b'"saving":"1200.00","seen":{"ttft_p95_ms":120.5},"seq":3,"step":"approved","subject":{"cluster":"eu","kind":'
    b'"Deployment","name":"chat","namespace":"llm"},"title":"chat: 2 replicas","until":"","url":'
    b'"https://forge.example/3"}'
)
"""An entry as the first ledgers hold it: without any of the fields that came later."""

LATER = ("line", "merged", "tree", "reverts", "team", "explanation")


def first() -> bytes:
    """Return the old entry, sealed as it was."""
    sealed = digest(json.loads(FIRST)).removeprefix("sha256:")
    return FIRST.replace(b"@", sealed.encode())


def later() -> Draft:
    """Return a draft with every later field."""
    return replace(
        draft("a" * 16, "proposed"),
        line=2,
        merged="1" * 40,
        tree="2" * 40,
        reverts="b" * 16,
        team="search",
        explanation={"why": ("Two do.", "Sure: 90 %."), "seen": ("requests waiting: 0 (7d)",)},
    )


def test_an_old_entry_keeps_its_bytes() -> None:
    """What the first ledgers hold is read, and written again to the same byte: its digest still proves it."""
    entry = decode(first())

    assert (entry.merged, entry.tree, entry.reverts, entry.team, dict(entry.explanation)) == ("", "", "", "", {})
    assert encode(entry) == first()


def test_later_fields_come_back() -> None:
    """All that an entry can hold survives writing and reading."""
    data = seal(later(), 1, AT, "", START)
    entry = decode(data)

    assert encode(entry) == data
    assert [getattr(entry, name) for name in LATER] == [getattr(later(), name) for name in LATER]


@pytest.mark.parametrize("name", LATER)
def test_an_empty_later_field_is_not_written(name: str) -> None:
    """A field that says nothing leaves no trace, and one that says something does."""
    empty = {"line": 0, "explanation": {}}.get(name, "")
    without = seal(replace(later(), **{name: empty}), 1, AT, "", START)  # type: ignore[arg-type]  # each its own kind

    assert f'"{name}":'.encode() in seal(later(), 1, AT, "", START)
    assert f'"{name}":'.encode() not in without
    assert getattr(decode(without), name) == empty
