"""Paths inside a tree: relative, with `/`, never above the root."""

from __future__ import annotations

import posixpath
import re


def folder_of(path: str) -> str:
    """Return the folder of a file, empty for the root."""
    return path.rpartition("/")[0]


def joined(folder: str, relative: str) -> str:
    """Return the path that `relative` means in `folder`; a path that leaves the tree comes back with its dots."""
    path = posixpath.normpath(posixpath.join(folder, relative))
    return "" if path == "." else path


def within(path: str, folder: str) -> bool:
    """Return whether a file lies in a folder or below it."""
    return not folder or path == folder or path.startswith(folder + "/")


def is_values(path: str) -> bool:
    """Return whether a file is named or placed as the values of a chart are."""
    folder, _, name = path.rpartition("/")
    return "values" in name.lower() or folder.rpartition("/")[2].lower() in {"values", "helm-values"}


def alternatives(pattern: str) -> tuple[str, ...]:
    """Return the patterns that one with `{a,b}` stands for, itself where it has none."""
    match = re.fullmatch(r"(?P<before>[^{}]*)\{(?P<among>[^{}]*)\}(?P<after>[^{}]*)", pattern)
    if match is None:
        return (pattern,)
    return tuple(f"{match['before']}{one}{match['after']}" for one in match["among"].split(","))
