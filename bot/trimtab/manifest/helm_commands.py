"""Releases that scripts, Makefiles and pipelines make with `helm upgrade` or `helm install`.

Source: https://helm.sh/docs/helm/helm_upgrade/ (v3.19): files of values in order, then `--set`, then `--set-string`,
and what is set from files, by JSON or literally.
A file that is not in the tree says nothing here: unlike Argo CD and Flux, a command is one way to install among others.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from trimtab.manifest.nodes import Document, ScalarNode
from trimtab.manifest.objects import Thing
from trimtab.manifest.parse import BrokenYamlError, decode
from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.release import Parameter, Release, chart_folder, last, locked, own_values, roots
from trimtab.manifest.source import Cursor, Source
from trimtab.manifest.text import Text

if TYPE_CHECKING:
    from trimtab.manifest.context import Context

_NAMES = ("Makefile", "makefile", "Justfile", "justfile", "Taskfile.yml", "Taskfile.yaml", "cloudbuild.yaml")
_SUFFIXES = (".sh", ".mk", ".gitlab-ci.yml", "pipelines.yml", "pipelines.yaml", "pipeline.yml", "pipeline.yaml")
_FOLDERS = (".github/workflows/", ".gitlab/", ".circleci/", ".tekton/", ".azure-pipelines/", ".buildkite/")
_COMMAND = re.compile(r"\bhelm3?[ \t]+(?:upgrade|install)[ \t]")
_MORE = re.compile(r"\\[ \t]*\r?\n[ \t]*|\r?\n[ \t]*(?=(?:--?[a-z][\w-]*[ =]))")
"""The end of a line that a command goes on after: with a backslash, or before a flag, as folded text has it."""
_SWITCHES = frozenset(
    {
        *(
            "-i",
            "--install",
            "--create-namespace",
            "--wait",
            "--wait-for-jobs",
            "--atomic",
            "--debug",
            "--dry-run",
            "--force",
        ),
        *("--reuse-values", "--reset-values", "--reset-then-reuse-values", "--cleanup-on-fail", "--dependency-update"),
        *("--no-hooks", "--skip-crds", "--devel", "--generate-name", "-g", "--verify", "--hide-notes", "--replace"),
        *("--rollback-on-failure", "--take-ownership", "--enable-dns", "--insecure-skip-tls-verify", "--plain-http"),
    }
)
"""Flags without a value."""
_LONGEST, _MOST = 4000, 200
"""How many characters of a command are read, and how many commands of a file."""
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")


@dataclass
class _Command:
    """The words of a command, sorted."""

    words: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    sets: list[str] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    renderer: str = ""
    namespace: str = ""
    names_itself: bool = False


def may_run_helm(path: str) -> bool:
    """Return whether a file is placed or named as those are in which pipelines run commands."""
    name = path.rsplit("/", 1)[-1]
    return name in _NAMES or path.endswith(_SUFFIXES) or any(folder in f"/{path}" for folder in _FOLDERS)


def command_releases(path: str, context: Context) -> Iterator[Release]:
    """Yield the releases that the commands of a file make."""
    if not may_run_helm(path) or b"helm" not in context.tree.get(path, b""):
        return
    try:
        text = decode(context.tree[path])
    except BrokenYamlError:
        return
    for match in islice(_COMMAND.finditer(text), _MOST):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        command = _sorted(_words(text[match.end() : match.end() + _LONGEST]))
        if command is not None and not line.lstrip().startswith("#"):
            where = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
            for files in islice(_told(command.files, path, context), _MOST):
                yield _release(replace(command, files=files), path, where, context)


def _words(text: str) -> list[str]:
    """Return the words of a command up to its end; none where it has no plain reading."""
    whole = re.split(r"\r?\n", _MORE.sub(" ", text), maxsplit=1)[0]
    lexer = shlex.shlex(whole, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[str] = []
    try:
        for word in lexer:
            if re.fullmatch(r"[();<>|&]+", word):
                break
            found.append(word)
    except ValueError:
        return []
    return found


def _sorted(words: Sequence[str]) -> _Command | None:
    """Return a command's words by what they mean; None where it names no chart, or only tries."""
    command = _Command()
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("-"):
            command.words.append(word)
        elif word in _SWITCHES:
            command.names_itself = command.names_itself or word in {"-g", "--generate-name"}
        else:
            flag, equals, value = word.partition("=")
            _take(command, flag, value if equals else waiting.pop(0) if waiting else "")
    tried = any(word.startswith("--dry-run") for word in words)
    return command if not tried and len(command.words) > (0 if command.names_itself else 1) else None


