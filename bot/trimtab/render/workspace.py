"""A copy of a repository's files in which targets are rendered, as they are and as they would be."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

from trimtab.errors import UsageError
from trimtab.listing import entries
from trimtab.manifest import BrokenYamlError, Plain, Tree, plain_documents
from trimtab.render.fence import Tools, run, version
from trimtab.render.fetched import Wanted, have
from trimtab.render.inline import inline_values
from trimtab.render.layers import given
from trimtab.render.needed import fill
from trimtab.render.objects import Rendered, Unrendered, identified
from trimtab.render.printed import Output, printed_before
from trimtab.render.shelf import Shelved
from trimtab.render.target import Target
from trimtab.render.targets import Targets, far_bases

_LARGEST_BYTES = 2 * 1024 * 1024
_RELEASE = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
"""Helm 3.18 `ValidateReleaseName`; so no name of a release can be read as an option."""

_FORGIVEN = (
    ('failing loading "http', ("--skip-schema-validation",)),
    ("chart requires kubeVersion:", ("--kube-version", "1.34.0")),
)
"""What helm ends with that says nothing of the values, and how it is asked again.

A schema that lies elsewhere cannot be had without a network; a helm that is built from source takes the cluster for
Kubernetes 1.20 where nobody tells it more.
"""


class Workspace:
    """Renders targets of one repository; a context manager that removes its copy. Threads take turns."""

    def __init__(self, root: Path, tree: Tree, tools: Tools) -> None:
        """Copy nothing yet: that happens when something is first rendered."""
        self._root = root
        self._tree = tree
        self._tools = tools
        self._folder: Path | None = None
        self._kept: dict[Target, Rendered | Unrendered] = {}
        self._turn = RLock()
        self.targets = Targets(tree)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the copy."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    @property
    def tree(self) -> Tree:
        """Return the repository's files."""
        return self._tree

    @property
    def helm(self) -> str:
        """Return the path of helm; empty where it is not installed."""
        return self._tools.helm

    @property
    def cache(self) -> Path | None:
        """Return the folder in which traces are kept; None where nowhere."""
        return Path(self._tools.cache) if self._tools.cache else None

    def told(self, target: Target) -> tuple[str, ...]:
        """Return what a rendering depends on beside files and values: helm's release and what it is told."""
        return (version(self._tools.helm), *_told(replace(target, namespace=""), self._tools))

    def render(self, target: Target, files: Mapping[str, bytes] | None = None) -> Rendered | Unrendered:
        """Return what a target becomes, with some files' bytes replaced; without any, the answer is kept."""
        with self._turn:
            if files:
                return self._changed(target, files)
            if target not in self._kept:
                self._kept[target] = self._render(target, self._tree, {}, keep=True)
            return self._kept[target]

    def again(self, target: Target) -> Rendered | Unrendered:
        """Return what a target becomes when it is rendered once more: charts may hold chance and the time of day."""
        with self._turn:
            return self._render(target, self._tree, {})

    def with_values(self, target: Target, values: Mapping[str, Plain]) -> Rendered | Unrendered:
        """Return what a chart becomes with values laid over all others."""
        with self._turn:
            return self._render(target, self._tree, values)

    def chart_of(self, target: Target) -> Path | Unrendered:
        """Return the folder or package of a target's chart, with what it is built on at hand."""
        with self._turn:
            return self._chart(target, self._tree)

    def _changed(self, target: Target, files: Mapping[str, bytes]) -> Rendered | Unrendered:
        folder = self._copied()
        try:
            for path, data in files.items():
                (folder / path).write_bytes(data)
            return self._render(target, self._tree.replaced(files), {})
        finally:
            for path in files:
                (folder / path).write_bytes(self._tree[path])

    def _render(
        self, target: Target, tree: Tree, values: Mapping[str, Plain], *, keep: bool = False
    ) -> Rendered | Unrendered:
        if target.kind == "object":
            return _object_itself(target.path, tree)
        tool = self._tools.helm if target.kind == "helm" else self._tools.kustomize
        if target.missing and self._elsewhere(target) is None:
            return Unrendered(target.missing)
        if not tool:
            return Unrendered(f"{target.kind} is not installed, so nothing can be rendered")
        if target.kind == "helm":
            return self._helm(tool, target, tree, values, keep=keep)
        far = far_bases(tree, target.path)
        if far:
            why = "and rendering has no network; a copy of it in the repository would be built"
            return Unrendered(f"the overlay {target.path} fetches {far[0]}, {why}")
        printed = run([tool, "build", f"./{target.path}"], self._copied())
        place = target.path or "the root"
        return printed if isinstance(printed, Unrendered) else _parsed(printed, f"kustomize {version(tool)} ({place})")

    def _helm(
        self, tool: str, target: Target, tree: Tree, values: Mapping[str, Plain], *, keep: bool
    ) -> Rendered | Unrendered:
        chart = self._chart(target, tree)
        if isinstance(chart, Unrendered):
            return chart
        release = target.release or "release"
        if not _RELEASE.fullmatch(release):
            return Unrendered(f"{release!r} is no name that Helm takes for a release")
        command = [tool, "template", release, str(chart), *_told(target, self._tools)]
        for path in target.values_files:
            if path in tree:
                command += ["--values", f"./{path}"]
            elif not target.optional_files:
                return Unrendered(f"values file {path} is not in this repository")
        inline = inline_values(target, tree)
        options, layers = inline.options(), tuple(layer for layer in (inline.values, values) if layer)

        def template() -> Output:
            return _templated(command, layers, options, self._copied())

        blobs = tuple(tree.blob(path) for path in target.values_files if path in tree)
        told = (version(tool), release, _told(target, self._tools), blobs, json.dumps(layers), options)
        printed, unchecked = printed_before(self.cache if keep else None, chart, told, template)
        if isinstance(printed, Unrendered):
            return printed
        return _parsed(printed, f"helm {version(tool)} (chart {self._shown(target)}{unchecked})")

    def _chart(self, target: Target, tree: Tree) -> Path | Unrendered:
        """Return what helm is given for a chart: a path from the copy's root, or one on the shelf."""
        if target.missing:
            found = self._elsewhere(target)
            return found.path if found is not None else Unrendered(target.missing)
        values = given(target, tree)
        missing = fill(target.path, tree, self._copied(), self._tools, values)
        return Unrendered(missing) if missing else self._copied() / target.path

    def _elsewhere(self, target: Target) -> Shelved | None:
        """Return the chart that a release names and the repository does not hold."""
        return have(self._tools, Wanted(target.origin, *target.shelved))

    def _shown(self, target: Target) -> str:
        found = self._elsewhere(target) if target.missing else None
        return f"{found.name} {found.version}" if found is not None else target.path or "the root"

    def _copied(self) -> Path:
        """Return the folder of the copy, made on the first call; links and large files are left out."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="trimtab-tree-"))
            for entry in entries(self._root):
                if entry.is_file and entry.size <= _LARGEST_BYTES:
                    place = self._folder / entry.path
                    place.parent.mkdir(parents=True, exist_ok=True)
                    with suppress(OSError):  # a file that may not be read is as good as absent
                        shutil.copyfile(self._root / entry.path, place, follow_symlinks=False)
        return self._folder


def _templated(
    command: list[str], layers: Sequence[Mapping[str, Plain]], options: Sequence[str], folder: Path
) -> Output:
    """Return what helm prints where values and then options are laid over the others; and what went unchecked."""
    with tempfile.TemporaryDirectory(prefix="trimtab-values-") as spare:
        for number, layer in enumerate(layers):
            beside = Path(spare) / f"{number}.json"
            beside.write_text(json.dumps(layer, ensure_ascii=False))
            command = [*command, "--values", str(beside)]
        return _asked([*command, *options], folder)


def _asked(command: list[str], folder: Path) -> Output:
    """Return what helm prints, asked once more where its answer says nothing of the values."""
    printed = run(command, folder)
    unchecked = ""
    for sign, options in _FORGIVEN:
        if isinstance(printed, Unrendered) and sign in printed.reason and options[0] not in command:
            command = [*command, *options]
            printed = run(command, folder)
            unchecked = unchecked or (", its schema not at hand" if "schema" in options[0] else "")
    return printed, unchecked


def _told(target: Target, tools: Tools) -> list[str]:
    """Return the options that a declaration sets for its rendering, else the operator."""
    options = ["--namespace", target.namespace] if target.namespace else []
    kube_version = target.kube_version or tools.kube_version
    options += ["--kube-version", kube_version] if kube_version else []
    return options + [word for one in target.api_versions or tools.api_versions for word in ("--api-versions", one)]


def _object_itself(path: str, tree: Tree) -> Rendered | Unrendered:
    """Return the objects of a plain manifest; a file of values alone proves nothing."""
    found = _parsed(tree[path], "the object itself")
    if isinstance(found, Rendered) and not all(key.kind for key in found.objects):
        return Unrendered(f"no chart and no overlay in this repository takes {path}, so nothing shows what it drives")
    return found


def _parsed(data: bytes, tool: str) -> Rendered | Unrendered:
    try:
        return Rendered(identified(plain_documents(data)), tool)
    except BrokenYamlError as error:
        return Unrendered(f"what was rendered is no YAML: {error.reason}")
    except UsageError as error:
        return Unrendered(error.message)
