"""Sets one scalar in each of many real files, by Trimtab and by what re-emits YAML, and counts what else changed.

    python bench/edit.py FOLDER... [--files 500] [--yq PATH] [--kustomize PATH]

From all folders files are drawn by the hash of their path, and from each file one scalar: text gets `-x` at its end, a
number one more, a boolean its opposite. Each tool sets it: Trimtab's splice; yq (`go install
github.com/mikefarah/yq/v4@latest`); a ruamel.yaml round trip with quotes kept and no wrapping; and `kustomize build`
with a JSON patch, for files that are one Kubernetes object, the only ones it takes.

Another parser than Trimtab's own (PyYAML) reads the result. `exact`: it says what was meant and no line but the value's
own changed. `touched`: it says what was meant, but other lines changed. `wrong`: it says something else, or is no YAML.
`failed`: the tool said no; Trimtab does for files that say they are generated or rendered. `other_bytes` are those of
the lines that changed beside the value's own. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import yaml
from ruamel.yaml import YAML  # noqa: TID251 - what is measured is its own round trip
from ruamel.yaml.error import YAMLError  # noqa: TID251 - the same

from trimtab.manifest import EditResult, Tree, scalar_edit

MAX_BYTES = 100_000
LIMIT_S = 20
KeyPath: TypeAlias = "tuple[str | int, ...]"
_TOOLS = Path(__file__).resolve().parent.parent / ".tools"


@dataclass(frozen=True, slots=True)
class Case:
    """One scalar of one file and what it is to become.

    Attributes:
        data: The file.
        document: Index of its document.
        path: Keys and indexes to the scalar.
        old: Its text.
        new: Its new text.
        line: The line that it stands in, from 0.
    """

    data: bytes
    document: int
    path: KeyPath
    old: str
    new: str
    line: int


Tool: TypeAlias = "Callable[[Case], bytes | None]"
"""Sets a case's scalar and gives the file's new bytes, None where the tool refuses."""


@dataclass(slots=True)
class Score:
    """What one tool did with all cases."""

    exact: int = 0
    touched: int = 0
    wrong: int = 0
    failed: int = 0
    other_lines: int = 0
    other_bytes: int = 0


_BARE = {"int": re.compile("0|[1-9][0-9]{0,8}"), "bool": re.compile("true|false"), "str": re.compile(".+")}
"""The spellings that every parser reads alike, by the kind that PyYAML reads."""


def changed(kind: str, text: str) -> str:
    """Return another value of the same kind."""
    if kind == "bool":
        return "false" if text == "true" else "true"
    return str(int(text) + 1) if kind == "int" else f"{text}-x"


def cases_of(data: bytes) -> Iterator[Case]:
    """Yield the scalars of a file that are written in one line; none of a file with aliases or doubled keys."""
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(data, Loader=yaml.CSafeLoader)):
        return
    for document, root in enumerate(yaml.compose_all(data, Loader=yaml.CSafeLoader)):
        for path, node in scalars(root, ()):
            kind = node.tag.rpartition(":")[2]
            plain = kind in _BARE and _BARE[kind].fullmatch(node.value) is not None and node.style not in {"|", ">"}
            if plain and node.start_mark.line == node.end_mark.line:
                yield Case(data, document, path, node.value, changed(kind, node.value), node.start_mark.line)


def scalars(node: yaml.Node | None, path: KeyPath) -> Iterator[tuple[KeyPath, yaml.ScalarNode]]:
    """Yield the scalars that are values below plain text keys that no other tool takes for an operator."""
    if isinstance(node, yaml.ScalarNode):
        yield path, node
    elif isinstance(node, yaml.SequenceNode):
        for at, item in enumerate(node.value):
            yield from scalars(item, (*path, at))
    elif isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value]
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag.endswith(":str") and names.count(key.value) == 1:
                yield from scalars(value, (*path, key.value))


def drawn(folders: Sequence[Path], files: int) -> Iterator[Case]:
    """Yield one case for each of the files, drawn by the hash of their paths."""
    found = [(path.relative_to(folder).as_posix(), path) for folder in folders for path in folder.rglob("*.y*ml")]
    ordered = sorted(found, key=lambda one: hashlib.sha256(one[0].encode()).digest())
    left = files
    for name, path in ordered:
        if left == 0 or not path.is_file() or path.stat().st_size > MAX_BYTES:
            continue
        try:
            cases = list(cases_of(path.read_bytes()))
        except (yaml.YAMLError, UnicodeDecodeError, ValueError):
            continue
        if cases:
            left -= 1
            yield cases[int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % len(cases)]


def by_trimtab(case: Case) -> bytes | None:
    """Set the scalar by a splice."""
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in case.path)
    result = scalar_edit(Tree({"f.yaml": case.data}), "f.yaml", f"{pointer},{case.document}", case.new)
    return result.files["f.yaml"] if isinstance(result, EditResult) else None


def by_ruamel(case: Case) -> bytes | None:
    """Set the scalar in ruamel.yaml's round-trip tree and dump it, quotes kept, lines not wrapped."""
    parser = YAML()
    parser.preserve_quotes = True
    parser.width = 1_000_000
    try:
        documents = list(parser.load_all(case.data.decode()))
        holder = documents[case.document]
        for part in case.path[:-1]:
            holder = holder[part]
        old = holder[case.path[-1]]
        holder[case.path[-1]] = type(old)(yaml.safe_load(case.new) if isinstance(old, int) else case.new)
        stream = io.BytesIO()
        parser.dump_all(documents, stream)
    except (YAMLError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError):
        return None
    return stream.getvalue()


