"""Which charts a tree names and does not hold."""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest import Tree
from trimtab.render.fetched import Wanted
from trimtab.render.needed import needs
from trimtab.render.plainly import word
from trimtab.render.targets import Targets


def wanted_charts(tree: Tree) -> tuple[Wanted, ...]:
    """Return the charts that releases of a tree, or its charts, name by an address and do not bring along."""
    return tuple(sorted({one for one in _named(tree) if "://" in one.origin and one.name}))


def _named(tree: Tree) -> Iterator[Wanted]:
    for target in Targets(tree).charts():
        if target.missing:
            yield Wanted(target.origin, *target.shelved)
        else:
            for need in needs(target.path, tree):
                yield Wanted(word(need, "repository"), word(need, "name"), word(need, "version"))
