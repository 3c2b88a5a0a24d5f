"""What a set of files is about to become, kept until all of them are: a crash between two of them is made good.

The note lies in the user's own folder of states, never below the files, where whoever wrote those could have left one.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from trimtab.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Step:
    """One file that takes its place.

    Attributes:
        path: Below the folder.
        temporary: The name of the file beside it that holds the new bytes.
        before: SHA-256 of the bytes that stand there, in hexadecimal digits.
        after: Of the new ones.
    """

    path: str
    temporary: str
    before: str
    after: str


def digest(data: bytes) -> str:
    """Return what tells bytes from others."""
    return hashlib.sha256(data).hexdigest()


@contextmanager
def noted(root: Path, steps: Sequence[Step]) -> Iterator[None]:
    """Keep a note of the steps while they are taken; of a single one none is needed.

    Where no note can be kept, the steps are taken without.
    """
    place = _place(root, os.environ) if len(steps) > 1 else None
    if place is not None:
        try:
            _keep(place, steps)
        except OSError:
            place = None
    yield
    if place is not None:
        place.unlink(missing_ok=True)


def finish(root: Path, *, write: bool) -> None:
    """Take the steps that a crash kept from being taken; what someone has changed since is left alone.

    Args:
        root: The folder.
        write: Whether files may be written.

    Raises:
        RefusedError: Steps are missing, and nothing may be written or the new bytes are gone.
    """
    place = _place(root, os.environ)
    if place is None or not place.is_file():
        return
    steps = _read(place)
    states = [_standing(root, step) for step in steps]
    missing = [step for step, state in zip(steps, states, strict=True) if state == step.before]
    half = 0 < len(missing) < len(steps) and all(
        state in {step.before, step.after} for step, state in zip(steps, states, strict=True)
    )
    if half and not write:
        raise RefusedError(
            f"{root / missing[0].path}: an edit of {len(steps)} files was cut short before this one",
            "run `trimtab edit` with --write to finish it, or restore the files with Git",
        )
    if not write:
        return
    place.unlink(missing_ok=True)
    for step in missing if half else ():
        _take(root, step)
    for step in steps:
        (root / step.path).with_name(step.temporary).unlink(missing_ok=True)


def _take(root: Path, step: Step) -> None:
    target = root / step.path
    temporary = target.with_name(step.temporary)
    if target.is_symlink() or not temporary.is_file() or digest(temporary.read_bytes()) != step.after:
        raise RefusedError(f"{target}: an edit was cut short, and its bytes are gone", "restore the files with Git")
    temporary.replace(target)


def _standing(root: Path, step: Step) -> str:
    """Return the digest of what stands in a file's place, empty where nothing does."""
    try:
        return digest((root / step.path).read_bytes())
    except OSError:
        return ""


def _place(root: Path, environment: Mapping[str, str]) -> Path | None:
    """Return where the note of a folder lies; None where the user has no folder for states.

    Source: XDG Base Directory Specification 0.8; a path that is not absolute does not count.
    """
    for name, below in (("XDG_STATE_HOME", ""), ("HOME", ".local/state")):
        home = environment.get(name, "")
        if home.startswith("/"):
            return Path(home, below, "trimtab", "edits", f"{digest(os.fsencode(root.resolve()))[:32]}.json")
    return None


def _keep(place: Path, steps: Sequence[Step]) -> None:
    """Write the note whole, or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump([asdict(step) for step in steps], stream)
        stream.flush()
        os.fsync(stream.fileno())
    Path(name).replace(place)


def _read(place: Path) -> tuple[Step, ...]:
    """Return the steps of a note, none where it cannot be read."""
    with suppress(OSError, ValueError, TypeError):
        return tuple(Step(**one) for one in json.loads(place.read_text(encoding="utf-8")))
    return ()
