"""From what a template wrote back to the values: where a setting stands there, and what an edit becomes there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.charts.rendering import Written
from trimtab.manifest.charts.values import UNKNOWN, written
from trimtab.manifest.charts.words import Piece
from trimtab.manifest.container import field_hit
from trimtab.manifest.hit import Hit, Writer
from trimtab.manifest.items import add_items, add_mapping
from trimtab.manifest.patches import walk
from trimtab.manifest.scalars import spell
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Becomes, InText, NewItem, NewPair, Splice
from trimtab.manifest.write import add_pair, first_item, replace_part, replace_scalar

_QUOTES = ("'", '"')
_QUANTITY = re.compile(r"\d+(?:\.\d+)?(?:m|[kKMGTP]i?)?")
"""What Kubernetes takes as text or as a number, so that a template need not quote it."""
_OWN = "the chart's template says it itself, and no value does"


@dataclass(frozen=True, slots=True)
class Origin:
    """The one scalar of the values that a text comes from.

    Attributes:
        leaf: The scalar.
        start: Where in its decoded text the characters begin.
        stop: Where they end.
        glued: Whether the templates put further characters around them.
    """

    leaf: Cursor
    start: int
    stop: int
    glued: bool

    @property
    def is_whole(self) -> bool:
        """Return whether it is all that the scalar says."""
        return (self.start, self.stop) == (0, len(self.leaf.string))


@dataclass(frozen=True, slots=True)
class Translator:
    """Knows what every template of a chart wrote, by path."""

    written: Mapping[str, Written]

    def hit(self, hit: Hit) -> Hit | None:
        """Return a setting where the values say it; None where they do not, or only in part."""
        one = self.written.get(hit.path)
        if one is None:
            return hit
        pieces = [one.piece(at) for at in hit.text.starts]
        if not pieces or UNKNOWN in hit.text.value:
            return None
        if any(piece.computed for piece in pieces):
            return _worked_out(hit, self.leaves(hit))
        origin = _origin(one, hit)
        if origin is not None:
            return self._placed(hit, origin)
        switch = pieces[0].switch
        spoken = all(piece.leaf is None and piece.switch is switch for piece in pieces)
        return _switched(hit, switch) if switch is not None and spoken and isinstance(hit.value, bool) else None

    def leaves(self, hit: Hit) -> tuple[Cursor, ...]:
        """Return the scalars of the values that have a part in what a template wrote."""
        one = self.written.get(hit.path)
        pieces = [one.piece(at) for at in hit.text.starts] if one is not None else []
        found = [leaf for piece in pieces for leaf in ((piece.leaf,) if piece.leaf is not None else piece.sources)]
        return tuple({(leaf.source.path, leaf.source.number, leaf.real.start): leaf for leaf in found}.values())

    def _placed(self, hit: Hit, origin: Origin) -> Hit | None:
        whole = origin.leaf.text()
        if whole is None or whole.value != origin.leaf.string or _is_part_of_a_name(hit, origin):
            return None
        listed = bool(origin.leaf.path) and isinstance(origin.leaf.path[-1], int)
        text = whole if origin.is_whole else whole.cut(origin.start, origin.stop)
        via = "field" if origin.is_whole and not listed else hit.via
        source = origin.leaf.source
        locked = hit.locked or origin.leaf.why_locked
        writer = self.writer(hit.writer) if hit.writer is not None else None
        return Hit(hit.field, hit.value, source.path, source.number, text, via, writer, locked, hit.spelled)

    def writer(self, write: Writer) -> Writer:
        """Return a writer of the values that does there what another does to what the templates wrote."""

        def writer(value: Scalar) -> tuple[Splice, ...]:
            return self.splices(write(value))

        return writer

    def splices(self, splices: Iterable[Splice]) -> tuple[Splice, ...]:
        """Return the splices of values that make the templates write what others say.

        Raises:
            RefusedError: No value says what they change.
        """
        found: list[Splice] = []
        for splice in splices:
            found += [one for one in self._splices(splice) if one not in found]
        places: dict[tuple[str, int, int], Splice] = {}
        for one in found:
            other = places.setdefault((one.path, one.start, one.end), one)
            if other != one and one.start < one.end:
                raise RefusedError("one value of the chart would have to say two things", "edit it by hand")
        return tuple(found)

    def _splices(self, splice: Splice) -> Iterator[Splice]:
        one = self.written.get(splice.path)
        effect = splice.effect
        if one is None:
            yield splice
        elif isinstance(effect, NewPair):
            yield add_pair(_opened(one, effect.node), effect.key, effect.value)
        elif isinstance(effect, NewItem):
            yield from _item(one, effect)
        elif isinstance(effect, Becomes) and isinstance(effect.value, dict):
            cursor = _opened(one, effect.node)
            for key, value in effect.value.items():
                yield add_pair(cursor, key, value)
        elif isinstance(effect, Becomes | InText):
            yield from _rewritten(one, splice, effect)
        else:
            raise RefusedError(_OWN, "edit it by hand")


def _origin(one: Written, hit: Hit) -> Origin | None:
    """Return where all characters of a setting come from; None where that is no one place."""
    told = [(piece, piece.start + at - one.start_of(at)) for at in hit.text.starts if (piece := one.piece(at)).leaf]
    if not told or told[0][0].leaf is None:
        return None
    leaf, start = told[0][0].leaf, told[0][1]
    same = all(_is_same(piece.leaf, leaf) for piece, _ in told)
    if not same or [at for _, at in told] != list(range(start, start + len(told))):
        return None
    return Origin(leaf, start, start + len(told), glued=len(told) < len(hit.text.starts))


def _is_part_of_a_name(hit: Hit, origin: Origin) -> bool:
    """Return whether a model's address only has a value in it, and does not end with it."""
    said = origin.leaf.string[origin.start : origin.stop]
    return hit.field == "model" and origin.glued and not hit.text.value.endswith(said)


