"""What `inspect` says: one JSON document, or a table."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from trimtab.cli.inspect_cache import DAMAGED, FolderCache
from trimtab.errors import UsageError
from trimtab.facts import Unreadable
from trimtab.fleet import Serving, Setting
from trimtab.manifest import Tree
from trimtab.manifest.incremental import inspect_again
from trimtab.manifest.lazy_files import ChangedWhileReadError
from trimtab.manifest.notebook import Notebook
from trimtab.manifest.share import no_collector
from trimtab.text.clean import log_line, one_line

if TYPE_CHECKING:
    from trimtab.render import Followable, Unseen

SCHEMA = "trimtab/inspect/v1"
_ATTEMPTS = 3
"""The first with what is known; files may be written, or what is known damaged, under any."""
_LONGEST = 2000
"""Characters of one line; no control character of a foreign name reaches the terminal."""


_word = json.JSONEncoder(ensure_ascii=False).encode


class Looked(Protocol):
    """How much was looked at."""

    @property
    def files_read(self) -> int:
        """Return how many YAML files."""

    @property
    def unreadable(self) -> Iterable[Unreadable]:
        """Return those that no parser takes."""


@dataclass(frozen=True, slots=True)
class Said:
    """What goes to standard output and to standard error, piece by piece."""

    out: Iterable[str]
    err: Iterable[str]


def said(root: Path, form: str, processes: int, cache: Path | None) -> Said:
    """Return what is printed of a folder, as `json` or as a `table`; what is known of it from before is not read again.

    Args:
        root: The folder.
        form: How it is said.
        processes: How many may share the work.
        cache: Where what is known is kept; None where nowhere.

    Raises:
        UsageError: It is no folder that can be read, or one that is written to all the time.
    """
    kept = FolderCache(root, cache)
    with no_collector():
        try:
            book = _known(root, kept, processes)
        except OSError as error:
            raise _no_folder(root, error) from None
    return said_of(root, form, book.servings, book)


def _known(root: Path, kept: FolderCache, processes: int) -> Notebook:
    """Return a notebook that is up to date with a folder."""
    for attempt in range(_ATTEMPTS):
        before = kept.read() if attempt == 0 else Notebook.empty(kept.program)
        try:
            book = inspect_again(root, before, serving_json, processes)
        except (ChangedWhileReadError, *DAMAGED) as error:
            if attempt and not isinstance(error, ChangedWhileReadError):
                raise
            continue
        if book is not before:
            kept.write(book)
        return book
    raise UsageError(f"{root}: is written to while it is read", "run it again when nothing writes to the folder")


@dataclass(frozen=True, slots=True)
class Charts:
    """What rendering showed of charts: those that were followed, and those that could not be rendered."""

    traced: Sequence[Followable]
    unrendered: Sequence[Unseen]


def _of_charts(charts: Charts) -> Iterator[str]:
    """Yield how far the values of charts were followed, and which could not be rendered, and why."""
    for seen in charts.traced:
        said = f"{seen.driving} of {seen.leaves} values drive something, {len(seen.behind)} more behind a switch"
        yield log_line(f"{seen.path}: {seen.release}: {said}", _LONGEST) + "\n"
    for one in charts.unrendered:
        yield log_line(f"{one.path}: {one.release} cannot be rendered: {one.reason}", _LONGEST) + "\n"


def said_of(root: Path, form: str, servings: Iterable[str], looked: Looked, charts: Charts | None = None) -> Said:
    """Return what is printed, of what the document says of each serving; `charts` is what rendering showed."""
    if form == "json":
        return Said(_document(root, servings, looked, charts), ())
    counted = itertools.count()
    lines = (_lines(serving) for serving, _ in zip(servings, counted, strict=False))
    return Said(lines, itertools.chain(_of_charts(charts) if charts else (), _notes(looked, counted)))


def _document(root: Path, servings: Iterable[str], looked: Looked, charts: Charts | None) -> Iterator[str]:
    """Yield the parts of the document that `--format json` prints: as `json.dumps` would, but never held as a whole."""
    yield f"{{\n  {_member('schema', SCHEMA)},\n  {_member('root', str(root))},\n"
    yield f"  {_member('files_read', looked.files_read)},\n"
    yield from _listed("unreadable", (_block(asdict(one)) for one in looked.unreadable))
    yield ",\n"
    yield from _listed("servings", servings)
    for name, value in asdict(charts).items() if charts is not None else ():
        yield ",\n"
        yield from _listed(name, map(_block, value))
    yield "\n}\n"


def _member(name: str, value: object) -> str:
    return f"{_word(name)}: {_word(value)}"


def _listed(name: str, items: Iterable[str]) -> Iterator[str]:
    """Yield a list as it stands in the document, of items that are indented as they stand there."""
    before = f'  "{name}": ['
    for item in items:
        yield f"{before}\n    {item}"
        before = ","
    yield "\n  ]" if before == "," else f"{before}]"


def _block(value: object, margin: str = "\n    ") -> str:
    """Return what `json.dumps` gives for a value below a margin; that leaves a cycle of functions behind each time."""
    if isinstance(value, dict) and value:
        items = [f"{_word(key)}: {_block(item, f'{margin}  ')}" for key, item in value.items()]
        return f"{{{margin}  {f',{margin}  '.join(items)}{margin}}}"
    if isinstance(value, list | tuple) and value:
        items = [_block(item, f"{margin}  ") for item in value]
        return f"[{margin}  {f',{margin}  '.join(items)}{margin}]"
    return _word(value)


def read_tree(root: Path) -> Tree:
    """Return the files below a folder.

    Raises:
        UsageError: It is no folder that can be read.
    """
    try:
        return Tree.read(root)
    except OSError as error:
        raise _no_folder(root, error) from None


def _no_folder(root: Path, error: OSError) -> UsageError:
    return UsageError(f"{root}: {error.strerror}", "name a folder with manifests")


def serving_json(serving: Serving) -> str:
    """Return a serving as it stands in the document."""
    return _block(_serving(serving))


def _serving(serving: Serving) -> dict[str, object]:
    return {
        "subject": serving.subject,
        "path": serving.path,
        "document": serving.document,
        "api_version": serving.api_version or None,
        "kind": serving.kind or None,
        "namespace": serving.namespace or None,
        "name": serving.name,
        "container": serving.container,
        "wrapper": serving.wrapper,
        "engine": serving.engine or None,
        "destinations": [asdict(one) for one in serving.destinations],
        "settings": {field: _setting(setting) for field, setting in serving.settings.items()},
    }


def _setting(setting: Setting) -> dict[str, object]:
    return {
        "value": setting.value,
        "raw": setting.raw,
        "path": setting.location.path,
        "line": setting.location.line,
        "start": setting.location.start,
        "end": setting.location.end,
        "via": setting.via,
        "editable": setting.editable,
        "reason": setting.reason or None,
    }


def _lines(text: str) -> str:
    """Return a serving of the document as one block of the table."""
    serving = json.loads(text)
    subject = click.style(log_line(serving["subject"], _LONGEST), bold=True)
    lines = [f"{subject}  {serving['engine'] or 'engine unknown'}, {serving['wrapper']}"]
    for field, setting in serving["settings"].items():
        note = "" if setting["editable"] else f"  (not editable: {setting['reason']})"
        where = one_line(f"{setting['path']}:{setting['line']}{note}", _LONGEST)
        lines.append(f"    {field:<24} {one_line(setting['raw']):<32} {where}")
    return "".join(f"{line}\n" for line in lines)


def _notes(looked: Looked, counted: Iterator[int]) -> Iterator[str]:
    """Yield what could not be read, then how much was."""
    for one in looked.unreadable:
        yield log_line(f"{one.path}:{one.line}: cannot be read: {one.reason}", _LONGEST) + "\n"
    yield f"{next(counted)} servings in {looked.files_read} files\n"
