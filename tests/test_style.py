"""Holds the tree to its sizes, its docstrings, and the arrows between its folders."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "bot" / "trimtab"

STAGES = ("read", "join", "judge", "price", "plan", "propose", "publish", "record", "settle", "learn")
ALLOWED = {"render": {"trimtab.manifest"}}
"""The one parser of YAML is `manifest`: what was rendered is read with it."""
LIBRARIES = ("estimate", "catalog", "manifest", "render", "gitio", "text")
RULE_IMPORTS = ("trimtab.rule", "trimtab.fleet", "trimtab.estimate", "trimtab.demand", "pydantic")

MOST_LINES = 400
MOST_RULE_LINES = 160
MOST_FUNCTION_LINES = 60

FORBIDDEN = (
    r"/" + r"work/",
    r"/" + r"root/",
    r"\bT" + r"ODO\b",
    r"\bF" + r"IXME\b",
    r"\bpypi\." + r"org\b",
    r"\b(co-)?authored" + r"-by\b",
)
"""What no file of the project says: paths of one machine, unfinished work, the host of an index."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: Path) -> list[Path]:
    """Return the Python files below folders, in order."""
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def name_of(path: Path) -> str:
    """Return a path as it reads from the root, for a test's name."""
    return path.relative_to(ROOT).as_posix()


def functions(tree: ast.Module) -> Iterator[Function]:
    """Yield every function and method."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def public(tree: ast.Module | ast.ClassDef) -> Iterator[Function | ast.ClassDef]:
    """Yield what others may use: classes, functions and methods without an underscore; nothing inside a function."""
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


def imports(tree: ast.Module) -> Iterator[str]:
    """Yield the full name of every import, whatever block it stands in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


CODE = python_files(PACKAGE, ROOT / "rules", ROOT / "bench")
TESTS = python_files(ROOT / "tests")


@pytest.mark.parametrize("path", [*CODE, *TESTS], ids=name_of)
def test_file_is_short(path: Path) -> None:
    """A file holds one idea, so it is short; a rule with its manual is shorter."""
    most = MOST_RULE_LINES if path.parent == ROOT / "rules" else MOST_LINES

    assert len(path.read_text(encoding="utf-8").splitlines()) <= most


@pytest.mark.parametrize("path", [*CODE, *TESTS], ids=name_of)
def test_functions_are_short(path: Path) -> None:
    """A function is read at a glance."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    long = [node.name for node in functions(tree) if (node.end_lineno or 0) - node.lineno >= MOST_FUNCTION_LINES]

    assert long == []


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_what_is_public_says_what_it_does(path: Path) -> None:
    """Every module, public class and public function has a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = [node.name for node in public(tree) if not ast.get_docstring(node)]

    assert silent == []
    assert ast.get_docstring(tree) or path.name == "__init__.py"


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_every_test_states_the_behaviour(path: Path) -> None:
    """A test's docstring is one sentence that says what must hold."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = [node.name for node in functions(tree) if node.name.startswith("test_") and not ast.get_docstring(node)]

    assert silent == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_knows_no_other_stage(stage: str) -> None:
    """A stage imports the types and the libraries, never another stage, `run` or the command line."""
    others = {f"trimtab.{name}" for name in (*STAGES, "run", "cli", "demo") if name != stage}
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in python_files(PACKAGE / stage)
        for name in imports(ast.parse(path.read_text(encoding="utf-8")))
        if ".".join(name.split(".")[:2]) in others
    ]

    assert wrong == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_knows_types_alone(library: str) -> None:
    """A library imports no stage and no other library."""
    others = {f"trimtab.{name}" for name in (*STAGES, *LIBRARIES, "run", "cli", "demo") if name != library}
    others -= ALLOWED.get(library, set())
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in python_files(PACKAGE / library)
        for name in imports(ast.parse(path.read_text(encoding="utf-8")))
        if ".".join(name.split(".")[:2]) in others
    ]

    assert wrong == []


@pytest.mark.parametrize("path", python_files(ROOT / "rules"), ids=name_of)
def test_a_rule_is_pure(path: Path) -> None:
    """A rule imports the contract, the fleet, the estimate and the standard library."""
    wrong = [
        name
        for name in imports(ast.parse(path.read_text(encoding="utf-8")))
        if name.startswith(("trimtab.", "pydantic")) and not name.startswith(RULE_IMPORTS)
    ]

    assert wrong == []


def test_bot_names_no_rule() -> None:
    """The bot finds rules in a folder: none is named in its code."""
    rules = {path.stem.replace("_", "-") for path in python_files(ROOT / "rules")}
    named = [
        f"{name_of(path)} names {rule}"
        for path in python_files(PACKAGE)
        for rule in rules
        if f'"{rule}"' in path.read_text(encoding="utf-8")
    ]

    assert named == []


def test_no_file_says_what_it_must_not() -> None:
    """No tracked file holds a path of one machine, an index's host, or a note of unfinished work."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    pattern = re.compile("|".join(FORBIDDEN), re.IGNORECASE)
    said = []
    for name in listed.decode().split("\0"):
        path = ROOT / name
        if not name or not path.is_file() or b"\0" in path.read_bytes()[:1024]:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        said += [f"{name}: {match.group()}" for match in pattern.finditer(text)]

    assert said == []