def _is_same(one: Cursor | None, other: Cursor) -> bool:
    return one is not None and one.source.path == other.source.path and one.real is other.real


def _worked_out(hit: Hit, leaves: tuple[Cursor, ...]) -> Hit | None:
    """Return a setting that is worked out of one value alone, and says the same: it is only written otherwise."""
    if len(leaves) != 1:
        return None
    value = vocabulary.read(hit.field, leaves[0].string)
    if str(hit.value) == written(leaves[0]).text != str(value):
        locked = f"Helm writes it as {hit.value}: put it in quotes"
        return replace(field_hit(hit.field, value, leaves[0]), writer=None, locked=locked)
    return field_hit(hit.field, value, leaves[0]) if value == hit.value else None


def _switched(hit: Hit, switch: Cursor) -> Hit | None:
    """Return a bare flag where the boolean stands that alone lets the template write it."""
    text = switch.text()
    if text is None or not isinstance(switch.value, bool) or hit.writer is None:
        return None

    def writer(new: Scalar) -> tuple[Splice, ...]:
        if not isinstance(new, bool):
            raise RefusedError(_OWN, "edit it by hand")
        return (replace_scalar(switch, switch.value is True if new == hit.value else switch.value is not True),)

    source = switch.source
    return Hit(hit.field, hit.value, source.path, source.number, text, "field", writer, switch.why_locked)


def _opened(one: Written, node: int) -> Cursor:
    """Return the collection of the values that begins at a character, or would after nothing but white space.

    Raises:
        RefusedError: There is none.
    """
    found = [cursor for at, cursor in one.opens if at == node or (at > node and not one.text[node:at].strip())]
    if not found:
        raise RefusedError("the chart's template has no place for it", "add it to the template")
    return found[0]


def _item(one: Written, effect: NewItem) -> Iterator[Splice]:
    """Yield what adds an item to the list of the values that a list of the template ends with.

    Raises:
        RefusedError: There is none.
    """
    listed = _list_at(one, effect)
    if isinstance(effect.value, dict):
        yield add_mapping(
            listed, {key: spell(value) for key, value in effect.value.items() if isinstance(value, Scalar)}
        )
    elif listed.items() and isinstance(effect.value, Scalar):
        yield from add_items(listed, [(spell(effect.value), "")])
    else:
        parent = walk(_root(listed), [str(key) for key in listed.path[:-1]])
        if parent is None:
            raise RefusedError("the chart's template has no place for it", "add it to the template")
        yield first_item(parent, str(listed.path[-1]), effect.value)


