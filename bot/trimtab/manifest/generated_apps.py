"""What an ApplicationSet's generators put into its template, as far as the tree tells.

Source: https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators/ (3.1). Clusters, pull
requests, repositories and plugins are known to Argo CD alone: what they fill is open, until a folder or a file of the
tree fits the path that the template makes of it.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.source import Cursor
from trimtab.manifest.tree import Tree

Parameters = Mapping[str, str]
_MOST = 200
_PLACE = re.compile(r"\{\{-?\s*\.?(?P<name>[\w.\[\]-]+)\s*-?\}\}")
_SEGMENT = re.compile(r"\{\{-?\s*index\s+\.path\.segments\s+(?P<index>\d{1,3})\s*-?\}\}")
_OPEN = ("clusters", "clusterDecisionResource", "scmProvider", "pullRequest", "plugin")
"""Generators of what only Argo CD knows."""


def parameters_of(application_set: Cursor, tree: Tree) -> tuple[Parameters, ...]:
    """Return the parameters of each Application that is made, at most 200; those that nothing tells are left out."""
    found = (one for item in application_set.items("spec", "generators") for one in _made(item, tree, 0))
    patterns = tuple(_patterns(application_set.get("spec", "template", "spec")))
    told = (more for one in islice(found, _MOST) for more in _told_by_paths(patterns, one, tree))
    return tuple(islice(told, _MOST))


def fill(text: str, parameters: Parameters) -> str:
    """Return a text with the parameters put in; what is not known stays."""
    text = _SEGMENT.sub(lambda match: parameters.get(f"path[{match['index']}]", match[0]), text)
    return _PLACE.sub(lambda match: parameters.get(match["name"], match[0]), text)


def _patterns(spec: Cursor | None) -> Iterator[tuple[str, str]]:
    """Yield the paths that a template names: folder and file, the latter empty for a source's own folder."""
    for source in sources_of(spec) if spec is not None else ():
        folder = source.word("path").lstrip("/")
        if folder:
            yield folder, ""
        for name in source.items("helm", "valueFiles"):
            apart = name.string.startswith(("$", "/"))
            yield ("", name.string.partition("/")[2]) if apart else (folder, name.string)


def sources_of(spec: Cursor) -> tuple[Cursor, ...]:
    """Return the sources of an Application's spec, the older way to name one last."""
    single = spec.get("source")
    return (*spec.items("sources"), *((single,) if single is not None else ()))


def _told_by_paths(patterns: Sequence[tuple[str, str]], known: Parameters, tree: Tree) -> Iterator[Parameters]:
    """Yield the parameters with those that the folders and files of the tree tell, where a pattern leaves some open."""
    for folder, file in patterns:
        pattern = fill(joined(folder, file), known)
        if "{{" in pattern:
            found = {tuple(one.items()): one for one in _read_back(pattern, list(tree) if file else tree.folders)}
            for told in list(found.values())[:_MOST]:
                yield from _told_by_paths(patterns, {**known, **told}, tree)
            if found:
                return
    yield known


