"""Asks a person's checkout where it came from; nothing in it is changed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from trimtab.errors import ForgeError, UsageError
from trimtab.gitio.repo import Remote, Repo

_FAR = re.compile(r"[a-z+]+://|[^/]+:", re.ASCII)
"""`https://host/…`, `ssh://…`, or `host:path`."""
_LONGEST_S = 60
"""Nothing is asked here that reads more than a few files of `.git`."""


def address_of(folder: Path) -> str:
    """Return the address of a checkout's `origin`, as it stands there; empty where there is none."""
    return _ask(folder, "config", "--get", "remote.origin.url")


def origin_of(folder: Path, *, itself: bool = False) -> str:
    """Return the address that a checkout was cloned from; the folder where it has none, or where `itself` is asked.

    Raises:
        UsageError: The folder is no git repository.
    """
    if not _ask(folder, "rev-parse", "--git-dir"):
        raise UsageError(f"{folder}: no git repository, so nothing can be pushed there", "give `url`, or a clone")
    address = "" if itself else address_of(folder)
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
    """Return what git prints in the folder, empty where it fails.

    Raises:
        ForgeError: Git is not installed, or does not end.
    """
    git = shutil.which("git")
    if git is None:
        raise ForgeError("git is not installed", "install git 2.30 or later")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        asked = subprocess.run(  # noqa: S603  # arguments are ours
            [git, "-C", str(folder), *arguments], capture_output=True, check=False, env=kept, timeout=_LONGEST_S
        )
    except subprocess.TimeoutExpired:
        raise ForgeError(f"{folder}: git {arguments[0]}: no end after {_LONGEST_S} s", "is the disk there?") from None
    return asked.stdout.decode(errors="replace").strip() if asked.returncode == 0 else ""