def _list_at(one: Written, effect: NewItem) -> Cursor:
    """Return the list of the values whose items are the last of a list that a template wrote."""
    for source in one.documents:
        root = source.root()
        node = _node_at(root, effect.node) if root is not None else None
        if node is not None:
            end = max((item.real.end for item in node.items()), default=effect.node)
            listed = [
                cursor
                for at, cursor in one.opens
                if effect.node <= at <= end or (at > end and not one.text[end:at].strip())
            ]
            lists = [cursor for cursor in listed if cursor.is_sequence]
            if lists:
                return lists[-1]
    raise RefusedError("the chart's template has no place for it", "add it to the template")


def _node_at(at: Cursor, start: int) -> Cursor | None:
    """Return the list that begins at a character."""
    if at.is_sequence and at.real.start == start:
        return at
    if at.scalar is not None or not at.real.start <= start <= at.real.end:
        return None
    inner = (*at.entries().values(), *at.items())
    return next((found for one in inner if (found := _node_at(one, start)) is not None), None)


def _root(at: Cursor) -> Cursor:
    return at.source.root() or at


def _rewritten(one: Written, splice: Splice, effect: Becomes | InText) -> Iterator[Splice]:
    """Yield what makes the scalar of the values say the characters that the template is to write."""
    old, new = one.text[splice.start : splice.end], splice.text
    if isinstance(effect, Becomes) and not isinstance(effect.value, list | dict):
        said = spell(effect.value)
        quoted = new[:1] in _QUOTES and old[:1] not in _QUOTES
        if new.strip("'\"") != said or (quoted and not _QUANTITY.fullmatch(old)):
            raise RefusedError("the template would have to quote it otherwise", "edit it by hand")
        new = said if quoted else new
    before = _alike(old, new)
    after = _alike(old[before:][::-1], new[before:][::-1])
    start, stop = splice.start + before, splice.end - after
    if start == stop and before == len(new):
        return
    piece, at = _piece_of(one, start, stop)
    middle = new[before : len(new) - after]
    if (re.search(r"\s", middle) and not re.search(r"\s|^-", piece.text)) or (
        "\n" in middle and "\n" not in piece.text
    ):
        raise RefusedError("a value of one word or one line would have to say several", "edit it by hand")
    text = piece.text[: start - at] + middle + piece.text[stop - at :]
    yield _said(piece, text)


def _alike(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _piece_of(one: Written, start: int, stop: int) -> tuple[Piece, int]:
    """Return the piece of the values that characters lie in, and where it begins.

    Raises:
        RefusedError: They lie in none, or in several.
    """
    for at in (start, start - 1) if start == stop else (start,):
        piece, begins = one.piece(at), one.start_of(at)
        if piece.leaf is not None and begins <= start and stop <= begins + len(piece.text):
            return piece, begins
    raise RefusedError(_OWN, "edit the template, or have it read a value")


def _said(piece: Piece, text: str) -> Splice:
    leaf = piece.leaf
    whole = leaf.text() if leaf is not None else None
    if leaf is None or whole is None:
        raise RefusedError(_OWN, "edit it by hand")
    if len(piece.text) < len(leaf.string):
        return replace_part(leaf.source.path, whole.cut(piece.start, piece.start + len(piece.text)), text)
    return replace_scalar(leaf, text == "true" if isinstance(leaf.value, bool) and text in {"true", "false"} else text)


def translated(draft_hits: Mapping[str, Hit], translator: Translator) -> dict[str, Hit]:
    """Return the settings that the values say, by field."""
    found = {field: translator.hit(hit) for field, hit in draft_hits.items()}
    return {field: hit for field, hit in found.items() if hit is not None}
