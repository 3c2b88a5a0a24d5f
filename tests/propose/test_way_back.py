"""What is proposed to take back, and that it is the exact way back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.propose import samples
from tests.record.entries import draft
from trimtab.config import Config
from trimtab.fleet import Unknown
from trimtab.life import Entry, State
from trimtab.manifest import EditResult, Tree
from trimtab.plan import plan
from trimtab.propose import Source, Undone, propose, regressed
from trimtab.propose.way_back import REVERT, result_of, way_back
from trimtab.recommendation import Proof, Saving
from trimtab.record.codec import START, decode, seal
from trimtab.rule import Change, Footprint

MERGED = samples.MANIFEST.replace(samples.H100.encode(), samples.L40S.encode())
CONFIG = Config.model_validate({"clusters": [{"name": "eu", "prometheus": {"url": "http://127.0.0.1:9"}}]})


def entry(step: str = State.REGRESSED, seq: int = 1, identity: str = "a" * 16, **values: object) -> Entry:
    """Return an entry of the life of a GPU that was swapped for a smaller one."""
    told = replace(
        draft(identity, step, note="p95 latency doubled"),
        subject=samples.SUBJECT,
        changes=(Change("gpu_product", samples.H100, samples.L40S),),
        gpus_before=Footprint(samples.H100, 1.0),
        gpus_after=Footprint(samples.L40S, 1.0),
        merged="f" * 40,
        **values,  # type: ignore[arg-type]  # each field gets its own kind
    )
    return decode(seal(told, seq, "2026-11-21T00:00:00Z", "actuated", START))


def undone(files: dict[str, bytes] | Unknown | None = None) -> Undone:
    """Return the swap as it is to be taken back."""
    return Undone(entry(), "gitops", {"apps/chat.yaml": samples.MANIFEST} if files is None else files)


def test_what_went_wrong_is_to_be_taken_back() -> None:
    """The last word counts: what is regressed now, was merged, and is no revert itself, oldest first."""
    entries = [
        entry(seq=1, identity="b" * 16),
        entry(seq=2, identity="a" * 16),
        entry(State.VERIFIED, seq=3, identity="c" * 16),
        entry(seq=4, identity="d" * 16),
        entry(State.PROPOSED, seq=5, identity="d" * 16),
        entry(seq=6, identity="e" * 16, reverts="a" * 16),
        replace(entry(seq=7, identity="f" * 16), merged=""),
    ]

    assert [one.recommendation for one in regressed(entries)] == ["b" * 16, "a" * 16]


def test_what_was_taken_back_is_not_taken_back_twice() -> None:
    """A merged revert ends it; where the same went wrong once more since, it is to be taken back again."""
    back = entry(State.VERIFIED, seq=2, identity="e" * 16, reverts="a" * 16)

    assert regressed([entry(seq=1), back]) == ()
    assert [one.seq for one in regressed([entry(seq=1), back, entry(seq=3)])] == [3]


def test_the_way_back_shows_what_was_before() -> None:
    """The latencies of before stand beside those of now, and the GPUs that it takes are looked for."""
    seen = {"ttft_p95_ms": 900.0, "ttft_p95_ms_before": 80.0, "tpot_p95_ms": 9.0}
    priced = way_back(Undone(entry(seen=seen), "gitops", {}))

    (shown,) = priced.option.predictions
    assert (shown.name, shown.before, shown.after) == ("time to first token (p95)", 900.0, 80.0)
    assert priced.option.places_needed == 1


def test_the_way_back_swaps_the_sides() -> None:
    """Each change goes back, the GPUs with it, and what was promised is lost."""
    priced = way_back(undone())

    assert priced.finding.rule == REVERT
    assert priced.reverts == "a" * 16
    assert priced.option.changes == (Change("gpu_product", samples.L40S, samples.H100),)
    assert (priced.finding.before.product, priced.option.after.product) == (samples.L40S, samples.H100)
    assert isinstance(priced.saving, Saving)
    assert priced.saving.monthly == Decimal("-1200.00")
    assert "p95 latency doubled" in priced.finding.diagnosis


def test_an_unknown_promise_is_not_nought() -> None:
    """Where no price was known, none is made up on the way back."""
    priced = way_back(Undone(entry(saving=""), "gitops", {}))

    assert isinstance(priced.saving, Unknown)


def test_the_identity_is_its_own() -> None:
    """A revert is another recommendation than the one that it takes back, and the same one in every run."""
    assert way_back(undone()).id == way_back(undone()).id != "a" * 16


def test_the_files_are_the_bytes_of_git() -> None:
    """The edit is what git made of it, and says which field stands in the lines that change."""
    result = result_of({"apps/chat.yaml": MERGED}, undone())

    assert isinstance(result, EditResult)
    assert result.files == {"apps/chat.yaml": samples.MANIFEST}
    (edit,) = result.edits
    assert (edit.path, edit.line, edit.field) == ("apps/chat.yaml", 13, "gpu_product")
    assert samples.L40S in edit.before
    assert samples.H100 in edit.after
    assert f"+        nvidia.com/gpu.product: {samples.H100}" in result.diff


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        ({}, "the files are not as they were when they were read"),
        ({"apps/chat.yaml": b"\xff\xfe"}, "the files are not as they were when they were read"),
    ],
)
def test_files_that_are_gone_or_no_text_are_told(tree: dict[str, bytes], why: str) -> None:
    """A file that was not read, or is no text, is a reason and no traceback."""
    assert result_of(tree, undone()) == Unknown(why)


def merged_tree(folder: Path) -> Source:
    """Return the repository after the merge, on disk."""
    (folder / "apps").mkdir()
    (folder / "apps/chat.yaml").write_bytes(MERGED)
    return Source("gitops", "c0ffee", folder, Tree.read(folder))


def test_it_is_proposed_with_its_proof(tmp_path: Path) -> None:
    """The revert comes as any other proposal: proven, worded, and tied to what it takes back."""
    source = merged_tree(tmp_path)

    (found,) = propose(plan((), samples.fleet(), CONFIG), {"gitops": source}, samples.fleet(), CONFIG, None, [undone()])

    assert found.publishable
    assert isinstance(found.proof, Proof)
    assert found.files == {"apps/chat.yaml": samples.MANIFEST}
    assert found.priced.reverts == "a" * 16
    assert "p95 latency doubled" in found.body


def test_what_git_cannot_take_back_is_for_people(tmp_path: Path) -> None:
    """Where the same lines were changed since, it is said and nothing is opened."""
    source = merged_tree(tmp_path)
    stuck = undone(Unknown("apps/chat.yaml: the same lines were changed since"))

    (found,) = propose(plan((), samples.fleet(), CONFIG), {"gitops": source}, samples.fleet(), CONFIG, None, [stuck])

    assert not found.publishable
    assert found.refused == "it must be taken back by hand: apps/chat.yaml: the same lines were changed since"
