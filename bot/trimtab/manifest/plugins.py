"""What a kustomization has other programs do to its objects: `transformers`, `generators`, `configurations`, `openapi`.

A transformer that kustomize brings itself is a kustomization of one field; any other is not followed.
Source: https://kubectl.docs.kubernetes.io/references/kustomize/builtins/ and `api/internal/target` of
https://github.com/kubernetes-sigs/kustomize (5.7): transformers come last, those in place before those of files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trimtab.manifest.field_specs import (
    ANNOTATIONS,
    IMAGES,
    LABELS,
    PREFIX,
    REPLICAS,
    SUFFIX,
    FieldSpec,
    configured,
    specs_in,
)
from trimtab.manifest.grafts import Graft, made
from trimtab.manifest.links import kustomization_in, kustomization_of, named_in
from trimtab.manifest.paths import joined
from trimtab.manifest.source import Cursor
from trimtab.manifest.transforms import Step
from trimtab.manifest.tree import Tree

_FIELDS: dict[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {
    "PatchTransformer": (((), ("patches", "0")),),
    "PatchStrategicMergeTransformer": (
        (("paths",), ("patchesStrategicMerge",)),
        (("patches",), ("patches", "0")),
        (("patches",), ("patches", "0", "patch")),
    ),
    "PatchJson6902Transformer": (
        ((), ("patchesJson6902", "0")),
        (("jsonOp",), ("patchesJson6902", "0", "patch")),
    ),
    "NamespaceTransformer": ((("metadata", "namespace"), ("namespace",)),),
    "PrefixTransformer": ((("prefix",), (PREFIX,)),),
    "SuffixTransformer": ((("suffix",), (SUFFIX,)),),
    "PrefixSuffixTransformer": ((("prefix",), (PREFIX,)), (("suffix",), (SUFFIX,))),
    "LabelTransformer": ((("labels",), (LABELS,)),),
    "AnnotationsTransformer": ((("annotations",), (ANNOTATIONS,)),),
    "ReplicaCountTransformer": ((("replica",), (REPLICAS, "0")),),
    "ImageTagTransformer": ((("imageTag",), (IMAGES, "0")),),
    "ReplacementTransformer": ((("replacements",), ("replacements",)),),
    "HashTransformer": (),
    "SortOrderTransformer": (),
}
"""Of each transformer: what it says, and where a kustomization says it."""
_MOST_SPECS = 60
"""Fields that a transformer names which are followed."""
_USES = (PREFIX, SUFFIX, LABELS, ANNOTATIONS, REPLICAS, IMAGES)


def specs_of(tree: Tree, kustomization: Cursor, folder: str) -> Iterator[FieldSpec]:
    """Yield the fields that a kustomization's `configurations` add to those that things are put into."""
    for name in named_in(kustomization, "configurations"):
        for source in tree.readable(joined(folder, name)):
            root = source.root()
            yield from configured(root) if root is not None else ()


def plugins_of(tree: Tree, kustomization: Cursor, key: str, folder: str) -> Iterator[Cursor]:
    """Yield the configurations of a kustomization's transformers or generators; the item itself where none is found."""
    inline = {item.string: item.inners() for item in kustomization.items(key) if "\n" in item.string}
    for found in inline.values():
        yield from found
    for item in kustomization.items(key):
        roots = tuple(_resources(tree, joined(folder, item.string), 0)) if item.string not in inline else ()
        yield from roots or ((item,) if item.string not in inline else ())


def _resources(tree: Tree, path: str, depth: int) -> Iterator[Cursor]:
    """Yield the objects of a file, or of the resources of a kustomization's folder."""
    inside = kustomization_of(tree, path)
    if inside and depth < 2:  # noqa: PLR2004 - configurations are kept in one folder
        at = kustomization_in(tree, inside)
        for name in named_in(at, "resources") if at is not None else ():
            yield from _resources(tree, joined(path, name), depth + 1)
        return
    yield from (root for source in tree.readable(path) if (root := source.root()) is not None)


def step_of(transformer: Cursor, folder: str) -> Step | None:
    """Return what a transformer does, as a kustomization of its own; None where it is not followed."""
    fields = _FIELDS.get(transformer.word("kind"))
    if fields is None:
        return None
    at = replace(made(transformer, listed=False), locked="")
    for said, place in fields:
        value = transformer.get(*said) if said else transformer
        at = replace(at, grafts=(*at.grafts, Graft("set", place, value))) if value is not None else at
    listed = transformer.items("fieldSpecs")[:_MOST_SPECS]
    specs = tuple(spec for use in _USES for spec in specs_in(listed, use))
    return Step(at, folder, specs)


def why_unfollowed(transformer: Cursor, kustomization: Cursor) -> str:
    """Return why nobody knows what becomes of the objects of a kustomization."""
    name = transformer.word("kind") or transformer.string
    return f"the transformer {name} of {kustomization.source.path} may change it, and is not followed here"
