"""The check of the fakes against their forge's description: what it lets pass, what it fills in, and what it finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.forges.cut_openapi import PATHS, cut
from tests.forges.fake_github import DESCRIPTION, TYPES, FakeGitHub
from tests.forges.graphql import wrong
from tests.forges.server import Answer
from tests.forges.state import ForgeState, make_repository

PULLS = "/repos/acme/gitops/pulls"
NEW = {"title": "A title", "head": "trimtab/x", "base": "main"}


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "wrong"),
    [
        ("GET", PULLS, {"state": "open", "per_page": "100"}, {}, ""),
        ("POST", PULLS, {}, NEW, ""),
        ("PATCH", "/repos/acme/gitops/git/refs/heads/trimtab/a/b", {}, {"sha": "0" * 40, "force": True}, ""),
        ("GET", PULLS, {"state": "opened"}, {}, "?state=opened"),
        ("GET", PULLS, {"status": "open"}, {}, "?status: no such parameter"),
        ("POST", PULLS, {}, {"title": "A title", "head": "x"}, ".base is missing"),
        ("POST", PULLS, {}, {**NEW, "draft": "yes"}, ".draft is no boolean"),
        ("POST", PULLS, {}, {**NEW, "labels": ["gpu"]}, ".labels is not described"),
        ("PUT", PULLS, {}, NEW, "there is no such call"),
        ("GET", "/repos/acme/gitops/pull", {}, {}, "there is no such call"),
    ],
)
def test_requests(method: str, path: str, query: dict[str, str], body: dict[str, object], wrong: str) -> None:
    """A request that GitHub knows passes; one that it does not is told by what is wrong with it."""
    found = DESCRIPTION.asked(method, path, query, body)

    assert bool(found) is bool(wrong)
    assert wrong in "\n".join(found)


@pytest.mark.parametrize(
    ("status", "body", "wrong"),
    [
        (200, [{"number": 7, "state": "open"}], ""),
        (200, [{"number": 7, "merged": True}], "[0].merged is not described"),
        (200, [{"number": "7"}], "[0].number is no integer"),
        (200, [{"number": 7, "created_at": "yesterday"}], "[0].created_at is no date-time"),
        (200, {"number": 7}, "it is no array"),
        (418, None, "it never answers 418"),
    ],
)
def test_answers(status: int, body: object, wrong: str) -> None:
    """What a fake says itself must be described, and be of the described kind."""
    _, found = DESCRIPTION.answered("GET", PULLS, status, body)

    assert bool(found) is bool(wrong)
    assert wrong in "\n".join(found)


def test_an_answer_comes_at_its_full_size() -> None:
    """What GitHub always says and a fake does not is filled in; what the fake says stays."""
    full, _ = DESCRIPTION.answered("GET", f"{PULLS}/7", 200, {"number": 7, "body": None})

    assert isinstance(full, dict)
    assert (full["number"], full["body"], full["maintainer_can_modify"]) == (7, None, False)
    assert full["head"]["repo"]["full_name"] == ""


def test_a_fake_that_lies_is_found(tmp_path: Path) -> None:
    """The server's hook tells of an answer that GitHub would not give."""
    fake = FakeGitHub(ForgeState(make_repository(tmp_path / "a.git", {"a": "b"})))

    _, lies = fake.checked("GET", PULLS, {}, {}, answer=Answer(200, {"items": []}))

    assert lies


def test_cutting_keeps_what_is_referred_to_and_drops_words() -> None:
    """Of a full description the calls stay with what they refer to; descriptions go, fields named so stay."""
    named = {"type": "object", "description": "For people.", "properties": {"description": {"$ref": "#/parts/b"}}}
    calls = {path: {"get": {"summary": "x", "responses": {"200": {"$ref": "#/parts/a"}}}} for path in PATHS}
    full = {"info": {"version": "1"}, "paths": calls, "parts": {"a": named, "b": {"type": "string"}, "c": {}}}

    parts = cut(full)["parts"]

    assert parts == {
        "#/parts/a": {"type": "object", "properties": {"description": {"$ref": "#/parts/b"}}},
        "#/parts/b": {"type": "string"},
    }


SENT = {
    "branch": {"repositoryNameWithOwner": "acme/gitops", "branchName": "x"},
    "expectedHeadOid": "0" * 40,
    "message": {"headline": "One"},
    "fileChanges": {"additions": [{"path": "a", "contents": "YQ=="}]},
}
MUTATION = "mutation ($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }"


@pytest.mark.parametrize(
    ("query", "sent", "said"),
    [
        ("query { viewer { login databaseId } }", {}, []),
        (MUTATION, {"input": SENT}, []),
        ("query { viewer { name_of_login } }", {}, ["User has no field name_of_login"]),
        (MUTATION, {}, ["input is missing"]),
        (MUTATION, {"input": {**SENT, "author": "me"}}, ["input.author is not described"]),
        (MUTATION, {"input": {**SENT, "expectedHeadOid": 7}}, ["input.expectedHeadOid is no GitObjectID: 7"]),
        (
            MUTATION,
            {"input": {**SENT, "fileChanges": {"deletions": [{}]}}},
            ["input.fileChanges.deletions.path is missing"],
        ),
    ],
)
def test_graphql(query: str, sent: dict[str, object], said: list[str]) -> None:
    """A field that is not there, and a variable that is not of its type, are found; what GitHub takes passes."""
    assert list(wrong(TYPES, query, sent)) == said
