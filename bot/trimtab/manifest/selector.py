"""The node selector that picks the kind of GPU, in `nodeSelector` or in affinity, and what else picks nodes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from trimtab.manifest.container import field_hit
from trimtab.manifest.hit import Draft
from trimtab.manifest.resources import add_path, also, together
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice
from trimtab.manifest.write import replace_scalar

Adder: TypeAlias = Callable[[str, str], tuple[Splice, ...]]
"""Writes a label and its value."""

SELECTOR_KEYS = (
    "nvidia.com/gpu.product",
    "cloud.google.com/gke-accelerator",
    "gpu.nvidia.com/model",
    "gpu.nvidia.com/class",
    "amd.com/gpu.product-name",
    "amd.com/gpu.device-id",
    "k8s.amazonaws.com/accelerator",
    "karpenter.k8s.aws/instance-gpu-name",
    "eks.amazonaws.com/instance-gpu-name",
    "karpenter.azure.com/sku-gpu-name",
)
"""Node labels whose value is a kind of GPU: of GPU feature discovery, GKE, CoreWeave, AMD, EKS and Karpenter."""

_SITE = re.compile(r"(?:^|[/.])(?:gpu|accelerator)[-_.]?(?:type|model|product|name|kind)$", re.IGNORECASE)
"""Labels that a site gives its nodes by itself for the kind of GPU, such as `gpu-type: l40s`."""

_PINS = frozenset(
    {
        "kubernetes.io/hostname",
        "metadata.name",
        "node.kubernetes.io/instance-type",
        "beta.kubernetes.io/instance-type",
        "karpenter.k8s.aws/instance-family",
        "karpenter.k8s.aws/instance-type",
        "cloud.google.com/gke-nodepool",
        "cloud.google.com/compute-class",
        "cloud.google.com/machine-family",
        "eks.amazonaws.com/nodegroup",
        "kubernetes.azure.com/agentpool",
        "agentpool",
        "karpenter.sh/nodepool",
    }
)
"""Labels that pick a node, or nodes of one machine: a kind of GPU beside them would contradict them."""

_TERMS = ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")


def selectors(pod: Cursor) -> Iterator[tuple[str, Cursor]]:
    """Yield the label keys and values by which a pod picks its kind of GPU, the hard ones only."""
    selector = pod.get("nodeSelector")
    if selector is not None:
        yield from selectors_in(selector)
    yield from selector_terms(pod.get(*_TERMS))


def selectors_in(selector: Cursor) -> Iterator[tuple[str, Cursor]]:
    """Yield the entries of a `nodeSelector` that name a kind of GPU."""
    for key, cursor in selector.entries().items():
        if _is_kind(key) and cursor.string and not isinstance(cursor.value, bool) and cursor.string != "true":
            yield key, cursor


def _is_kind(key: str) -> bool:
    return key in SELECTOR_KEYS or _SITE.search(key) is not None


def selector_terms(terms: Cursor | None) -> Iterator[tuple[str, Cursor]]:
    """Yield label keys with the values of `In` expressions; the list itself where it names several."""
    for key, expression in _expressions(terms):
        values = expression.get("values")
        if values is not None and expression.word("operator") == "In" and _is_kind(key):
            items = values.items()
            yield key, items[0] if len(items) == 1 else values


def _expressions(terms: Cursor | None) -> Iterator[tuple[str, Cursor]]:
    for term in terms.items() if terms is not None else ():
        for expression in (*term.items("matchExpressions"), *term.items("matchFields")):
            yield expression.word("key"), expression


def pin_of(pod: Cursor) -> str:
    """Return the label by which a pod picks a node or a machine, empty where it picks none."""
    keys = [*pod.entries("nodeSelector"), *(key for key, _ in _expressions(pod.get(*_TERMS)))]
    return next((key for key in keys if key in _PINS), "nodeName" if pod.word("nodeName") else "")


def take_selector(draft: Draft, found: Sequence[tuple[str, Cursor]], place: Cursor | None, key: str) -> None:
    """Add `gpu_product` from selectors, or how to write one.

    Args:
        draft: The serving.
        found: What selects the GPU now.
        place: The mapping that a selector would be added to, None where the shape has none.
        key: The key of the selector mapping there; empty where the mapping is the selector.
    """
    single = sorted(
        ((label, cursor) for label, cursor in found if not cursor.is_sequence),
        key=lambda one: one[0] not in SELECTOR_KEYS,
    )
    if single and len({cursor.string for label, cursor in single if label == single[0][0]}) == 1:
        _take_single(draft, single)
    elif found:
        draft.refusals["gpu_product"] = "the selector allows several kinds of GPU"
    elif place is not None:
        _take_place(draft, place, key)


def _take_single(draft: Draft, single: Sequence[tuple[str, Cursor]]) -> None:
    draft.selector_key, cursor = single[0]
    hit = field_hit("gpu_product", cursor.string, cursor, via="selector")
    hit = together(hit, [one for label, one in single if label == draft.selector_key], replace_scalar)
    others = [label for label, _ in single if label != draft.selector_key]
    if draft.selector_key not in SELECTOR_KEYS:
        reason = f"the label {draft.selector_key} is this site's own, and so are its values"
        hit = replace(hit, locked=hit.locked or reason)
    elif others:
        hit = replace(hit, locked=hit.locked or f"the label {others[0]} picks the GPU too")
    draft.add({"gpu_product": hit})


def _take_place(draft: Draft, place: Cursor, key: str) -> None:
    pin = pin_of(place) if key else next((name for name in place.entries() if name in _PINS), "")
    if pin:
        draft.refusals["gpu_product"] = f"{pin} picks the node; a kind of GPU beside it would contradict it"
        return

    def add(label: str, value: str) -> tuple[Splice, ...]:
        return (add_path(place, (key, label) if key else (label,), value),)

    draft.add_selector = add


def join_tolerations(draft: Draft, pod: Cursor) -> None:
    """Let tolerations that name the kind of GPU change with the selector: nodes of a kind may be tainted with its name.

    Args:
        draft: The serving, its selector taken.
        pod: What may tolerate taints.
    """
    hit = draft.hits.get("gpu_product")
    if hit is not None and hit.via == "selector":
        named = [value for one in pod.items("tolerations") if (value := one.get("value")) is not None]
        draft.hits["gpu_product"] = also(hit, [value for value in named if value.string == hit.value])


def join_pods(draft: Draft, pods: Sequence[Cursor]) -> None:
    """Let the other pods of a group pick their kind of GPU together with the first.

    Args:
        draft: The serving, the first pod's selector taken.
        pods: The others that ask for GPUs.
    """
    for pod in pods:
        found = list(selectors(pod))
        hit, add = draft.hits.get("gpu_product"), draft.add_selector
        if hit is not None:
            same = [one for label, one in found if label == draft.selector_key and one.string == hit.value]
            other = "" if same and len(same) == len(found) else "the other pods of the group pick another kind of GPU"
            draft.hits["gpu_product"] = replace(also(hit, same), locked=hit.locked or other)
        elif found or (add is not None and pin_of(pod)):
            draft.add_selector = None
            draft.refusals.setdefault("gpu_product", "the pods of the group pick their nodes in different ways")
        elif add is not None:
            draft.add_selector = _both(add, pod)


def _both(first: Adder, pod: Cursor) -> Adder:
    return lambda label, value: (*first(label, value), add_path(pod, ("nodeSelector", label), value))
