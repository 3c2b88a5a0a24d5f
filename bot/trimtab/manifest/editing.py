"""Makes a serving's settings say new values: all of them or none, and nothing else."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from trimtab.errors import RefusedError, UsageError
from trimtab.fleet import Scalar
from trimtab.fleet.quantity import quantity
from trimtab.manifest import vocabulary
from trimtab.manifest.coupled import (
    COUPLED,
    refuse_disordered,
    refuse_split_slice,
    refuse_unknown_words,
    refuse_unseen,
    resized,
    with_limits,
)
from trimtab.manifest.diff import unified
from trimtab.manifest.hands_off import refuse_commented, refuse_labelled, refuse_namespace
from trimtab.manifest.hit import Draft
from trimtab.manifest.inspection import drafts
from trimtab.manifest.parse import check, decode
from trimtab.manifest.refuse import why_not
from trimtab.manifest.scalars import check_text, spell
from trimtab.manifest.splice import Splice, unify
from trimtab.manifest.trace import Trace
from trimtab.manifest.tree import Tree
from trimtab.manifest.unsaid import unsaid
from trimtab.recommendation import Edit


@dataclass(frozen=True, slots=True)
class EditResult:
    """An edit that was made, in memory.

    Attributes:
        files: New bytes of every file that changed; empty where everything already stood as asked.
        edits: The splices, in the order of files and lines.
        diff: A unified diff that `git apply` takes; empty where nothing changed.
    """

    files: Mapping[str, bytes]
    edits: tuple[Edit, ...]
    diff: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was edited, and what to do instead."""

    reason: str
    hint: str = ""


def edit(
    tree: Tree, subject: str, values: Mapping[str, Scalar], selector_key: str = "", repository: str = ""
) -> EditResult | Refusal:
    """Return the files in which a serving's settings have new values.

    The result is parsed again: its meaning differs from the old one in what was asked and in nothing else. The same
    edit again changes nothing.

    Args:
        tree: The files.
        subject: The serving's address, as `inspect` gives it.
        values: New values by the vocabulary's word; a number may be given as text.
        selector_key: Node label for `gpu_product` where no selector stands; empty to refuse then.
        repository: The repository's name, for the edits.

    Raises:
        UsageError: A word that is none of the vocabulary, or a value that is none of its field.
    """
    wanted = {field: typed(field, value) for field, value in values.items()}
    try:
        return _Editor(tree, subject, selector_key, repository).run(wanted)
    except RefusedError as error:
        return Refusal(error.message, error.hint)


def typed(field: str, value: Scalar) -> Scalar:
    """Return a value as its field has it.

    Raises:
        UsageError: A word that is none of the vocabulary, or a value that is none of its field.
    """
    if field not in vocabulary.FIELDS:
        near = difflib.get_close_matches(field, sorted(vocabulary.FIELDS), n=1)
        raise UsageError(f"`{field}` is no setting", f"did you mean `{near[0]}`?" if near else "see `trimtab inspect`")
    if field == "engine":
        raise UsageError("`engine` is what runs, and is not set by one value", "change the image and its arguments")
    if isinstance(value, str):
        check_text(value)
    typed = vocabulary.read(field, value) if isinstance(value, str) else value
    if field in vocabulary.QUANTITIES:
        typed = spell(typed)
    if not vocabulary.is_value_of(field, typed):
        raise UsageError(f"`{value}` is no value of `{field}`", _expected(field))
    return typed


def _expected(field: str) -> str:
    if field in vocabulary.INTEGERS:
        return "a whole number is expected"
    if field in vocabulary.NUMBERS:
        return "a number is expected, such as 0.9"
    return (
        "true or false is expected" if field in vocabulary.BOOLEANS else "a quantity is expected, such as 500m or 16Gi"
    )


