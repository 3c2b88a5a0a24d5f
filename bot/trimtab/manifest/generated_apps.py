"""What an ApplicationSet's generators put into its template, as far as the tree tells.

Source: https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators/ (3.1). Clusters, pull
requests and plugins are known to Argo CD alone.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence

from trimtab.manifest.paths import folder_of
from trimtab.manifest.source import Cursor
from trimtab.manifest.tree import Tree

Parameters = Mapping[str, str]
_MOST = 200
_PLACE = re.compile(r"\{\{-?\s*\.?(?P<name>[\w.\[\]-]+)\s*-?\}\}")
_SEGMENT = re.compile(r"\{\{-?\s*index\s+\.path\.segments\s+(?P<index>\d{1,3})\s*-?\}\}")


def parameters_of(application_set: Cursor, tree: Tree) -> tuple[Parameters, ...]:
    """Return the parameters of each Application that is made, at most 200; none where the tree does not tell."""
    generators = application_set.get("spec", "generators")
    found = [one for item in (generators.items() if generators is not None else ()) for one in _made(item, tree, 0)]
    return tuple(found[:_MOST])


def fill(text: str, parameters: Parameters) -> str:
    """Return a text with the parameters put in; what is not known stays."""
    text = _SEGMENT.sub(lambda match: parameters.get(f"path[{match['index']}]", match[0]), text)
    return _PLACE.sub(lambda match: parameters.get(match["name"], match[0]), text)


def _made(generator: Cursor, tree: Tree, depth: int) -> Iterator[Parameters]:
    elements = generator.get("list", "elements")
    for element in elements.items() if elements is not None else ():
        yield dict(_flat(element, ""))
    git = generator.get("git")
    if git is not None:
        yield from _of_git(git, tree)
    pair = generator.get("matrix", "generators")
    if pair is not None and depth < 2 and len(pair.items()) == 2:  # noqa: PLR2004 - a matrix has two sides
        left, right = (list(_made(one, tree, depth + 1))[:_MOST] for one in pair.items())
        yield from ({**one, **other} for one in left for other in right)


def _of_git(git: Cursor, tree: Tree) -> Iterator[Parameters]:
    """Yield the parameters of folders or of files that fit a pattern."""
    directories, files = git.get("directories"), git.get("files")
    if directories is not None:
        yield from (_of_path(folder) for folder in _fitting(tree.folders, directories.items()))
    if files is not None:
        for path in _fitting(list(tree), files.items()):
            for root in (source.root() for source in tree.readable(path)):
                if root is not None:
                    yield {**_of_path(folder_of(path)), **dict(_flat(root, ""))}


def _fitting(paths: Sequence[str], patterns: Sequence[Cursor]) -> Iterator[str]:
    wanted = [item.word("path") for item in patterns if item.word("exclude") != "true"]
    unwanted = [item.word("path") for item in patterns if item.word("exclude") == "true"]
    for path in paths:
        if any(_fits(path, one) for one in wanted) and not any(_fits(path, one) for one in unwanted):
            yield path


def _fits(path: str, pattern: str) -> bool:
    """Return whether a path fits a pattern, in which `*` stays within a folder and `**` does not."""
    if "**" in pattern:
        return fnmatch.fnmatchcase(path, pattern.replace("**/", "*").replace("**", "*"))
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def _of_path(folder: str) -> dict[str, str]:
    parts = folder.split("/")
    found = {f"path[{index}]": part for index, part in enumerate(parts)}
    return {**found, "path": folder, "path.path": folder, "path.basename": parts[-1]}


def _flat(at: Cursor, prefix: str) -> Iterator[tuple[str, str]]:
    for key, below in at.entries().items():
        if below.is_mapping:
            yield from _flat(below, f"{prefix}{key}.")
        elif below.string:
            yield f"{prefix}{key}", below.string
