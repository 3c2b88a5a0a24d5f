"""Answers kept on disk for this user alone: what is damaged, or was made of something else, is as good as not there."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from trimtab import __version__
from trimtab.listing import entries, fingerprint

_PACKAGE = Path(__file__).resolve().parent


def folder_of_cache(environ: Mapping[str, str], name: str) -> Path | None:
    """Return the folder for answers: below XDG_CACHE_HOME, or `.cache` of the user's home; None without either.

    Source: XDG Base Directory Specification 0.8; a path that is not absolute does not count.
    """
    for variable, below in (("XDG_CACHE_HOME", ""), ("HOME", ".cache")):
        if environ.get(variable, "").startswith("/"):
            return Path(environ[variable]) / below / "trimtab" / name
    return None


@cache
def program(*parts: str) -> str:
    """Return what tells these parts of this program from any others that may have kept an answer."""
    found = [fingerprint(one for one in entries(_PACKAGE / part) if one.path.endswith(".py")) for part in parts]
    return hashlib.sha256(repr((__version__, sys.version, found)).encode()).hexdigest()


def read_kept(place: Path, seen: str) -> list[object] | None:
    """Return a kept answer, or None where there is none for what was seen."""
    try:
        checksum, _, body = place.read_bytes().partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != checksum:
            return None
        known, *answer = json.loads(body)
    except (OSError, ValueError, TypeError):
        return None
    return answer if known == seen else None


def write_kept(place: Path, seen: str, answer: Sequence[object], most: int) -> None:
    """Keep an answer in one step, for this user alone; where that cannot be, nothing is kept.

    Args:
        place: The file; its folder is made.
        seen: What the answer holds for.
        answer: What JSON can say.
        most: So many answers stay in the folder; the oldest goes first.
    """
    body = json.dumps([seen, *answer]).encode()
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, suffix=".new", delete=False) as stream:
            stream.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        os.replace(stream.name, place)  # noqa: PTH105 - a name, not a Path
        for old in sorted(place.parent.glob("*.json"), key=lambda one: one.stat().st_mtime_ns)[:-most]:
            old.unlink(missing_ok=True)
    except OSError:
        return