def _read_back(pattern: str, paths: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield what the open places of a pattern stand for in each path that fits it; each is a part without a slash."""
    names: list[str] = []
    regex = ""
    for number, part in enumerate(re.split(r"\{\{-?\s*\.?([\w.\[\]-]+)\s*-?\}\}", pattern)):
        if number % 2 == 0:
            regex += re.escape(part)
        elif part in names:
            regex += f"(?P=place{names.index(part)})"
        else:
            regex += f"(?P<place{len(names)}>[^/]+)"
            names.append(part)
    compiled = re.compile(regex)
    for path in paths if names and "{{" not in _PLACE.sub("", pattern) else ():
        match = compiled.fullmatch(path)
        if match is not None:
            yield {name: match[f"place{index}"] for index, name in enumerate(names)}


def _made(generator: Cursor, tree: Tree, depth: int) -> Iterator[Parameters]:
    """Yield the parameters of one generator, those that its selector takes."""
    for one in _unselected(generator, tree, depth):
        if _is_selected(generator.get("selector"), one):
            yield one


def _unselected(generator: Cursor, tree: Tree, depth: int) -> Iterator[Parameters]:
    for element in generator.items("list", "elements"):
        yield dict(_flat(element, ""))
    git = generator.get("git")
    if git is not None:
        yield from ({**one, **_values(git)} for one in _of_git(git, tree))
    for kind in _OPEN:
        made = generator.get(kind)
        if made is not None:
            yield _values(made)
    pair = generator.items("matrix", "generators")
    if depth < 2 and len(pair) == 2:  # noqa: PLR2004 - a matrix has two sides
        left, right = (list(_made(one, tree, depth + 1))[:_MOST] for one in pair)
        yield from ({**one, **other} for one in left for other in right)
    if depth < 2:  # noqa: PLR2004 - generators lie in each other twice at most
        yield from _merged(generator, tree, depth)


def _merged(generator: Cursor, tree: Tree, depth: int) -> Iterator[Parameters]:
    """Yield what `merge` makes: the first generator's, with what the others say of the same keys.

    Where the first leaves the keys open, the others tell of some that it will have.
    """
    keys = [item.string for item in generator.items("merge", "mergeKeys")]
    sides = [list(_made(one, tree, depth + 1))[:_MOST] for one in generator.items("merge", "generators")]
    for one in sides[0] if sides else ():
        if any(key not in one for key in keys):
            yield from ({**one, **other} for side in sides[1:] for other in side)
            yield one
        else:
            same = [other for side in sides[1:] for other in side if all(other.get(key) == one[key] for key in keys)]
            yield {name: value for part in (one, *same) for name, value in part.items()}


def _is_selected(selector: Cursor | None, parameters: Parameters) -> bool:
    """Return whether parameters fulfil a selector; one of which nothing is known may."""
    if selector is None or not parameters:
        return True
    if any(parameters.get(key) != value.string for key, value in selector.entries("matchLabels").items()):
        return False
    return all(_fulfils(item, parameters) for item in selector.items("matchExpressions"))


def _fulfils(expression: Cursor, parameters: Parameters) -> bool:
    key, values = expression.word("key"), {item.string for item in expression.items("values")}
    verdicts = {
        "In": parameters.get(key) in values,
        "NotIn": parameters.get(key) not in values,
        "Exists": key in parameters,
        "DoesNotExist": key not in parameters,
    }
    return verdicts.get(expression.word("operator"), False)


def _of_git(git: Cursor, tree: Tree) -> Iterator[Parameters]:
    """Yield the parameters of folders or of files that fit a pattern."""
    directories, files = git.get("directories"), git.get("files")
    prefix = git.word("pathParamPrefix")
    if directories is not None:
        yield from (_of_path(folder, prefix) for folder in _fitting(tree.folders, directories.items()))
    if files is not None:
        for path in _fitting(list(tree), files.items()):
            for root in (source.root() for source in tree.readable(path)):
                for one in root.items() if root is not None and root.is_sequence else (root,):
                    if one is not None:
                        yield {**dict(_flat(one, "")), **_of_path(folder_of(path), prefix, path)}


def _fitting(paths: Sequence[str], patterns: Sequence[Cursor]) -> Iterator[str]:
    wanted = [item.word("path") for item in patterns if item.word("exclude") != "true"]
    unwanted = [item.word("path") for item in patterns if item.word("exclude") == "true"]
    for path in paths:
        if any(fits(path, one) for one in wanted) and not any(fits(path, one) for one in unwanted):
            yield path


def fits(path: str, pattern: str) -> bool:
    """Return whether a path fits a pattern, in which `*` stays within a folder and `**` does not."""
    if "**" in pattern:
        return fnmatch.fnmatchcase(path, pattern.replace("**/", "*").replace("**", "*"))
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def _of_path(folder: str, prefix: str = "", file: str = "") -> dict[str, str]:
    """Return what a generator tells of a folder, and of the file in it where it is one of files."""
    parts = folder.split("/")
    start = f"{prefix}.path" if prefix else "path"
    found = {f"{start}[{index}]": part for index, part in enumerate(parts)}
    named = {"basename": parts[-1], **({"filename": file.rpartition("/")[2]} if file else {})}
    for key, name in named.items():
        found |= {f"{start}.{key}": name, f"{start}.{key}Normalized": _normalized(name)}
    return {**found, start: folder, f"{start}.path": folder}


def _normalized(name: str) -> str:
    """Return a name as Argo CD makes one of Kubernetes' of it (`utils.SanitizeName`, 3.1)."""
    return re.sub(r"[^a-z0-9.-]", "-", name.lower()).strip("-.")


def _values(generator: Cursor) -> dict[str, str]:
    """Return the fixed values that a generator adds."""
    values = generator.get("values")
    return dict(_flat(values, "values.")) if values is not None else {}


def _flat(at: Cursor, prefix: str) -> Iterator[tuple[str, str]]:
    for key, below in at.entries().items():
        if below.is_mapping:
            yield from _flat(below, f"{prefix}{key}.")
        elif below.string:
            yield f"{prefix}{key}", below.string
