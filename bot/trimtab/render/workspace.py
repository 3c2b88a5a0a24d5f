"""A copy of a repository's files in which targets are rendered, as they are and as they would be."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from trimtab.errors import UsageError
from trimtab.manifest import BrokenYamlError, Plain, Tree, documents_of, plain_documents
from trimtab.render.fence import Tools, run, version
from trimtab.render.objects import Rendered, Unrendered, identified
from trimtab.render.targets import Target, far_bases

_LARGEST_BYTES = 2 * 1024 * 1024
_SKIPPED = frozenset({".git", "node_modules", ".venv", ".terraform"})


class Workspace:
    """Renders targets of one repository; a context manager that removes its copy."""

    def __init__(self, root: Path, tree: Tree, tools: Tools) -> None:
        """Copy nothing yet: that happens when something is first rendered."""
        self._root = root
        self._tree = tree
        self._tools = tools
        self._folder: Path | None = None
        self._kept: dict[Target, Rendered | Unrendered] = {}

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

    def render(self, target: Target, files: Mapping[str, bytes] | None = None) -> Rendered | Unrendered:
        """Return what a target becomes, with some files' bytes replaced; without any, the answer is kept."""
        if files:
            return self._changed(target, files)
        if target not in self._kept:
            self._kept[target] = self._render(target, self._tree)
        return self._kept[target]

    def _changed(self, target: Target, files: Mapping[str, bytes]) -> Rendered | Unrendered:
        folder = self._copied()
        try:
            for path, data in files.items():
                (folder / path).write_bytes(data)
            return self._render(target, self._tree.replaced(files))
        finally:
            for path in files:
                (folder / path).write_bytes(self._tree[path])

    def _render(self, target: Target, tree: Tree) -> Rendered | Unrendered:
        if target.missing:
            return Unrendered(target.missing)
        if target.kind == "object":
            return _object_itself(target.path, tree)
        tool = self._tools.helm if target.kind == "helm" else self._tools.kustomize
        if not tool:
            return Unrendered(f"{target.kind} is not installed, so nothing can be rendered")
        if target.kind == "helm":
            return self._helm(tool, target, tree)
        far = far_bases(tree, target.path)
        if far:
            return Unrendered(f"the overlay {target.path} fetches {far[0]}, and rendering has no network")
        printed = run([tool, "build", target.path or "."], self._copied())
        place = target.path or "the root"
        return printed if isinstance(printed, Unrendered) else _parsed(printed, f"kustomize {version(tool)} ({place})")

    def _helm(self, tool: str, target: Target, tree: Tree) -> Rendered | Unrendered:
        folder = self._copied()
        command = [tool, "template", target.release or "release", f"./{target.path}"]
        if target.namespace:
            command += ["--namespace", target.namespace]
        for path in target.values_files:
            if path not in tree:
                return Unrendered(f"values file {path} is not in this repository")
            command += ["--values", path]
        with tempfile.TemporaryDirectory(prefix="trimtab-values-") as spare:
            inline = _inline_values(target, tree)
            if inline.values:
                beside = Path(spare) / "values.json"
                beside.write_text(json.dumps(inline.values, ensure_ascii=False))
                command += ["--values", str(beside)]
            for name, value, text in inline.parameters:
                command += ["--set-string" if text else "--set", f"{name}={_escaped(value)}"]
            printed = run(command, folder)
        if isinstance(printed, Unrendered):
            return printed
        return _parsed(printed, f"helm {version(tool)} (chart {target.path or 'the root'})")

    def _copied(self) -> Path:
        """Return the folder of the copy, made on the first call; links and large files are left out."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="trimtab-tree-"))
            shutil.copytree(self._root, self._folder, symlinks=True, ignore=_left_out, dirs_exist_ok=True)
        return self._folder


def _left_out(folder: str, names: list[str]) -> set[str]:
    """Return what is not copied: links, other things than files and folders, large files, tools' folders."""
    here = Path(folder)
    return {
        name
        for name in names
        if name in _SKIPPED
        or (here / name).is_symlink()
        or not ((here / name).is_dir() or (here / name).is_file())
        or ((here / name).is_file() and (here / name).stat().st_size > _LARGEST_BYTES)
    }


class _Inline:
    """Values that stand inside an Application or a HelmRelease."""

    def __init__(self, values: dict[str, Plain], parameters: tuple[tuple[str, str, bool], ...] = ()) -> None:
        self.values = values
        self.parameters = parameters


def _inline_values(target: Target, tree: Tree) -> _Inline:
    path, number = target.values
    documents = documents_of(tree, path) if path else ()
    document = documents[number] if number < len(documents) else None
    spec = document.get("spec") if isinstance(document, dict) else None
    if not isinstance(spec, dict):
        return _Inline({})
    if isinstance(document, dict) and document.get("kind") == "HelmRelease":
        values = spec.get("values")
        return _Inline(values if isinstance(values, dict) else {})
    listed = spec.get("sources")
    sources = listed if isinstance(listed, list) else [spec.get("source")]
    helms = [source.get("helm") for source in sources if isinstance(source, dict)]
    found = _Inline({})
    for helm in helms:
        if isinstance(helm, dict):
            found = _Inline({**found.values, **_argo_values(helm)}, (*found.parameters, *_parameters(helm)))
    return found


def _argo_values(helm: dict[str, Plain]) -> dict[str, Plain]:
    """Return `valuesObject`, else the parsed text of `values`, as Argo CD takes them."""
    direct = helm.get("valuesObject")
    if isinstance(direct, dict):
        return direct
    text = helm.get("values")
    if not isinstance(text, str):
        return {}
    try:
        documents = plain_documents(text.encode())
    except (BrokenYamlError, UsageError):
        return {}
    return documents[0] if documents and isinstance(documents[0], dict) else {}


def _parameters(helm: dict[str, Plain]) -> tuple[tuple[str, str, bool], ...]:
    listed = helm.get("parameters")
    found = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return tuple((str(item.get("name")), str(item.get("value")), item.get("forceString") is True) for item in found)


def _escaped(value: str) -> str:
    """Return a value as helm's `--set` takes it."""
    return value.replace("\\", "\\\\").replace(",", "\\,")


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
