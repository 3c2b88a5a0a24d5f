"""Proves a ledger: that its entries hold, and that the branch only ever grew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trimtab.gitio import Repo
from trimtab.record.chain import Broken, read_chain, seq_of
from trimtab.record.files import read_files


@dataclass(frozen=True, slots=True)
class Verified:
    """The ledger holds.

    Attributes:
        entries: How many it has.
        digest: Of the last one; who keeps it can tell later that nothing before was changed or cut off.
    """

    entries: int
    digest: str


def verify(repo: Repo, commit: str) -> Verified | Broken:
    """Return whether the ledger at a commit holds, or the first entry that does not.

    What a chain alone cannot show is a branch that was cut and pushed again by force, or a history that was written
    anew from the first entry; keep the digest that this returns and compare it later.

    Args:
        repo: Holds the whole branch, with contents.
        commit: The branch's tip; empty for a ledger that was never written.

    Raises:
        GitError: The repository cannot be read.
    """
    if not commit:
        return Verified(0, "")
    chain = read_chain(read_files(repo, commit))
    history = next(_history_faults(repo, commit), None)
    faults = [fault for fault in (chain, history) if isinstance(fault, Broken)]
    if faults:
        return min(faults, key=lambda fault: fault.entry)
    entries = chain if isinstance(chain, tuple) else ()
    return Verified(len(entries), entries[-1].digest if entries else "")


def _history_faults(repo: Repo, commit: str) -> Iterator[Broken]:
    """Yield the commits, oldest first, that do more than add the next entries."""
    following = 1
    for parents, changes in _commits(repo, commit):
        if parents > 1:
            yield Broken(following, "the branch is not linear: a merge stands in it")
        for mode, kind, path in changes:
            seq = seq_of(path)
            if kind != "A":
                yield Broken(seq, f"{path} was {'deleted' if kind == 'D' else 'changed'} after it was written")
            elif mode != "100644" or seq != following:
                yield Broken(seq or following, f"{path} was added where entry {following} was to come")
            following += 1


def _commits(repo: Repo, commit: str) -> Iterator[tuple[int, list[tuple[str, str, str]]]]:
    """Yield, oldest first, how many parents a commit has and what it changed as (mode, kind, path)."""
    printed = repo.run(
        "-c", "log.showRoot=true", "log", "--reverse", "--topo-order", "--raw", "--no-renames", "--no-abbrev",
        "--diff-merges=first-parent", "-z", "--format=%x01%P%x02", commit, "--",
    ).decode(errors="replace")  # fmt: skip
    for block in printed.split("\x01")[1:]:
        parents, _, raw = block.partition("\x02")
        parts = [part.strip("\n") for part in raw.split("\0") if part.strip("\n")]
        changes = [
            (meta.split()[1], meta.split()[4][0], path) for meta, path in zip(parts[0::2], parts[1::2], strict=True)
        ]
        yield len(parents.split()), sorted(changes, key=lambda change: change[2])