def _take(command: _Command, flag: str, value: str) -> None:
    lists = {"-f": command.files, "--values": command.files, "--set": command.sets, "--set-string": command.strings}
    if flag in lists:
        lists[flag].extend(one.replace("\\,", ",") for one in re.split(r"(?<!\\),(?![^{}]*\})", value) if one)
    elif flag in {"--set-file", "--set-json", "--set-literal"}:
        command.unseen.append(value.partition("=")[0])
    elif flag == "--post-renderer":
        command.renderer = value
    elif flag in {"-n", "--namespace"}:
        command.namespace = value


def _told(files: list[str], path: str, context: Context) -> Iterator[list[str]]:
    """Yield files of values; a variable in a name stands for what each other file of the tree that fits tells."""
    pattern = next((file for file in files if _VARIABLE.search(file)), "")
    variable = _VARIABLE.search(pattern)
    if variable is None:
        yield files
        return
    named = {joined(base, file) for base in _bases(path) for file in files}
    values: dict[str, None] = {}
    for base in _bases(path):
        first, *rest = (re.escape(part) for part in _VARIABLE.sub("\n", joined(base, pattern)).split("\n"))
        fitting = re.compile(f"{first}([^/]+){'[^/]+'.join(rest)}")
        found = (fitting.fullmatch(one) for one in context.tree if one not in named)
        values.update(dict.fromkeys(match[1] for match in found if match is not None))
    for value in values or ("",):
        yield [file.replace(variable[0], value) for file in files] if value else files


def _release(command: _Command, path: str, where: str, context: Context) -> Release:
    chart = command.words[-1]
    name = "" if command.names_itself else command.words[0]
    folder = next((found for base in _bases(path) if (found := chart_folder(joined(base, chart), context))), "")
    layers = own_values(folder, context)
    for file in command.files:
        found = next((one for base in _bases(path) if (one := joined(base, file)) in context.tree), "")
        layers += roots([found] if found else [], context)
    parameters = [_parameter(one, path, where) for one in (*command.sets, *command.strings) if "=" in one]
    thing = Thing(_said(name, path, ""), "", "helm upgrade", command.namespace, name)
    if command.renderer:
        layers = [locked(one, f"{command.renderer} changes in {where} what is rendered") for one in layers]
    hidden = dict.fromkeys(command.unseen, f"`helm` in {where} sets it; edit it there by hand")
    return Release(thing, folder, last(chart), command.namespace, tuple(layers), tuple(parameters), hidden=hidden)


def _bases(path: str) -> tuple[str, ...]:
    """Return the folders that a command's paths may start from, the likelier first."""
    return ("", folder_of(path)) if path.startswith(".") or "/." in path else (folder_of(path), "")


def _parameter(assignment: str, path: str, where: str) -> Parameter:
    name, _, value = assignment.partition("=")
    return Parameter(name, _said(value, path, f"`helm` in {where} sets it; edit it there by hand"))


def _said(text: str, path: str, reason: str) -> Cursor:
    """Return a word of a command as a scalar that can be read but not written."""
    node = ScalarNode(text, "", "", "", 0, len(text))
    return Cursor(Source(path, Document(0, node, 0), Text.whole(text)), (), node, reason)
