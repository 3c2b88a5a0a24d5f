"""GitLab moves the time of a note for a reaction as for an edit: which of them it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forges.fake_gitlab import FakeGitLab
from tests.forges.state import BOT
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage, stage
from trimtab.config import Limits
from trimtab.life import Actor
from trimtab.publish import Chat, answer_all, sync
from trimtab.publish.forge import Comment
from trimtab.publish.gitlab_notes import without_doubt

NOW_S = 1_794_700_000


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Stage]:
    """Return GitLab with one open merge request."""
    with stage("gitlab", tmp_path) as ready:
        sync(ready.site(), wanted(proposal(ready.bare)), ready.ledger(), Limits(), NOW_S)
        yield ready


def api(on: Stage) -> FakeGitLab:
    """Return the fake behind the stage."""
    assert isinstance(on.api, FakeGitLab)
    return on.api


def replies(on: Stage) -> int:
    """Answer what waits, and return how many replies there are."""
    answer_all(on.site(), on.ledger(), Chat(NOW_S))
    return sum(said.login == BOT for said in on.state.get(1).comments)


def test_a_command_that_somebody_liked_counts(on: Stage) -> None:
    """A reaction moves the note's time; the command is answered all the same, and once."""
    said = on.state.say(1, "ada", "/trimtab explain")
    api(on).touch(said.id)

    assert [replies(on), replies(on)] == [1, 1]


def test_a_command_that_was_edited_does_not_count(on: Stage) -> None:
    """An edit is one, whether or not somebody reacted to the note as well."""
    said = on.state.say(1, "ada", "Nice.")
    on.state.rewrite(1, said.id, "/trimtab dismiss it")
    api(on).touch(said.id)

    assert replies(on) == 0
    assert on.state.get(1).state == "open"


def test_where_nobody_tells_it_counts_as_edited(on: Stage) -> None:
    """A server whose GraphQL does not know the difference is not trusted with it."""
    api(on).graphql_is_off = True
    said = on.state.say(1, "ada", "/trimtab dismiss it")
    api(on).touch(said.id)

    assert replies(on) == 0


@pytest.mark.parametrize(
    ("told", "edited"),
    [
        ({"body": "/trimtab explain", "lastEditedAt": None}, False),
        ({"body": "/trimtab explain", "lastEditedAt": "2026-11-21T00:05:00Z"}, True),
        ({"body": "Nice.", "lastEditedAt": None}, True),
        ({"body": "/trimtab explain"}, True),
        (None, True),
    ],
    ids=["reacted", "edited", "a copy that is behind", "not told", "gone"],
)
def test_only_the_very_words_that_were_read_are_cleared(told: dict[str, str | None] | None, edited: bool) -> None:
    """An answer from a copy of the data that has not heard of an edit yet clears nothing."""
    read = Comment(5, Actor("ada", 7), bot=False, body="/trimtab explain", edited=True, number=1)

    assert without_doubt([read], {"n5": told})[0].edited is edited
