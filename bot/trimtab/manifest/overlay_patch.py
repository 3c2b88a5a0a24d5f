"""What a kustomization says to have an object otherwise: in a field of its own, in a patch that it has, or in a new.

Source: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/ (5.7).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from trimtab.errors import RefusedError
from trimtab.manifest.differences import Difference, operations, said
from trimtab.manifest.field_specs import DEFAULTS, REPLICAS
from trimtab.manifest.items import append_item
from trimtab.manifest.laid import Laid
from trimtab.manifest.merging import merged_into
from trimtab.manifest.nodes import SequenceNode
from trimtab.manifest.overlay_lists import Entry, Piece
from trimtab.manifest.patches import Patch, is_own
from trimtab.manifest.scalars import Verbatim, read_plain
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import New, NewItem, Splice
from trimtab.manifest.transforms import images_in, split_image
from trimtab.manifest.write import Style, add_pair, item_lines, placed


@dataclass(frozen=True, slots=True)
class Stage:
    """A kustomization once its patches are made, before it names objects anew.

    Attributes:
        at: The kustomization.
        objects: What it has by then.
        patches: Those that were made, in order.
        is_own: Says whether no other kustomization takes a file.
    """

    at: Cursor
    objects: Sequence[Laid]
    patches: Sequence[Patch]
    is_own: Callable[[str], bool]

    def pieces(self, number: int, found: Sequence[Difference]) -> Iterator[Piece]:
        """Yield what makes the object of a number differ so.

        Raises:
            RefusedError: Nothing tells the object from others.
        """
        laid = self.objects[number]
        rest: list[Difference] = []
        for one in found:
            piece = self._scaled(laid, one) or self._tagged(laid, one)
            if piece is None:
                rest.append(one)
            else:
                yield piece
        if rest:
            yield from self._patched(number, rest)

    def _scaled(self, laid: Laid, found: Difference) -> Piece | None:
        """Return the entry of `replicas` for a number of pods, where no other object has the name."""
        if found.keys != ("spec", "replicas") or not _is_scaled(laid) or found.verb == "remove":
            return None
        called = [one for one in self.objects if _is_scaled(one) and laid.name in one.names]
        return Entry("replicas", {"name": laid.name, "count": found.new}) if len(called) == 1 else None

    def _tagged(self, laid: Laid, found: Difference) -> Piece | None:
        """Return what `images` has to say for a new tag, where no other container runs the image."""
        if found.keys[-1] != "image" or found.verb != "replace" or not isinstance(found.new, str):
            return None
        name, tag, digest = split_image(found.new)
        runs = [(one, keys) for one in self.objects for keys, image in images_in(one.thing.at) if _is_of(image, name)]
        if digest or not tag or [(one is laid, keys) for one, keys in runs] != [(True, found.keys)]:
            return None
        item = next((one for one in self.at.items("images") if one.word("name") == name), None)
        if item is None:
            return Entry("images", {"name": name, "newTag": tag})
        return add_pair(item, "newTag", tag) if item.get("newTag") is None and item.get("digest") is None else None

    def _patched(self, number: int, found: Sequence[Difference]) -> Iterator[Piece]:
        """Yield a patch: the last one of this object goes on where it is for no other and can say so, else a new."""
        laid = self.objects[number]
        before = said(laid.thing.at)
        last = next((one for one in reversed(self.patches) if number in self._taken(one)), None)
        if last is not None and self._taken(last) == [number] and self.is_own(last.at.source.path):
            try:
                if last.at.is_mapping:
                    yield from merged_into(last.at, before, found, by_name=is_own(laid.thing.group))
                else:
                    yield from tuple(_continued(last.at, operations(before, found)))
            except RefusedError:
                pass  # such as arguments, which a merge would have to repeat
            else:
                return
        text = _text(list(operations(before, found)), self.at)
        yield Entry("patches", {"target": self._target(number), "patch": text})

    def _taken(self, patch: Patch) -> list[int]:
        """Return the numbers of the objects that a patch is for."""
        chosen = patch.chosen([one.target for one in self.objects])
        return [number for number, is_chosen in enumerate(chosen) if is_chosen]

    def _target(self, number: int) -> dict[str, New]:
        """Return the fewest words that no other object answers to."""
        laid = self.objects[number]
        group, version = laid.target.group, laid.target.version
        kind = {"kind": laid.thing.kind, "name": laid.name}
        longer = {**({"group": group} if group else {}), "version": version, **kind}
        for words in (kind, longer, {**longer, "namespace": laid.namespace}):
            if laid.name and [at for at, one in enumerate(self.objects) if _answers(one, words)] == [number]:
                return dict(words)
        raise RefusedError(f"nothing tells {laid.thing.kind} {laid.name} from another object", "patch it by hand")


def _is_scaled(laid: Laid) -> bool:
    """Return whether a kustomization's `replicas` are for an object."""
    return any(one.use == REPLICAS and one.is_for(laid.target) for one in DEFAULTS)


def _is_of(image: Cursor, name: str) -> bool:
    return split_image(image.string)[0] == name


def _answers(laid: Laid, words: dict[str, str]) -> bool:
    """Return whether a patch's target would take an object; kustomize reads its name as a pattern."""
    target = laid.target
    known = {"group": target.group, "version": target.version, "kind": target.kind, "namespace": laid.namespace}
    same = all(known[key] == word for key, word in words.items() if key in known)
    pattern = words["name"] if re.fullmatch(r"[\w.-]+", words["name"]) else re.escape(words["name"])
    return same and any(re.fullmatch(pattern, name) for name in laid.names)


def _continued(listed: Cursor, new: Iterable[dict[str, New]]) -> Iterator[Splice]:
    """Yield what adds operations to a JSON patch, tests that it makes already left out."""
    made = {one.word("path") for one in listed.items() if one.word("op") == "test"}
    for one in new:
        if one["op"] != "test" or one["path"] not in made:
            yield _after_json(listed, one) if _is_flow(listed) else append_item(listed, one)


def _after_json(listed: Cursor, item: dict[str, New]) -> Splice:
    """Return the splice that appends to a patch in brackets, which kustomize reads as JSON."""
    if not isinstance(listed.real, SequenceNode) or not listed.items():
        raise RefusedError("the patch has no operation to follow", "edit it by hand")
    at, effect = listed.real.items[-1].end, NewItem(listed.real.start, len(listed.real.items), item)
    return placed(listed, at, at, f", {json.dumps(_plain(item))}", effect)


def _text(new: Sequence[dict[str, New]], kustomization: Cursor) -> str:
    """Return a JSON patch as YAML: as JSON where the kustomization's patches stand in brackets."""
    listed = kustomization.get("patches")
    if listed is not None and _is_flow(listed) and listed.items():
        return json.dumps([_plain(one) for one in new])
    ends = any(item.word("patch").endswith("\n") for item in kustomization.items("patches"))
    return "\n".join(line for one in new for line in item_lines(one, "", Style("  ", ""))) + "\n" * ends


def _is_flow(listed: Cursor) -> bool:
    """Return whether a list stands in brackets."""
    return isinstance(listed.real, SequenceNode) and listed.real.flow


def _plain(value: New) -> object:
    """Return a value as JSON has it."""
    if isinstance(value, dict):
        return {key: _plain(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return read_plain(value) if isinstance(value, Verbatim) else value
