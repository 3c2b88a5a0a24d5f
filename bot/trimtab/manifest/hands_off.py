"""What people write beside a value, or on an object, to keep it as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest.objects import things_in
from trimtab.manifest.parse import decode
from trimtab.manifest.splice import Becomes, Gone, InText, NewItem, NewLine, NewPair, Splice
from trimtab.manifest.tree import Tree
from trimtab.manifest.vocabulary import FIELDS

_FLAGS = re.IGNORECASE | re.MULTILINE
_BEGINS = r"(?:^|[#.;:!,(\u2013\u2014-][ \t]*|\b(?:please|and|so|but)[ ]+)"
"""Where a sentence that tells people what to do begins; `they do not change it` tells nobody."""
_NOT = rf"{_BEGINS}(?:do[ ]?n[o']?t|must not|never)(?: ever| manually)?[ ]"
_NOBODY = r"(?:\b(?:must|should|may|can|shall|is|are) not|\bnot to|\bnever to)"
_FIXED = re.compile(
    rf"{_NOT}(?:change|edit|touch|modify|alter|swap|adjust|tune|override|bump)\b"
    rf"|{_NOT}scale(?! (?:down|up|in|out|to zero)\b)"
    rf"|{_NOBODY} be (?:changed|edited|touched|modified|altered|tuned|scaled)\b"
    r"|\b(?:must|has to|have to|needs? to) (?:stay|remain|be kept)\b(?! (?:below|under|above|over|within|in|<|>))"
    r"|\bhands[ -]off\b|\bleave (?:this |it |as |this as |it as )?(?:alone|is|as[ -]is)\b",
    _FLAGS,
)
_WAYS = r"(?:raise|increase|lower|decrease|reduce)"
_NEITHER = re.compile(rf"{_NOT}{_WAYS}(?:/| or | nor | and ){_WAYS}\b", _FLAGS)
_WHOLE = re.compile(
    r"(?i)\b(?:these|this (?:block|section|container|deployment|pod|workload|object|resource|list)|below|following)\b"
    r"|\bhands[ -]off\b|\b(?:any|all) of (?:this|these|it|them)\b"
)
"""What a comment says that speaks of all that stands below it, and not of the line after it."""
_NO_MORE = re.compile(
    rf"{_NOT}(?:raise|increase|bump|exceed|go (?:above|over|beyond)|set (?:it )?(?:higher|above))\b", _FLAGS
)
_NO_LESS = re.compile(
    rf"{_NOT}(?:lower|decrease|reduce|shrink|cut|go (?:below|under)|set (?:it )?(?:lower|below))\b", _FLAGS
)
_NAME = r"[`\"']?-{0,2}%s[`\"']?"
_ON_PURPOSE = r"(?:deliberate|intentional|purpose)ly (?:unset|absent|omitted|left out|not set|empty)\b"
_UNSET = rf"{_NAME}(?:[= ]\S+)? (?:is|are|stays?|left) {_ON_PURPOSE}"
_UNADDED = rf"{_NOT}(?:set|pin|add|specify|use|pass|give)[ ](?:an?[ ]|the[ ]|explicit[ ]|any[ ])*{_NAME}(?![\w-])"
_FLAG_ALONE = re.compile(r"[ \t]*-[ \t]+[\"']?-{1,2}[\w-]+[\"']?[ \t]*(?:#.*)?")
_ASIDE = re.compile(r"(?:^|[ \t])#[^\n]*")
_REQUESTS = frozenset({"cpu_request", "cpu_limit", "memory_request", "memory_limit"})
_LABELS = {"trimtab.dev/ignore": FIELDS, "krr/ignore": _REQUESTS}
"""What each keeps; KRR recommends requests and limits (https://github.com/robusta-dev/krr, 1.24)."""
_YES = frozenset({"true", "yes", "on", "1", "all", "*"})


def refuse_labelled(labels: Mapping[str, str], fields: Iterable[str]) -> None:
    """Refuse to edit what an object's labels or annotations keep as it is.

    Raises:
        RefusedError: One of them does.
    """
    asked = set(fields)
    for name, kept in _LABELS.items():
        if asked & kept and labels.get(name, "").strip().lower() in _YES:
            raise RefusedError(f"{name}: {labels[name]} says hands off", "remove it first")


def refuse_commented(tree: Tree, splices: tuple[Splice, ...], before: Scalar | None, after: Scalar) -> None:
    """Refuse where a comment beside one of the values keeps it as it is.

    Args:
        tree: The files.
        splices: What is to be written.
        before: What the setting says, None where nothing says it.
        after: What it is to say.

    Raises:
        RefusedError: One does.
    """
    for splice in splices:
        text = decode(tree[splice.path])
        if isinstance(splice.effect, InText | Becomes | Gone):
            said = next((one for one in _beside(text, splice) if _forbids(one, before, after)), "")
        else:
            said = next((one for name in _names(splice) for one in _against(text, name)), "")
        said = said or next((one for one in _over(text, splice.start) if _FIXED.search(one)), "")
        if said:
            line = text.count("\n", 0, splice.start) + 1
            raise RefusedError(
                f"{splice.path}:{line}: a comment says: {said[:120]}", "ask its author, or edit it by hand"
            )


def _forbids(comment: str, before: Scalar | None, after: Scalar) -> bool:
    """Return whether a comment keeps a value from becoming another; one direction alone may be closed."""
    if _NEITHER.search(comment):
        return True
    numbers = isinstance(before, int | float) and isinstance(after, int | float)
    if numbers and before is not None and (_NO_MORE.search(comment) or _NO_LESS.search(comment)):
        return bool((_NO_MORE if float(after) > float(before) else _NO_LESS).search(comment))
    return _FIXED.search(comment) is not None


def _beside(text: str, splice: Splice) -> Iterator[str]:
    """Yield what comments say on the lines of a value, and right above them; above its flag, too."""
    start = text.rfind("\n", 0, splice.start) + 1
    end = text.find("\n", splice.end)
    last = text[text.rfind("\n", 0, splice.end) + 1 : end if end >= 0 else len(text)]
    if (aside := _ASIDE.search(last)) is not None:
        yield aside.group().strip()
    above = text[:start].splitlines()
    block: list[str] = []
    while above and (above[-1].lstrip().startswith("#") or _FLAG_ALONE.fullmatch(above[-1])):
        line = above.pop().strip()
        block.insert(0, line[line.find("#") :] if "#" in line else "")
    lines = [line.lstrip("# ") for line in block if line]
    yield from (" ".join(lines), "\n".join(lines))


def _over(text: str, at: int) -> Iterator[str]:
    """Yield what comments say of all that stands below them, over each key and item that a place stands below."""
    lines = text[: text.find("\n", at) if "\n" in text[at:] else len(text)].splitlines()
    depth = _depth(lines[-1]) if lines else 0
    for index in range(len(lines) - 2, -1, -1):
        line = lines[index]
        if not line.strip() or line.lstrip().startswith("#") or _depth(line) >= depth:
            continue
        depth = _depth(line)
        if line.startswith("---"):
            return
        if (aside := _ASIDE.search(line)) is not None and line.partition("#")[0].rstrip().endswith(":"):
            yield aside.group().strip(" \t#")
        yield from (one for one in _block_above(lines[:index]) if _WHOLE.search(one))


def _depth(line: str) -> int:
    """Return how deep a line stands; an item of a list stands half a step deeper than a key in its column."""
    bare = line.lstrip(" ")
    return 2 * (len(line) - len(bare)) + bare.startswith("- ")


def _block_above(lines: Sequence[str]) -> Iterator[str]:
    """Yield the comment right above, as one text."""
    start = len(lines)
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    if start < len(lines):
        yield " ".join(line.strip().lstrip("# ") for line in lines[start:])


def refuse_namespace(tree: Tree, namespace: str, fields: Iterable[str]) -> None:
    """Refuse to edit what is in a namespace that says hands off, where the tree has it.

    Raises:
        RefusedError: It does.
    """
    asked = set(fields)
    paths = dict.fromkeys(path for name, kept in _LABELS.items() if asked & kept for path in tree.holding(name))
    for thing in (thing for path in paths for thing in things_in(tree, path)):
        if thing.kind == "Namespace" and thing.name == namespace and not thing.group:
            for at in (thing.at.get("metadata", key) for key in ("labels", "annotations")):
                refuse_labelled({key: one.string for key, one in at.entries().items()} if at is not None else {}, asked)


def _names(splice: Splice) -> Iterator[str]:
    """Yield what a splice that adds something is called: a key, a flag or a variable."""
    effect = splice.effect
    if isinstance(effect, NewPair):
        yield effect.key
    elif isinstance(effect, NewLine):
        yield effect.name
    elif isinstance(effect, NewItem):
        value = effect.value
        named = value.get("name") if isinstance(value, dict) else value
        yield str(named).partition("=")[0].lstrip("-")


def _against(text: str, name: str) -> Iterator[str]:
    """Yield the comments that say that something is not to be added."""
    if len(name) > 1 and name in text:
        pattern = re.compile(f"{_UNADDED}|{_UNSET}".replace("%s", re.escape(name)), _FLAGS)
        yield from (found.group().strip() for found in _ASIDE.finditer(text) if pattern.search(found.group()))
