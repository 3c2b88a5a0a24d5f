"""The operator's own charts: a folder of packages (`helm pull`) or of unpacked charts, found by name and version.

Nothing is fetched. What lies there is trusted no more than the repository: packages are read by helm alone, in the
fence, and of their insides only `Chart.yaml` is looked at here.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trimtab.errors import UsageError
from trimtab.listing import entries
from trimtab.manifest import BrokenYamlError, plain_documents
from trimtab.render.plainly import word
from trimtab.render.versions import chosen

_LARGEST_BYTES = 64 * 1024
"""Of a Chart.yaml; real ones hold a few hundred bytes."""
_MOST_BYTES = 100 * 1024 * 1024
"""Of what is read past in a package; where Helm packed it, `Chart.yaml` comes first."""
_PACKAGES = (".tgz", ".tar.gz")


@dataclass(frozen=True, slots=True)
class Shelved:
    """A chart that the operator keeps.

    Attributes:
        name: As its `Chart.yaml` says.
        version: The same.
        path: The package, or the folder.
    """

    name: str
    version: str
    path: Path


def find(shelf: str, name: str, version: str) -> Shelved | None:
    """Return the chart that a declaration means, or None where it is not there.

    Args:
        shelf: The folder; empty for none.
        name: The chart's.
        version: Exact or a range; the highest that fits is meant.
    """
    known = {one.version: one for one in _charts(shelf) if one.name == name} if shelf and name else {}
    found = chosen(version, known)
    return known[found] if found else None


@cache
def _charts(shelf: str) -> tuple[Shelved, ...]:
    """Return what lies on a shelf, by path; it is looked at once."""
    return tuple(_seen(Path(shelf)))


def _seen(root: Path) -> Iterator[Shelved]:
    try:
        found = entries(root)
    except OSError:
        return
    for entry in found:
        place = root / entry.path
        if entry.is_file and entry.name.endswith(_PACKAGES):
            yield from _of(_packed(place), place)
        elif entry.is_file and entry.name == "Chart.yaml":
            yield from _of(_read(place), place.parent)


def _of(data: bytes, place: Path) -> Iterator[Shelved]:
    try:
        documents = plain_documents(data)
    except (BrokenYamlError, UsageError):
        return
    chart = documents[0] if documents else None
    if isinstance(chart, dict) and word(chart, "name"):
        yield Shelved(word(chart, "name"), word(chart, "version"), place)


def _read(place: Path) -> bytes:
    try:
        with place.open("rb") as stream:
            return stream.read(_LARGEST_BYTES)
    except OSError:
        return b""


def _packed(place: Path) -> bytes:
    """Return the `Chart.yaml` of a package; nothing is unpacked, and nothing else in it is read."""
    try:
        with tarfile.open(place, "r|gz") as package:
            for member in package:
                if member.offset_data + member.size > _MOST_BYTES:
                    break
                is_chart = member.isfile() and member.name.count("/") == 1 and member.name.endswith("/Chart.yaml")
                if is_chart and member.size <= _LARGEST_BYTES:
                    stream = package.extractfile(member)
                    return stream.read() if stream is not None else b""
    except (OSError, tarfile.TarError, EOFError, ValueError):
        return b""
    return b""
