"""What `inspect` said of a large folder, kept for as long as none of its files has a new stamp.

A kept answer that is damaged, of another release or of a folder that changed is made anew, never an error.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from trimtab import __version__
from trimtab.listing import entries, fingerprint, is_settled

_FEW = 300
"""Files below which looking again costs less than a file in the user's home is worth."""
_MOST = 32
"""Answers that are kept; the oldest goes first."""
_PACKAGE = Path(__file__).resolve().parents[1]
_SPEAKING = ("manifest", "fleet", "cli")
"""Parts of the program that an answer depends on."""


@dataclass(frozen=True, slots=True)
class Said:
    """What goes to standard output and to standard error."""

    out: str
    err: str


def folder_of_cache(environ: Mapping[str, str]) -> Path | None:
    """Return the folder for answers: below XDG_CACHE_HOME, or `.cache` of the user's home; None without either.

    Source: XDG Base Directory Specification 0.8; a path that is not absolute does not count.
    """
    for name, below in (("XDG_CACHE_HOME", ""), ("HOME", ".cache")):
        if environ.get(name, "").startswith("/"):
            return Path(environ[name]) / below / "trimtab" / "inspect"
    return None


def remembered(root: Path, form: str, cache: Path | None, look: Callable[[], Said]) -> Said:
    """Return what was said of the folder when it was as it is, else what `look` says now.

    Args:
        root: The folder.
        form: How it is said.
        cache: Where answers are kept; None where nowhere.
        look: Reads the folder.
    """
    began_ns = time.time_ns()
    try:
        found = entries(root)
    except OSError:
        return look()
    if cache is None or len(found) < _FEW:
        return look()
    seen = f"{_program()} {fingerprint(found)}"
    asked = repr((str(root.absolute()), str(root), form))
    place = cache / f"{hashlib.sha256(asked.encode(errors='surrogateescape')).hexdigest()[:32]}.json"
    kept = _read(place, seen)
    if kept is not None:
        return kept
    said = look()
    if is_settled(found, began_ns):
        _write(place, seen, said)
    return said


def _program() -> str:
    """Return what tells this program from any other that may have kept an answer."""
    parts = [fingerprint(one for one in entries(_PACKAGE / part) if one.path.endswith(".py")) for part in _SPEAKING]
    return hashlib.sha256(repr((__version__, sys.version, parts)).encode()).hexdigest()


def _read(place: Path, seen: str) -> Said | None:
    """Return a kept answer, or None where there is none for what was seen."""
    try:
        checksum, _, body = place.read_bytes().partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != checksum:
            return None
        known, out, err = json.loads(body)
    except (OSError, ValueError):
        return None
    return Said(out, err) if known == seen else None


def _write(place: Path, seen: str, said: Said) -> None:
    """Keep an answer in one step, for this user alone; where that cannot be, nothing is kept."""
    body = json.dumps([seen, said.out, said.err]).encode()
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, suffix=".new", delete=False) as stream:
            stream.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        os.replace(stream.name, place)  # noqa: PTH105 - a name, not a Path
        for old in sorted(place.parent.glob("*.json"), key=lambda one: one.stat().st_mtime_ns)[:-_MOST]:
            old.unlink(missing_ok=True)
    except OSError:
        return
