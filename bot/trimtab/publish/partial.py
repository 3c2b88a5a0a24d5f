"""What of a change was merged: people may take a part of it, or merge it otherwise than it was proposed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trimtab.fleet import Found, Unknown
from trimtab.gitio import Repo
from trimtab.gitio.undo import content, merged, moved
from trimtab.life import Entry, State
from trimtab.publish.branch import commit_of
from trimtab.publish.forge import PullRequest
from trimtab.publish.site import Site
from trimtab.publish.standing import Standing
from trimtab.rule import Change

_WORDS = re.compile(r"[^\s\"',:=\[\]{}]+")
_HOLDS_GPUS = re.compile(r"gpu_(count|resource|product)|(min_|max_)?replicas|\w+_parallel_size", re.ASCII)
"""Fields that say how many GPUs are held, and of which kind: without one of them the promise is another."""


class Fate(StrEnum):
    """What became of a part of a change."""

    MERGED = "merged"
    LEFT_OUT = "left out"
    OTHERWISE = "merged otherwise"


@dataclass(frozen=True, slots=True)
class Part:
    """What was merged.

    Attributes:
        changes: Without those that were left out; one that was merged otherwise stays, for what it set is in Git.
        note: What differs from the proposal; empty where nothing does.
        keeps: Whether the promise stands: what differs says nothing of GPUs.
    """

    changes: tuple[Change, ...]
    note: str
    keeps: bool


@dataclass(frozen=True, slots=True)
class _Hunk:
    """One place that was to change, with the words of its lines."""

    words: frozenset[str]
    fate: Fate


def part_of(site: Site, standing: Standing, pull: PullRequest) -> Found[Part] | Unknown:
    """Return what of a recommendation's change is in the commit that merged it, place by place.

    Raises:
        ForgeError: The remote cannot be reached.
    """
    heads = [entry.head for entry in standing.entries if entry.step == State.OPEN and entry.head and not entry.note]
    site.repo.fetch(site.base, blobs=True)
    merge = pull.merge_commit or pull.head  # a fast-forward makes no commit
    if not heads or not site.repo.bring(heads[-1]) or not site.repo.has(merge):
        return Unknown("what was proposed or what was merged is not in Git any more")
    head = commit_of(site.repo, heads[-1], standing.id) if standing.last.branch else Found(heads[-1])
    if isinstance(head, Unknown):
        return head
    hunks = tuple(_hunks(site.repo, head.value, heads[-1], merge))
    return Found(_part(standing.last, hunks))


def _part(entry: Entry, hunks: Sequence[_Hunk]) -> Part:
    fates = [(change, _fate(change, hunks)) for change in entry.changes]
    differing = [(change.field, fate) for change, fate in fates if fate is not Fate.MERGED]
    kept = tuple(change for change, fate in fates if fate is not Fate.LEFT_OUT)
    said = ", ".join(f"{field} was {fate}" for field, fate in differing)
    keeps = not any(_HOLDS_GPUS.fullmatch(field) for field, _ in differing)
    return Part(kept, f"merged in part: {said}" if said else "", keeps)


def _fate(change: Change, hunks: Sequence[_Hunk]) -> Fate:
    """Return what became of one change: of the places that name its values, or of all where none can be told."""
    named = [hunk.fate for hunk in hunks if {str(change.before), str(change.after)} & hunk.words]
    fates = set(named or (hunk.fate for hunk in hunks))
    return fates.pop() if len(fates) == 1 else Fate.OTHERWISE if fates else Fate.MERGED


def _hunks(repo: Repo, head: str, top: str, merge: str) -> Iterator[_Hunk]:
    """Yield each place that a commit changed, with what became of it in a merge; files that moved are followed.

    Where others have commits on top of it, a file that was merged as it is at the `top` has all that they say.
    """
    listed = repo.run("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", "--name-only", f"{head}^", head)
    places = moved(repo, head, merge)
    for path in filter(None, listed.decode("utf-8", "surrogateescape").split("\0")):
        now = content(repo, merge, places.get(path, path))
        after = content(repo, head, path)
        whole = head != top and now == content(repo, top, path)
        yield from _of_file(repo, content(repo, f"{head}^", path), after, after if whole else now)


def _of_file(repo: Repo, before: bytes, after: bytes, now: bytes) -> Iterator[_Hunk]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for verb, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if verb != "equal":
            without = b"".join([*new[:j1], *old[i1:i2], *new[j2:]])
            words = _WORDS.findall(b"".join([*old[i1:i2], *new[j1:j2]]).decode("utf-8", "replace"))
            yield _Hunk(frozenset(words), _fate_of(repo, after, without, now))


def _fate_of(repo: Repo, after: bytes, without: bytes, now: bytes) -> Fate:
    """Return what became of one place: taking it out of what was merged changes something only if it is in there."""
    if now == after:
        return Fate.MERGED
    taken_out = merged(repo, now, after, without)
    if isinstance(taken_out, Unknown):
        return Fate.OTHERWISE
    return Fate.LEFT_OUT if taken_out.value == now else Fate.MERGED