def by_yq(program: str, case: Case) -> bytes | None:
    """Set the scalar with yq, in its document alone, as text where it was text."""
    steps = "".join(f"[{json.dumps(part)}]" for part in case.path)
    value = case.new if _is_bare(case) else json.dumps(case.new)
    expression = f"(select(document_index == {case.document}) | .{steps}) = {value}"
    return _output([program, "eval", expression, "-"], case.data)


def by_kustomize(program: str, case: Case) -> bytes | None:
    """Set the scalar with a JSON patch of `kustomize build`; files that are not one object are refused."""
    facts = said(case.data)
    kind = facts.get((0, ("kind",)))
    if kind is None or (0, ("metadata", "name")) not in facts or any(document for document, _ in facts):
        return None
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in case.path)
    value = yaml.safe_load(case.new) if _is_bare(case) else case.new
    patch = json.dumps([{"op": "replace", "path": pointer, "value": value}])
    build = {"resources": ["f.yaml"], "patches": [{"target": {"kind": kind[1]}, "patch": patch}]}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "f.yaml").write_bytes(case.data)
        Path(folder, "kustomization.yaml").write_text(json.dumps(build))
        return _output([program, "build", folder], b"")


def _is_bare(case: Case) -> bool:
    """Return whether the scalar is a number or a boolean, and not text."""
    return said(case.data)[case.document, case.path][0] != "str"


def _output(command: Sequence[str], stdin: bytes) -> bytes | None:
    try:
        ran = subprocess.run(command, input=stdin, capture_output=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return None
    return ran.stdout if ran.returncode == 0 else None


def said(data: bytes) -> dict[tuple[int, KeyPath], tuple[str, str]]:
    """Return kind and text of everything that stands in a file, by document and path; the order of keys is left out."""
    found: dict[tuple[int, KeyPath], tuple[str, str]] = {}
    for document, root in enumerate(yaml.compose_all(data, Loader=yaml.CSafeLoader)):
        _collect(root, (document, ()), found)
    return found


def _collect(
    node: yaml.Node | None, at: tuple[int, KeyPath], found: dict[tuple[int, KeyPath], tuple[str, str]]
) -> None:
    document, path = at
    if isinstance(node, yaml.SequenceNode):
        found[at] = ("list", str(len(node.value)))
        for index, item in enumerate(node.value):
            _collect(item, (document, (*path, index)), found)
    elif isinstance(node, yaml.MappingNode):
        found[at] = ("map", str(len(node.value)))
        for key, value in node.value:
            _collect(value, (document, (*path, str(key.value))), found)
    elif node is not None:
        kind = node.tag.rpartition(":")[2]
        found[at] = (kind, "" if kind == "null" else node.value)


def judge(case: Case, after: bytes | None, score: Score) -> None:
    """Count one result."""
    if after is None:
        score.failed += 1
        return
    wanted = said(case.data)
    kind, _ = wanted[case.document, case.path]
    wanted[case.document, case.path] = (kind, case.new)
    try:
        right = said(after) == wanted
    except (yaml.YAMLError, UnicodeDecodeError):
        right = False
    lines, size = others(case, after)
    score.other_lines += lines
    score.other_bytes += size
    if not right:
        score.wrong += 1
    elif lines:
        score.touched += 1
    else:
        score.exact += 1


def others(case: Case, after: bytes) -> tuple[int, int]:
    """Return the number and the bytes of the lines that changed, those gained too, beside the value's own."""
    old, new = case.data.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(old) == len(new):
        pairs = [pair for at, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1] and at != case.line]
        return 2 * len(pairs), sum(len(was) + len(now) for was, now in pairs)
    rest: list[bytes] = []
    for verb, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if verb != "equal":
            own = case.line - i1 if i1 <= case.line < i2 else -1
            rest += [line for at, line in enumerate(old[i1:i2]) if at != own]
            rest += [line for at, line in enumerate(new[j1:j2]) if at != own]
    return len(rest), sum(map(len, rest))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--yq", default=shutil.which("yq"))
    parser.add_argument("--kustomize", default=shutil.which("kustomize", path=f"{_TOOLS}:{os.environ.get('PATH', '')}"))
    asked = parser.parse_args()
    tools: dict[str, Tool] = {"trimtab": by_trimtab, "ruamel round trip": by_ruamel}
    if asked.yq:
        tools["yq"] = partial(by_yq, asked.yq)
    if asked.kustomize:
        tools["kustomize build"] = partial(by_kustomize, asked.kustomize)
    scores = {name: Score() for name in tools}
    cases = list(drawn(asked.folders, asked.files))
    for case in cases:
        for name, tool in tools.items():
            judge(case, tool(case), scores[name])
    print(json.dumps({"files": len(cases), **{name: asdict(score) for name, score in scores.items()}}, indent=2))


if __name__ == "__main__":
    main()
