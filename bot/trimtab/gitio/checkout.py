"""Asks a person's checkout where it came from; nothing in it is changed."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from trimtab.errors import UsageError
from trimtab.gitio.repo import Remote, Repo

_FAR = re.compile(r"[a-z+]+://|[^/]+:", re.ASCII)
"""`https://host/…`, `ssh://…`, or `host:path`."""


def origin_of(folder: Path, *, itself: bool = False) -> str:
    """Return the address that a checkout was cloned from; the folder where it has none, or where `itself` is asked.

    Raises:
        UsageError: The folder is no git repository.
    """
    if not _ask(folder, "rev-parse", "--git-dir"):
        raise UsageError(f"{folder}: no git repository, so nothing can be pushed there", "give `url`, or a clone")
    address = "" if itself else _ask(folder, "config", "--get", "remote.origin.url")
    if not address:
        return str(folder)
    return address if _FAR.match(address) else str((folder / address).resolve())


def opened(folder: Path) -> Repo:
    """Return a clone's own repository, to read it where it is.

    Raises:
        UsageError: The folder is no git repository.
    """
    found = _ask(folder, "rev-parse", "--absolute-git-dir") if folder.is_dir() else ""
    if not found:
        raise UsageError(f"{folder}: no git repository", "give the path of a clone")
    return Repo(Path(found), Remote(found))


def _ask(folder: Path, *arguments: str) -> str:
    """Return what git prints in the folder, empty where it fails."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    asked = subprocess.run(  # noqa: S603  # arguments are ours
        ["git", "-C", str(folder), *arguments],  # noqa: S607  # found on PATH, as all of git is
        capture_output=True,
        check=False,
        env=kept,
    )
    return asked.stdout.decode(errors="replace").strip() if asked.returncode == 0 else ""