class _Editor:
    """One edit; each field is written on what the one before it left, and checked by reading it again."""

    def __init__(self, tree: Tree, subject: str, selector_key: str, repository: str) -> None:
        self._first = tree
        self._tree = tree
        self._subject = subject
        self._selector_key = selector_key
        self._repository = repository
        self._trace = Trace()
        self._written: set[str] = set()

    def run(self, wanted: Mapping[str, Scalar]) -> EditResult:
        draft = self._draft()
        refuse_labelled(draft.annotations, wanted)
        refuse_namespace(self._tree, draft.namespace, wanted)
        wanted = with_limits(draft, wanted)
        refuse_disordered(draft, wanted)
        refuse_split_slice(draft, wanted)
        refuse_unknown_words(draft, wanted, self._selector_key)
        refuse_unseen(draft, wanted)
        for field in sorted(wanted, key=lambda one: (one == "gpu_count", one)):
            self._set(field, wanted)
        if draft.group_size is not None:
            now = self._draft()
            resize = resized(draft, now)
            refuse_commented(self._tree, resize, None, "")
            self._write("tensor_parallel_size", now.patched(resize))
        files = {path: self._tree[path] for path in sorted(self._written) if self._tree[path] != self._first[path]}
        edits = [
            edit
            for path in files
            for edit in self._trace.edits(self._repository, path, decode(self._first[path]), decode(files[path]))
        ]
        return EditResult(files, tuple(edits), unified(self._first, files))

    def _draft(self) -> Draft:
        path = self._subject.partition("#")[0]
        _refuse_path(self._tree, path)
        found = [draft for draft in drafts(self._tree, path) if draft.subject == self._subject]
        if len(found) == 1:
            return found[0]
        if found:
            raise RefusedError(
                f"{self._subject} stands {len(found)} times in the file", "give the objects names of their own"
            )
        every = sorted({draft.subject for draft in drafts(self._tree)})
        near = difflib.get_close_matches(self._subject, every, n=1, cutoff=0.3)
        raise RefusedError(
            f"nothing is served at {self._subject}", f"did you mean {near[0]}?" if near else "see `trimtab inspect`"
        )

    def _set(self, field: str, wanted: Mapping[str, Scalar]) -> None:
        draft, value = self._draft(), wanted[field]
        before = _said(draft)
        hit = draft.hits.get(field)
        value = hit.spelled(value) if hit is not None and hit.spelled is not None else value
        if same(field, _standing(draft, field), value):
            return
        direct = _splices(draft, field, value, self._selector_key)
        refuse_commented(self._tree, direct, before.get(field), value)
        splices = self._unshared(field, direct, draft)
        for path in sorted({splice.path for splice in splices}):
            if reason := why_not(self._tree, path):
                raise RefusedError(f"{path}: {reason}")
        self._write(field, splices)
        self._confirm(field, {**wanted, field: value}, before)

    def _unshared(self, field: str, direct: tuple[Splice, ...], draft: Draft) -> tuple[Splice, ...]:
        """Return the splices that change no other serving: where these would, those of a layer that is its own."""
        splices = draft.patched(direct)
        changed = self._changed(field, splices, draft)
        with suppress(RefusedError):
            splices = draft.laid_over(direct) if changed else splices
            changed = changed and self._changed(field, splices, draft)
        if changed:
            raise RefusedError(
                f"{field} is shared: the edit would change another serving too, {changed[0]}",
                "give each a value of its own first",
            )
        return splices

    def _changed(self, field: str, splices: tuple[Splice, ...], draft: Draft) -> list[str]:
        """Return the other servings that splices would change."""
        after = self._tree.replaced(unify(self._tree, splices))
        old, new = (self._others(tree, field, splices, draft) for tree in (self._tree, after))
        return sorted(one for one in {*old, *new} if old.get(one) != new.get(one))

    def _write(self, field: str, splices: tuple[Splice, ...]) -> None:
        self._tree = self._tree.replaced(unify(self._tree, splices))
        self._trace.follow(field, splices)
        self._written |= {splice.path for splice in splices}

    def _others(self, tree: Tree, field: str, splices: Sequence[Splice], draft: Draft) -> dict[str, dict[str, Scalar]]:
        """Return the settings in a tree of the other objects that the edited files may hold.

        An autoscaler's limits are for whatever has the name, in whichever plain file that is written.
        """
        own = (draft.source.source.path, draft.kind, draft.namespace, draft.name)
        paths = {splice.path for splice in splices}
        only = own[0] if paths == {own[0]} else ""
        return {
            one.subject: _said(one)
            for one in drafts(tree, only)
            if (one.source.source.path, one.kind, one.namespace, one.name) != own
            and not one.is_of(draft)
            and not (field in _LIMITS and _is_variant(one, draft))
        }

    def _confirm(self, field: str, wanted: Mapping[str, Scalar], before: Mapping[str, Scalar]) -> None:
        """Refuse where reading the result again shows anything but what was asked."""
        draft, value = self._draft(), wanted[field]
        hit, after = draft.hits.get(field), _said(draft)
        if hit is not None and hit.writer is None and hit.locked:
            raise RefusedError(f"{field} ({hit.path}): {hit.locked}")
        allowed = {field, *([COUPLED[field]] if field in COUPLED else ())}
        allowed |= {one for one in wanted if one in after and same(one, after[one], wanted[one])}
        same_rest = {name: said for name, said in before.items() if name not in allowed}
        if not same(field, _standing(draft, field), value) or same_rest != {
            k: v for k, v in after.items() if k not in allowed
        }:
            raise RefusedError(f"{field} would not say {spell(value)} after the edit", "edit it by hand")


