"""Answers kept on disk for this user alone: what is damaged, or was made of something else, is as good as not there."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from trimtab import __version__
from trimtab.listing import entries, fingerprint

_PACKAGE = Path(__file__).resolve().parent


def cache_folder(environ: Mapping[str, str], name: str) -> Path | None:
    """Return the folder for answers: below XDG_CACHE_HOME, or `.cache` of the user's home; None without either.

    Source: XDG Base Directory Specification 0.8; a path that is not absolute does not count.
    """
    for variable, below in (("XDG_CACHE_HOME", ""), ("HOME", ".cache")):
        if environ.get(variable, "").startswith("/"):
            return Path(environ[variable]) / below / "trimtab" / name
    return None


@cache
def program_digest(*parts: str) -> str:
    """Return what tells these parts of this program from any others that may have kept an answer."""
    found = [fingerprint(one for one in entries(_PACKAGE / part) if one.path.endswith(".py")) for part in parts]
    return hashlib.sha256(repr((__version__, sys.version, found)).encode()).hexdigest()


def read_answer(place: Path, seen: str) -> list[object] | None:
    """Return a kept answer, or None where there is none for what was seen."""
    try:
        checksum, _, body = place.read_bytes().partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != checksum:
            return None
        known, *answer = json.loads(body)
    except (OSError, ValueError, TypeError):
        return None
    return answer if known == seen else None


def write_answer(place: Path, seen: str, answer: Sequence[object], most: int) -> None:
    """Keep an answer as `write_file` does.

    Args:
        place: The file.
        seen: What the answer holds for.
        answer: What JSON can say.
        most: So many answers stay in the folder.
    """
    body = json.dumps([seen, *answer]).encode()
    whole = hashlib.sha256(body).hexdigest().encode() + b"\n" + body
    write_file(place.parent, lambda new: new.write_bytes(whole), lambda _new: place.name, most)


def write_file(folder: Path, fill: Callable[[Path], object], name: Callable[[Path], str], most: int) -> None:
    """Write a file in one step, for this user alone; where that cannot be, nothing is kept.

    Args:
        folder: Where; it is made.
        fill: Writes it.
        name: Says what it is to be called, of what was written.
        most: So many files stay in the folder; the oldest goes first.
    """
    new = Path()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".new", delete=False) as stream:
            new = Path(stream.name)
        fill(new)
        os.replace(new, folder / name(new))  # noqa: PTH105 - a name, not a Path
        for old in sorted(folder.iterdir(), key=lambda one: one.stat().st_mtime_ns)[:-most]:
            old.unlink(missing_ok=True)
    except OSError:
        with suppress(OSError):
            new.unlink()
