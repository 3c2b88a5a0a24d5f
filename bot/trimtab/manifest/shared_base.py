"""An edit that would change a base of several overlays, written into the one overlay that it is meant for.

The edit is made on the base in a copy; what it makes the overlay's own objects and ConfigMaps say is then said by the
overlay. So every setting that can be edited in a base can be patched, whatever shape it stands in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trimtab.errors import RefusedError
from trimtab.manifest.context import Context
from trimtab.manifest.differences import differences, said
from trimtab.manifest.kustomize import Overlays
from trimtab.manifest.laid import Laid
from trimtab.manifest.links import named_in
from trimtab.manifest.overlay_lists import Piece, written
from trimtab.manifest.overlay_literals import literals
from trimtab.manifest.overlay_patch import Stage
from trimtab.manifest.patches import FIRST_PATCHES, patches_of
from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.splice import Splice, unify


@dataclass(frozen=True, slots=True)
class SharedBase:
    """An object of an overlay, some of whose files other objects may be made of too.

    Attributes:
        overlays: The tree's.
        root: The folder of the outermost kustomization.
        laid: The object.
        alone: Folders of the kustomizations that it goes through and no other made of its file, the innermost first.
    """

    overlays: Overlays
    root: str
    laid: Laid
    alone: tuple[str, ...]

    @classmethod
    def of(cls, laid: Laid, root: str, overlays: Overlays) -> SharedBase:
        """Return how an object of an outermost kustomization shares its files."""
        same = overlays.alike(laid, root)

        def is_alone(folder: str) -> bool:
            once = sum(folder in one.through for one in same) == 1
            return once and overlays.roots_of(overlays.kustomization_path(folder)) == (root,)

        return cls(overlays, root, laid, tuple(folder for folder in laid.through if is_alone(folder)))

    @property
    def path(self) -> str:
        """Return the file of the kustomization that patches the object, empty where none is its own."""
        return self.overlays.kustomization_path(self._home) if self._homes else ""

    @property
    def _homes(self) -> list[str]:
        """Return the kustomizations that may patch the object alone; a component's patches are for all objects."""
        at = self.overlays.kustomization
        return [folder for folder in self.alone if at(folder).word("kind") != "Component"]

    @property
    def _home(self) -> str:
        """Return the outermost of them that has nothing else below it: another may bring many overlays together."""
        homes = self._homes
        found = homes[0]
        for folder in homes[1:]:
            at = self.overlays.kustomization(folder)
            below = {joined(folder, one) for key in ("resources", "bases") for one in named_in(at, key)}
            if sum(map(self.overlays.is_kustomized, below)) > 1 or self.overlays.pointing_at(found):
                break
            found = folder
        return found

    def is_shared(self, path: str) -> bool:
        """Return whether other objects are made of a file, too."""
        if len(self.overlays.roots_of(path)) > 1:
            return True
        others = [folder for folder in self.laid.through if folder not in self.alone]
        if any(path in self.overlays.feeding(folder) for folder in others):
            return True
        if path in self.overlays.feeding(self.root):
            return False
        parts = (part for one in self.overlays.maps(self.root) for part in one.generators if path in part.paths)
        return any(self.is_shared(part.kustomization.source.path) for part in parts)

    def patched(self, splices: Sequence[Splice]) -> tuple[Splice, ...]:
        """Return the splices that say in the overlay what these would say in files that are shared.

        Raises:
            RefusedError: The overlay cannot say it.
        """
        shared = [one for one in splices if self.is_shared(one.path)]
        if not shared:
            return tuple(splices)
        if not self._homes:
            raise RefusedError(f"{shared[0].path} is shared, and no overlay is this serving's alone")
        tree = self.overlays.tree
        after = Overlays(Context(tree.replaced(unify(tree, shared))))
        pieces = list(self._pieces(self._home, after))
        if not pieces:
            where = folder_of(self.path) or "the overlay"
            raise RefusedError(f"{shared[0].path} is shared, and no patch can say otherwise", f"give {where} its own")
        own = (one for one in splices if one not in shared)
        return (*own, *written(self.overlays.kustomization(self._home), pieces))

    def _pieces(self, home: str, after: Overlays) -> Iterator[Piece]:
        """Yield what the overlay has to say to be as it is after an edit of its bases."""
        old, new = self.overlays.patched(home), after.patched(home)
        at = self.overlays.kustomization(home)
        patches = tuple(patches_of(self.overlays.tree, at, home, FIRST_PATCHES))
        stage = Stage(at, old.objects, patches, lambda path: not self.is_shared(path))
        for number, (before, now) in enumerate(zip(old.objects, new.objects, strict=True)):
            if found := list(differences(said(before.thing.at), said(now.thing.at))):
                yield from stage.pieces(number, found)
        for before_it, after_it in zip(old.maps, new.maps, strict=True):
            was, becomes = before_it.variables(self.overlays.tree), after_it.variables(after.tree)
            if changed := {key: value for key, value in becomes.items() if was.get(key) != value}:
                yield from literals(at, before_it, changed)