def _refuse_path(tree: Tree, path: str) -> None:
    if path.startswith("/") or ".." in path.split("/"):
        raise UsageError(f"{path}: the path leaves the folder", "name the file relative to ROOT")
    for above in ("/".join(path.split("/")[:depth]) for depth in range(1, path.count("/") + 2)):
        if above in tree.left_out:
            raise RefusedError(f"{above}: {tree.left_out[above]}")
    if path not in tree:
        raise RefusedError(f"{path}: no such file below the folder", "see `trimtab inspect`")
    broken = check(tree[path])
    if broken is not None:
        raise RefusedError(f"{path}:{broken.line}: {broken.reason}", "the file is no YAML that can be read")
    if reason := why_not(tree, path):
        raise RefusedError(f"{path}: {reason}")


_LIMITS = frozenset({"min_replicas", "max_replicas"})


def _is_variant(one: Draft, other: Draft) -> bool:
    """Return whether two plain files of a folder hold the same object, of which one is deployed at a time."""
    folders = {draft.source.source.path.rpartition("/")[0] for draft in (one, other)}
    plain = one.wrapper == other.wrapper == "plain" and len(folders) == 1
    return plain and (one.kind, one.namespace, one.name) == (other.kind, other.namespace, other.name)


def _said(draft: Draft) -> dict[str, Scalar]:
    return {**draft.told, **{field: hit.value for field, hit in draft.hits.items()}}


def _standing(draft: Draft, field: str) -> Scalar | None:
    """Return what a field says: where nothing says it, what the engine takes that for."""
    said, version = _said(draft), draft.hits.get("engine_version")
    release = str(version.value) if version is not None else ""
    return said[field] if field in said else unsaid(draft.engine, draft.image, release).get(field)


def same(field: str, before: Scalar | None, value: Scalar) -> bool:
    """Return whether a setting already says a value; `8` and `8.0` are the same, `true` and `1` are not."""
    if before is None or isinstance(before, bool) != isinstance(value, bool):
        return False
    return before == value or (field in vocabulary.QUANTITIES and quantity(before) == quantity(value))


def _splices(draft: Draft, field: str, value: Scalar, selector_key: str) -> tuple[Splice, ...]:
    hit = draft.hits.get(field)
    if hit is not None:
        if hit.locked or hit.writer is None:
            raise RefusedError(f"{field} ({hit.path}): {hit.locked or 'cannot be written'}")
        return hit.writer(value)
    if field in draft.refusals:
        raise RefusedError(f"{field}: {draft.refusals[field]}")
    if field == "gpu_product":
        if not selector_key or draft.add_selector is None:
            raise RefusedError("no selector of the GPU's kind stands in Git, and no label for one is known")
        return draft.add_selector(selector_key, spell(value))
    adder = draft.adders.get(field)
    if adder is None:
        raise RefusedError(f"{draft.engine or draft.kind or 'this shape'} has no place for {field} here")
    return adder(value)
