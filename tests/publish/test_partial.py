"""What of a change was merged: all, a part, something else, or nothing of it."""

from __future__ import annotations

from dataclasses import replace

from tests.forges.state import commit_to, git, show, tip
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage
from trimtab.config import Limits
from trimtab.life import Entry
from trimtab.publish import sync
from trimtab.recommendation import Proposal
from trimtab.rule import Change, Footprint, Option

FORGES = ("memory", "github", "gitlab", "local")

NOW_S = 1_794_700_000
BEFORE = "".join(f"# line {number}\n" for number in range(8))
LONG = f"replicas: 4\n{BEFORE}maxModelLen: 8192\n{BEFORE}cpu: 4\n"


def several(on: Stage) -> Proposal:
    """Return a proposal that changes two settings in one long file."""
    commit_to(on.bare, "main", {"apps/chat.yaml": LONG}, "A long file")
    one = proposal(on.bare)
    changes = (Change("replicas", 4, 2), Change("max_model_len", 8192, 4096))
    option = Option(changes, Footprint("NVIDIA-L40S", 2.0), 0, "nvidia.com/gpu", (), 0.9)
    files = {"apps/chat.yaml": LONG.replace("replicas: 4", "replicas: 2").replace("8192", "4096").encode()}
    return replace(one, priced=replace(one.priced, option=option), files=files)


def merged(on: Stage, wish: Proposal, content: str, path: str = "apps/chat.yaml") -> Entry:
    """Open it, change its branch as a person, merge it, and return what the next run records."""
    (link,) = sync(on.site(), wanted(wish), on.ledger(NOW_S), Limits(), NOW_S)
    if content:
        commit_to(on.bare, link.branch, {path: content}, "Rather so")
    on.people.merge(1)
    sync(on.site(), wanted(wish), on.ledger(NOW_S), Limits(), NOW_S)
    return on.record.entries()[-1]


def test_all_of_it(on: Stage) -> None:
    """What is merged as it was proposed is approved whole, also where others changed the file meanwhile."""
    wish = several(on)
    sync(on.site(), wanted(wish), on.ledger(NOW_S), Limits(), NOW_S)
    commit_to(on.bare, "main", {"apps/chat.yaml": LONG.replace("cpu: 4", "cpu: 8")}, "More CPUs")

    entry = merged(on, wish, "")

    assert show(on.bare, "main", "apps/chat.yaml").endswith("cpu: 8")
    assert (entry.step, entry.note, len(entry.changes), entry.saving) == ("approved", "merged", 2, "1200.00")


def test_a_part_of_it(on: Stage) -> None:
    """What was left out is no longer among the changes, and is named; without GPUs in it the promise stands."""
    wish = several(on)

    entry = merged(on, wish, LONG.replace("replicas: 4", "replicas: 2"))

    assert entry.step == "approved"
    assert entry.note == "merged in part: max_model_len was left out"
    assert entry.changes == (Change("replicas", 4, 2),)
    assert (entry.saving, entry.merged) == ("1200.00", tip(on.bare, "main"))


def test_without_its_gpus_there_is_no_promise(memory: Stage) -> None:
    """Where the part that frees GPUs was left out, nothing is promised any more."""
    entry = merged(memory, several(memory), LONG.replace("8192", "4096"))

    assert entry.note == "merged in part: replicas was left out"
    assert entry.changes == (Change("max_model_len", 8192, 4096),)
    assert entry.saving == ""


def test_another_value_than_proposed(memory: Stage) -> None:
    """A value that a person chose instead is told, and its promise is dropped."""
    entry = merged(memory, several(memory), LONG.replace("replicas: 4", "replicas: 3").replace("8192", "4096"))

    assert (entry.step, entry.note) == ("approved", "merged in part: replicas was merged otherwise")
    assert [change.field for change in entry.changes] == ["replicas", "max_model_len"]
    assert entry.saving == ""


def test_nothing_of_it(memory: Stage) -> None:
    """Merged after a person took everything out of it, it was declined."""
    wish = several(memory)

    entry = merged(memory, wish, LONG.replace("cpu: 4", "cpu: 8"))

    assert (entry.step, entry.note) == ("dismissed", "merged without anything of the change")
    assert (entry.actor.login, entry.merged) == ("ada", "")


def test_more_than_was_proposed(memory: Stage) -> None:
    """What a person added to it takes nothing from what was proposed."""
    wish = several(memory)

    entry = merged(memory, wish, wish.files["apps/chat.yaml"].decode().replace("cpu: 4", "cpu: 8"))

    assert (entry.step, entry.note, len(entry.changes)) == ("approved", "merged", 2)


def test_merged_by_squash(memory: Stage) -> None:
    """A squash is compared by content: no history of the branch is needed."""
    wish = several(memory)
    (link,) = sync(memory.site(), wanted(wish), memory.ledger(NOW_S), Limits(), NOW_S)
    commit_to(memory.bare, link.branch, {"apps/chat.yaml": LONG.replace("replicas: 4", "replicas: 2")}, "Rather so")
    memory.people.merge(1, squash=True)
    git(memory.bare, "update-ref", "-d", f"refs/heads/{link.branch}")

    sync(memory.site(), wanted(wish), memory.ledger(NOW_S), Limits(), NOW_S)

    assert memory.record.entries()[-1].note == "merged in part: max_model_len was left out"
