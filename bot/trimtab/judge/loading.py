"""Finds rules: the bundled folder, the operator's folders, and installed packages."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import cast

from trimtab.errors import UsageError
from trimtab.folders import data_folder
from trimtab.judge.manual import Manual, read_manual
from trimtab.rule import Layer, NodeRule, RuleSettings, WorkloadRule

GROUP = "trimtab.rules"
"""The entry point group under which an installed package offers rules: one rule, or a module that binds `rule`."""

AnyRule = WorkloadRule[RuleSettings] | NodeRule[RuleSettings]
_HINT = "a rule is described in `trimtab rules new NAME`; `trimtab rules show oversized-gpu` shows one"


@dataclass(frozen=True, slots=True)
class LoadedRule:
    """A rule that can be asked.

    Attributes:
        rule: The rule.
        manual: Its manual.
        path: The file, or the entry point, that it comes from.
    """

    rule: AnyRule
    manual: Manual
    path: str

    @property
    def name(self) -> str:
        """Return the rule's name."""
        return self.rule.name

    @property
    def layer(self) -> Layer:
        """Return what the rule looks at."""
        return self.rule.layer

    @property
    def judges_nodes(self) -> bool:
        """Return whether it is asked once for each node, not for each workload."""
        return hasattr(self.rule, "judge_node")


def load_rules(folders: Sequence[Path] = ()) -> tuple[LoadedRule, ...]:
    """Return the bundled rules, those in `folders`, and those of installed packages, ordered by name.

    Raises:
        UsageError: A folder is missing, a file is broken or binds no whole rule, or two rules have one name.
    """
    loaded: dict[str, LoadedRule] = {}
    for one in (*_from_folders((data_folder("rules"), *folders)), *_from_packages()):
        other = loaded.setdefault(one.name, one)
        if other is not one:
            raise UsageError(f"{one.path}: rule `{one.name}` stands in {other.path} already", "give it another name")
    return tuple(loaded[name] for name in sorted(loaded))


def _from_folders(folders: Sequence[Path]) -> Iterator[LoadedRule]:
    for folder in dict.fromkeys(folder.resolve() for folder in folders):
        if not folder.is_dir():
            raise UsageError(f"{folder}: no such folder of rules", "see `rule_folders` in the configuration")
        for path in sorted(folder.glob("*.py")):
            if not path.name.startswith("_"):
                yield _checked(_module(path), str(path))


def _from_packages() -> Iterator[LoadedRule]:
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        where = f"entry point {point.name} = {point.value}"
        try:
            found = point.load()
        except Exception as error:
            raise UsageError(f"{where}: {type(error).__name__}: {error}", _HINT) from error
        yield _checked(found, where)


def _module(path: Path) -> ModuleType:
    """Import a file by its path.

    Raises:
        UsageError: It does not run; names the line.
    """
    name = f"trimtab_rule_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path}: cannot be imported", _HINT)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"{path}:{_line(error, path)}: {type(error).__name__}: {error}", _HINT) from error
    return module


def _line(error: Exception, path: Path) -> int:
    """Return the line of the file at which an import failed."""
    if isinstance(error, SyntaxError) and error.lineno:
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return lines[-1] if lines and lines[-1] is not None else 1


def _checked(source: object, where: str) -> LoadedRule:
    """Return the rule that a module binds, or that an entry point names.

    Raises:
        UsageError: There is none, or it lacks something.
    """
    found: object = getattr(source, "rule", None) if isinstance(source, ModuleType) else source
    module = source if isinstance(source, ModuleType) else inspect.getmodule(type(found))
    manual = read_manual((module.__doc__ if module else "") or "")
    fault = "no `rule` is bound" if found is None else _fault(found)
    rule = cast("AnyRule", found)
    fault = fault or manual.faults(rule.name)
    if fault:
        raise UsageError(f"{where}:1: {fault}" if where.endswith(".py") else f"{where}: {fault}", _HINT)
    return LoadedRule(rule, manual, where)


def _fault(rule: object) -> str:
    """Return what an object lacks to be a rule; empty where it is one."""
    for name, kind in (("name", str), ("since", str), ("layer", Layer), ("needs", tuple), ("observes", bool)):
        if not isinstance(getattr(rule, name, None), kind):
            return f"`{name}` of the rule is missing, or no {kind.__name__}"
    settings = getattr(rule, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, RuleSettings)):
        return "`Settings` of the rule is missing, or no subclass of RuleSettings"
    asked = [name for name in ("judge", "judge_node") if callable(getattr(rule, name, None))]
    return "" if len(asked) == 1 else "the rule needs one of `judge` and `judge_node`"
