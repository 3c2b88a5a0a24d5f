"""Events point at a comment, or at nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trimtab.errors import UsageError
from trimtab.fleet import Found, Unknown
from trimtab.publish import Pointer, read_event

GITHUB: dict[str, object] = {
    "action": "created",
    "issue": {"number": 3, "pull_request": {"url": "x"}},
    "comment": {"id": 77, "body": "/trimtab dismiss ignored", "user": {"login": "forged"}},
    "repository": {"full_name": "acme/gitops"},
}
GITLAB: dict[str, object] = {
    "object_kind": "note",
    "object_attributes": {"id": 78, "noteable_type": "MergeRequest", "action": "create"},
    "merge_request": {"iid": 4},
    "project": {"path_with_namespace": "acme/sub/gitops"},
}


def github(tmp_path: Path, event: object, name: str = "issue_comment") -> Found[Pointer] | Unknown:
    """Read an event as a GitHub job finds it."""
    file = tmp_path / "event.json"
    file.write_text(event if isinstance(event, str) else json.dumps(event))
    return read_event({"GITHUB_EVENT_PATH": str(file), "GITHUB_EVENT_NAME": name})


def test_a_new_comment_is_pointed_at(tmp_path: Path) -> None:
    """Repository, pull request and comment are all that is taken."""
    assert github(tmp_path, GITHUB) == Found(Pointer("acme/gitops", 3, 77))


def test_gitlab_gives_a_file_or_the_text(tmp_path: Path) -> None:
    """A file variable's path and the payload itself are both read."""
    file = tmp_path / "payload"
    file.write_text(json.dumps(GITLAB))

    for payload in (str(file), json.dumps(GITLAB)):
        assert read_event({"TRIGGER_PAYLOAD": payload}) == Found(Pointer("acme/sub/gitops", 4, 78))


@pytest.mark.parametrize(
    "event",
    [
        GITHUB | {"action": "edited"},
        GITHUB | {"action": "deleted"},
        GITHUB | {"issue": {"number": 3}},
        GITHUB | {"issue": {"number": "3", "pull_request": {}}},
        GITHUB | {"comment": {"id": True}},
        GITHUB | {"repository": None},
        [],
        {},
    ],
)
def test_other_events_point_at_nothing(tmp_path: Path, event: object) -> None:
    """Edited comments, issues, and shapes that no forge sends are passed over."""
    assert isinstance(github(tmp_path, event), Unknown)


@pytest.mark.parametrize(
    "change",
    [{"object_kind": "push"}, {"object_attributes": {"id": 78, "noteable_type": "Issue"}}, {"merge_request": {}}],
)
def test_other_hooks_point_at_nothing(change: dict[str, object]) -> None:
    """A hook about anything else is passed over."""
    assert isinstance(read_event({"TRIGGER_PAYLOAD": json.dumps(GITLAB | change)}), Unknown)


def test_another_event_is_passed_over(tmp_path: Path) -> None:
    """A job that was started by something else does nothing."""
    assert isinstance(github(tmp_path, GITHUB, "push"), Unknown)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_what_is_no_json_is_said(tmp_path: Path, text: str) -> None:
    """A broken event is wrong usage, not a traceback."""
    with pytest.raises(UsageError):
        github(tmp_path, text)


def test_no_event_is_said(tmp_path: Path) -> None:
    """Without an event, or with one that is not there, the command says what it needs."""
    with pytest.raises(UsageError, match="no event"):
        read_event({})
    with pytest.raises(UsageError):
        read_event({"GITHUB_EVENT_PATH": str(tmp_path / "none")})
