"""What a kustomization has other programs do to its objects: `transformers`, and schemas of its own.

Source: https://kubectl.docs.kubernetes.io/references/kustomize/builtins/ (5.7).
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest.patches import Patch, Target, is_own, locked
from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.source import Cursor
from trimtab.manifest.tree import Tree

_NAMING = frozenset(
    {
        *("NamespaceTransformer", "PrefixTransformer", "SuffixTransformer", "PrefixSuffixTransformer"),
        *("LabelTransformer", "AnnotationsTransformer", "HashTransformer"),
    }
)
"""Those that leave every setting alone."""


def transformers_of(tree: Tree, kustomization: Cursor) -> Iterator[Cursor]:
    """Yield the configurations of a kustomization's transformers: in place, or in files of their own."""
    for item in kustomization.items("transformers"):
        inside = item.inner() if "\n" in item.string else None
        files = tree.readable(joined(folder_of(kustomization.source.path), item.string)) if inside is None else ()
        found = [inside, *(source.root() for source in files)]
        yield from (one for one in found if one is not None)
        if not any(one is not None for one in found):
            yield item


def patch_of(transformer: Cursor, tree: Tree) -> Patch | None:
    """Return the patch that a transformer is; None where it is something else."""
    if transformer.word("kind") != "PatchTransformer":
        return None
    text, path = transformer.get("patch"), transformer.word("path")
    files = tree.readable(joined(folder_of(transformer.source.path), path)) if path else ()
    roots = [text.inner()] if text is not None else [source.root() for source in files]
    at = next((one for one in roots if one is not None), None)
    return Patch(at, transformer.get("target")) if at is not None else None


def guarded(target: Target, kustomization: Cursor, transformers: list[Cursor]) -> Cursor:
    """Return an object, locked where a transformer or a schema may change it in a way that is not followed."""
    where = kustomization.source.path
    for one in transformers:
        if one.word("kind") not in _NAMING:
            name = one.word("kind") or one.string
            return locked(target.at, f"the transformer {name} of {where} may change it, and is not followed here")
    if kustomization.get("openapi") is not None and not is_own(target.group) and target.at.under:
        return locked(target.at, f"{where} has lists of this kind merged by a schema of its own")
    return target.at
