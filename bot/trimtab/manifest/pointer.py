"""The same splice for any one scalar of any YAML file, addressed by a JSON pointer (RFC 6901)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress

from trimtab.errors import RefusedError, UsageError
from trimtab.fleet import Scalar
from trimtab.manifest.diff import unified
from trimtab.manifest.editing import EditResult, Refusal
from trimtab.manifest.parse import BrokenYamlError, decode
from trimtab.manifest.refuse import why_sealed, why_whole
from trimtab.manifest.scalars import Verbatim, check_text, meaning, old_kind, read_plain
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import unify
from trimtab.manifest.trace import Trace
from trimtab.manifest.tree import Tree
from trimtab.manifest.write import replace_scalar

_AT = re.compile(r"(?P<pointer>(?:/.*)?),(?P<document>\d{1,6})", re.DOTALL)
_CORE = "tag:yaml.org,2002:"
_TAGGED: Mapping[str, tuple[type, ...]] = {
    f"{_CORE}int": (int,),
    f"{_CORE}float": (int, float),
    f"{_CORE}bool": (bool,),
    f"{_CORE}null": (type(None),),
}
"""What a tag lets a value be (YAML 1.2.2, section 10.3.1)."""


def scalar_edit(tree: Tree, path: str, at: str, value: str, repository: str = "") -> EditResult | Refusal:
    """Return the file in which one scalar says `value`: text stays text, a number a number.

    Args:
        tree: The files.
        path: The file.
        at: A JSON pointer, with `,N` after it for the document of index N; the first one otherwise.
        value: The new value as text.
        repository: The repository's name, for the edit.

    Raises:
        UsageError: The pointer is none, the path leaves the folder, a number was to become something else, or the
            value is no text.
    """
    check_text(value)
    pointer, _ = _parse_at(at)
    path = path.removeprefix("./")
    if path.startswith("/") or ".." in path.split("/"):
        raise UsageError(f"{path}: the path leaves the folder", "name the file relative to ROOT")
    try:
        cursor = _at(tree, path, at)
        splices = () if _already(cursor, value) else (replace_scalar(cursor, _typed(cursor, value)),)
        files = unify(tree, splices)
    except RefusedError as error:
        return Refusal(error.message, error.hint)
    trace = Trace()
    trace.follow(pointer, splices)
    edits = [edit for one in files for edit in trace.edits(repository, one, decode(tree[one]), decode(files[one]))]
    return EditResult(files, tuple(edits), unified(tree, files))


def _parse_at(at: str) -> tuple[str, int]:
    match = _AT.fullmatch(at)
    pointer = match["pointer"] if match else at
    if pointer and not pointer.startswith("/"):
        raise UsageError(
            f"{at!r} is no JSON pointer", "write /spec/replicas, or /spec/replicas,1 for the second document"
        )
    return pointer, int(match["document"]) if match else 0


def _at(tree: Tree, path: str, at: str) -> Cursor:
    """Return the scalar at a pointer with its document; a key may end in a comma and a number, too."""
    pointer, document = _parse_at(at)
    try:
        return _find(tree, path, pointer, document)
    except RefusedError:
        if pointer in {at, ""}:
            raise
        with suppress(RefusedError):
            return _find(tree, path, at, 0)
        raise


def _find(tree: Tree, path: str, pointer: str, document: int) -> Cursor:
    """Return the scalar at a pointer."""
    here = _top(tree, path, document)
    for part in pointer.split("/")[1:]:
        here = _step(here, part.replace("~1", "/").replace("~0", "~"), f"{path}: {pointer}")
    if here.scalar is None:
        raise RefusedError(f"{path}: {pointer} is not a single value", "point to one value inside it")
    return here


def _top(tree: Tree, path: str, document: int) -> Cursor:
    """Return the top of a document that may be edited."""
    if path not in tree:
        raise RefusedError(f"{path}: {tree.left_out.get(path, 'no such YAML file below the folder')}")
    if reason := why_whole(tree[path]):
        raise RefusedError(f"{path}: {reason}")
    try:
        sources = tree.sources(path)
    except BrokenYamlError as error:
        raise RefusedError(f"{path}:{error.line}: {error.reason}", "the file is no YAML that can be read") from None
    root = sources[document].root() if document < len(sources) else None
    if root is None:
        raise RefusedError(f"{path}: there is no document {document}, or it is empty", "documents count from 0")
    end = sources[document + 1].document.start if document + 1 < len(sources) else None
    if reason := why_sealed(root.source.text.value[root.source.document.start : end].encode()):
        raise RefusedError(f"{path}: {reason}")
    return root


def _step(here: Cursor, part: str, where: str) -> Cursor:
    if here.is_sequence and re.fullmatch(r"0|[1-9]\d{0,8}", part):
        items = here.items()
        found = items[int(part)] if int(part) < len(items) else None
    else:
        found = here.get(part)
    if found is None:
        raise RefusedError(f"{where}: nothing stands there", f"no `{part}` at this point of the path")
    return found


def _already(cursor: Cursor, value: str) -> bool:
    """Return whether the scalar says the value as it stands."""
    return cursor.scalar is not None and cursor.scalar.value == value


def _typed(cursor: Cursor, value: str) -> Scalar:
    """Return the value as the kind of scalar that stands there.

    Raises:
        UsageError: A number or boolean was to become something else.
    """
    node = cursor.scalar
    was = meaning(node) if node is not None else None
    new = read_plain(value)
    if node is not None and type(new) not in _TAGGED.get(node.tag, (type(new),)):
        raise UsageError(f"{value!r} is no value here: the tag !!{node.tag.removeprefix(_CORE)} stands there")
    if isinstance(was, str):
        alike = node is not None and not (node.style or node.tag) and old_kind(was) and old_kind(was) == old_kind(value)
        return Verbatim(value) if alike else value
    if was is None:
        return value if isinstance(new, str) or not value else Verbatim(value)
    if isinstance(was, bool) != isinstance(new, bool) or isinstance(new, str) or new is None:
        kind = "true or false" if isinstance(was, bool) else "a number"
        raise UsageError(f"{value!r} is no value here: {kind} stands there", f"give {kind}")
    return Verbatim(value)
