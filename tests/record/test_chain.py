"""What is found when a ledger's files are tampered with."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tests.record.entries import AT, LIVES, draft, files
from trimtab.life import Draft
from trimtab.record.chain import Broken, path_of, read_chain, seq_of
from trimtab.record.codec import JSON, START, UnreadableError, decode, digest, encode, seal

WHOLE = files()
COUNT = len(WHOLE)
SEQS = st.integers(1, COUNT)


def test_a_whole_ledger_reads_back() -> None:
    """Every entry reads back with all that was written, and writes to the same bytes."""
    entries = read_chain(WHOLE)

    assert isinstance(entries, tuple)
    assert [entry.seq for entry in entries] == list(range(1, COUNT + 1))
    assert [encode(entry) for entry in entries] == [WHOLE[path_of(seq)] for seq in range(1, COUNT + 1)]
    assert entries[0].changes == draft("a" * 16, "proposed").changes
    assert entries[0].subject.name == "chät"
    states = {entry.recommendation: entry.step for entry in entries}
    assert states == {name: steps[-1] for name, steps in LIVES.items()}


def test_an_empty_ledger_is_whole() -> None:
    """Nothing written is nothing broken."""
    assert read_chain({}) == ()


@given(seq=SEQS, at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_flipped_bit_is_found(seq: int, at: int, bit: int) -> None:
    """One flipped bit anywhere breaks the entry that it is in."""
    data = bytearray(WHOLE[path_of(seq)])
    data[at % len(data)] ^= 1 << bit

    assert _first_broken(WHOLE | {path_of(seq): bytes(data)}) == seq


@given(seq=st.integers(1, COUNT - 1))
def test_a_removed_entry_is_found(seq: int) -> None:
    """An entry taken out of the middle is missed."""
    assert _first_broken({path: data for path, data in WHOLE.items() if path != path_of(seq)}) == seq


@given(seq=st.integers(1, COUNT - 1))
def test_a_removed_entry_is_found_when_the_others_move_up(seq: int) -> None:
    """Renumbered file names do not hide that one is gone."""
    kept = [data for path, data in sorted(WHOLE.items()) if path != path_of(seq)]

    assert _first_broken({path_of(index): data for index, data in enumerate(kept, start=1)}) == seq


@given(left=SEQS, right=SEQS)
def test_swapped_entries_are_found(left: int, right: int) -> None:
    """Two entries in each other's place break the first of them."""
    swapped = WHOLE | {path_of(left): WHOLE[path_of(right)], path_of(right): WHOLE[path_of(left)]}

    assert _first_broken(swapped) == (min(left, right) if left != right else 0)


@given(seq=SEQS)
def test_an_inserted_entry_is_found(seq: int) -> None:
    """A sealed entry put between others does not fit the chain after it."""
    ordered = [data for _, data in sorted(WHOLE.items())]
    prev = decode(ordered[seq - 2]).digest if seq > 1 else START
    ordered.insert(seq - 1, seal(draft("d" * 16, "proposed"), seq, AT, "", prev))

    moved = {path_of(index): data for index, data in enumerate(ordered, start=1)}
    assert _first_broken(moved) == seq + 1


@given(seq=SEQS)
def test_another_spelling_is_found(seq: int) -> None:
    """The same meaning in other JSON is not the entry that was written."""
    for spelled in (
        json.dumps(json.loads(WHOLE[path_of(seq)])).encode(),
        WHOLE[path_of(seq)] + b"\n",
        WHOLE[path_of(seq)].replace(b'"url"', b'"url":"twice","url"', 1),
        b"[" * 100_000,
        b"",
        b"\xff",
        b"null",
    ):
        assert _first_broken(WHOLE | {path_of(seq): spelled}) == seq


@pytest.mark.parametrize(
    "path", ["README.md", "entries/1.json", "entries/00000/00000000.json", "entries/00001/00000001.json"]
)
def test_what_is_no_entry_is_found(path: str) -> None:
    """The branch holds entries and nothing else."""
    assert read_chain(WHOLE | {path: b"{}"}) == Broken(0, f"{path} is no entry")


@pytest.mark.parametrize(
    ("one", "came_from", "why"),
    [
        (draft("d" * 16, "open"), "", "no recommendation goes from nothing to open"),
        (draft("b" * 16, "approved"), "dismissed", "no recommendation goes from dismissed to approved"),
        (draft("b" * 16, "proposed"), "open", "it says that the state before was 'open', and it was 'dismissed'"),
        (draft("", "open"), "", "it names no recommendation, and its step is 'open'"),
        (draft("b" * 16, "command"), "dismissed", "no recommendation goes from dismissed to command"),
    ],
)
def test_an_illegal_step_is_found(one: Draft, came_from: str, why: str) -> None:
    """A well-sealed entry that no life allows is broken all the same."""
    last = decode(WHOLE[path_of(COUNT)])

    assert read_chain(WHOLE | {path_of(COUNT + 1): seal(one, COUNT + 1, AT, came_from, last.digest)}) == Broken(
        COUNT + 1, why
    )


def test_a_doubled_entry_is_found() -> None:
    """The same opening recorded twice is one too many; with a new head it is a refresh."""
    first = seal(draft("e" * 16, "proposed"), 1, AT, "", START)
    second = seal(draft("e" * 16, "open", head="1"), 2, AT, "proposed", decode(first).digest)
    third = seal(draft("e" * 16, "open", head="1"), 3, AT, "open", decode(second).digest)
    other = seal(draft("e" * 16, "open", head="2"), 3, AT, "open", decode(second).digest)

    assert _first_broken({path_of(1): first, path_of(2): second, path_of(3): third}) == 3
    assert _first_broken({path_of(1): first, path_of(2): second, path_of(3): other}) == 0


def test_misshapen_fields_are_found() -> None:
    """A sealed object with other fields than an entry's is unreadable."""
    record: dict[str, JSON] = {"seq": 1, "digest": ""}
    sealed = rfc8785.dumps({**record, "digest": digest(record)})
    with pytest.raises(UnreadableError, match="fields"):
        decode(sealed)


@pytest.mark.parametrize("seq", [1, 999, 1000, 12_345_678])
def test_paths_and_numbers_agree(seq: int) -> None:
    """A path gives back its number."""
    assert seq_of(path_of(seq)) == seq


def test_the_digest_covers_the_note() -> None:
    """Two entries that differ in a word differ in their digest."""
    one = seal(draft("e" * 16, "proposed"), 1, AT, "", START)
    other = seal(replace(draft("e" * 16, "proposed"), note="x"), 1, AT, "", START)

    assert decode(one).digest != decode(other).digest


def _first_broken(ledger: dict[str, bytes]) -> int:
    found = read_chain(ledger)
    return found.entry if isinstance(found, Broken) else 0
