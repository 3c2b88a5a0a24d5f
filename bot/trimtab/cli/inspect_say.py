"""What `inspect` says: one JSON document, or a table."""

from __future__ import annotations

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
from trimtab.manifest.incremental import Snapshot, inspect_again
from trimtab.manifest.lazy_files import ChangedWhileReadError
from trimtab.manifest.share import no_collector
from trimtab.text.clean import log_line, one_line

if TYPE_CHECKING:
    from trimtab.render import Followable, Unseen

SCHEMA = "trimtab/inspect/v1"
_LONGEST = 2000
"""Characters of one line; no control character of a foreign name reaches the terminal."""
_EMPTY = '\n  "servings": []'
"""Where the servings belong; no text inside the document holds a line break as such."""


class Looked(Protocol):
    """How much was looked at."""

    @property
    def files_read(self) -> int:
        """Return how many YAML files."""

    @property
    def unreadable(self) -> Sequence[Unreadable]:
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
        before = kept.read()
    for known in (before, Snapshot(), Snapshot()):
        try:
            with no_collector():
                told = inspect_again(root, known, TELL[form], form, processes)
        except OSError as error:
            raise _no_folder(root, error) from None
        except (ChangedWhileReadError, *DAMAGED) as error:
            if not (known.files or isinstance(error, ChangedWhileReadError)):
                raise
            continue
        if told.kept is not known:
            kept.write(told.kept)
        return said_of(root, form, told.servings, told)
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


def said_of(root: Path, form: str, servings: Sequence[str], looked: Looked, charts: Charts | None = None) -> Said:
    """Return what is printed, of what is said of each serving; `charts` is what rendering showed."""
    if form == "json":
        return Said(_document(root, servings, looked, charts), ())
    return Said(servings, (*(_of_charts(charts) if charts else ()), *_notes(looked, len(servings))))


def _document(root: Path, servings: Sequence[str], looked: Looked, charts: Charts | None) -> Iterator[str]:
    """Yield the parts of the document that `--format json` prints."""
    whole = {
        "schema": SCHEMA,
        "root": str(root),
        "files_read": looked.files_read,
        "unreadable": [{"path": one.path, "line": one.line, "reason": one.reason} for one in looked.unreadable],
        "servings": [],
        **({} if charts is None else asdict(charts)),
    }
    before, empty, after = json.dumps(whole, indent=2, ensure_ascii=False).partition(_EMPTY)
    yield f"{before}{empty[:-1]}"
    for number, serving in enumerate(servings):
        yield f",\n{serving}" if number else f"\n{serving}"
    yield "\n  ]" if servings else "]"
    yield f"{after}\n"


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


def _serving_json(serving: Serving) -> str:
    """Return a serving as it stands in the document."""
    return "    " + json.dumps(_serving(serving), indent=2, ensure_ascii=False).replace("\n", "\n    ")


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


def _serving_lines(serving: Serving) -> str:
    """Return a serving as one block of the table."""
    subject = click.style(log_line(serving.subject, _LONGEST), bold=True)
    lines = [f"{subject}  {serving.engine or 'engine unknown'}, {serving.wrapper}"]
    for field, setting in serving.settings.items():
        where = f"{setting.location.path}:{setting.location.line}"
        note = "" if setting.editable else f"  (not editable: {setting.reason})"
        lines.append(f"    {field:<24} {one_line(setting.raw):<32} {one_line(f'{where}{note}', _LONGEST)}")
    return "".join(f"{line}\n" for line in lines)


def _notes(looked: Looked, servings: int) -> Iterator[str]:
    """Yield what could not be read, then how much was."""
    for one in looked.unreadable:
        yield log_line(f"{one.path}:{one.line}: cannot be read: {one.reason}", _LONGEST) + "\n"
    yield f"{servings} servings in {looked.files_read} files\n"


TELL = {"json": _serving_json, "table": _serving_lines}
"""What is said of a serving, by form; kept with what it was made of."""
