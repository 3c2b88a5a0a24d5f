"""The models that a repository describes itself: the `config.json` that a workload's annotation names."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from trimtab.fleet import Found, Gap, Serving, Unknown

ANNOTATION = "trimtab.dev/model-config"
_MOST_BYTES = 2 << 20
"""The longest that is read; a `config.json` has a few KB."""


def with_model_configs(
    servings: Sequence[Serving], root: Path, repository: str
) -> tuple[tuple[Serving, ...], tuple[Gap, ...]]:
    """Return the servings with the configuration that each names, and a gap for each that cannot be had.

    The path is relative to the repository's root; with `./` or `../` at its beginning, to the manifest's folder. It
    stays inside the repository, and links are not followed.
    """
    found, gaps = [], []
    for serving in servings:
        named = serving.annotations.get(ANNOTATION, "").strip()
        text = _read(root, PurePosixPath(serving.path).parent, named) if named else Found("")
        if isinstance(text, Unknown):
            gaps.append(Gap("", repository, f"{serving.path}: annotation {ANNOTATION}: {named[:200]!r} {text.reason}"))
        found.append(replace(serving, model_config=text.value) if isinstance(text, Found) and text.value else serving)
    return tuple(found), tuple(gaps)


def _read(root: Path, folder: PurePosixPath, named: str) -> Found[str] | Unknown:
    parts = _inside(folder, named)
    if not parts:
        return Unknown("leaves the repository")
    path = root
    try:
        for part in parts:
            path /= part
            if stat.S_ISLNK(path.lstat().st_mode):
                return Unknown("is a link, which is not followed")
        if path.is_dir():
            path /= "config.json"
        if not stat.S_ISREG(path.lstat().st_mode) or path.lstat().st_size > _MOST_BYTES:
            return Unknown(f"is no plain file of at most {_MOST_BYTES} bytes")
        return Found(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return Unknown("is not UTF-8")
    except (OSError, ValueError) as error:
        return Unknown(f"cannot be read: {getattr(error, 'strerror', None) or error}")


def _inside(folder: PurePosixPath, named: str) -> tuple[str, ...]:
    """Return the parts of a path below the root; empty where it leaves it or means Git's own folder."""
    start = folder.parts if named.startswith(("./", "../")) else ()
    parts: list[str] = []
    for part in (*start, *PurePosixPath(named.lstrip("/")).parts):
        if part == ".." and not parts:
            return ()
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return () if ".git" in parts else tuple(parts)
