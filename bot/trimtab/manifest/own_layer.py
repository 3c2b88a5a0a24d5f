"""What a release says of values that it shares with others, said in the values that it alone lays over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trimtab.errors import RefusedError
from trimtab.manifest.context import Context
from trimtab.manifest.differences import differences, said
from trimtab.manifest.merging import merged_into
from trimtab.manifest.release import Release
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice, unify


@dataclass(frozen=True, slots=True)
class OwnLayer:
    """The layers of one release."""

    release: Release
    context: Context

    def laid_over(self, splices: Sequence[Splice]) -> tuple[Splice, ...]:
        """Return the splices that say in the release's own uppermost values what these say in a file of several.

        Raises:
            RefusedError: It has none, or a list would have to be repeated.
        """
        tree = self.context.tree
        after = Context(tree.replaced(unify(tree, splices)))
        paths = {splice.path for splice in splices}
        changed = next((one for path in sorted(paths) for one in after.releases_with(path) if self._is_it(one)), None)
        own = next(self._own(), None)
        before, now = self.release.values(), changed.values() if changed is not None else None
        if own is None or before is None or now is None:
            raise RefusedError("the release has no values of its own", "give it some first")
        old = said(before)
        return merged_into(own, old, list(differences(old, said(now))), by_name=False)

    def _own(self) -> Iterator[Cursor]:
        """Yield the layers that are this release's alone, the uppermost first; a chart's own values are anyone's."""
        defaults = f"{self.release.chart}/values.yaml"
        for layer in reversed(self.release.layers):
            path = layer.source.path
            inside = path == self.release.thing.path
            alone = path != defaults and all(self._is_it(one) for one in self.context.releases_with(path))
            if not self.release.made and (inside or alone):
                yield layer

    def _is_it(self, other: Release) -> bool:
        mine, its = self.release.thing, other.thing
        same = (mine.path, mine.at.source.number, mine.at.path) == (its.path, its.at.source.number, its.at.path)
        return same and (mine.name, mine.namespace) == (its.name, its.namespace)
