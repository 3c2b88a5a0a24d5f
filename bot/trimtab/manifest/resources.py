"""GPUs, CPU and memory of a container."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.container import field_hit
from trimtab.manifest.hit import Draft, Hit, Writer
from trimtab.manifest.scalars import spell
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import New, Splice
from trimtab.manifest.write import add_pair, replace_key, replace_scalar

_Writes = Callable[[Cursor, Scalar], Splice]

GPU_RESOURCE = re.compile(
    r"nvidia\.com/(?:p?gpu(?:\.shared)?|mig-\d+[cg]\.\d+g?b?(?:\.\d+gb)?(?:\.me|\+me)?)|amd\.com/gpu(?:_[\w-]+)?"
    r"|habana\.ai/gaudi|google\.com/tpu|cloud-tpus\.google\.com/[\w-]+|gpu\.intel\.com/(?:xe|i915|tiles)"
    r"|aws\.amazon\.com/neuron(?:core|device)?|huawei\.com/[Aa]scend[\w-]*|qualcomm\.com/qaic|volcano\.sh/vgpu-number"
    r"|cambricon\.com/\w*mlu\w*|metax-tech\.com/s?gpu|mthreads\.com/v?gpu|hygon\.com/dcu\w*|kunlunxin\.com/xpu"
    r"|enflame\.com/\w*gcu\w*|iluvatar(?:\.ai|\.com)/\w*gpu|rebellions\.ai/ATOM|furiosa\.ai/\w+"
)
"""Extended resources that are whole accelerators or counted parts of them, as their device plugins name them."""

_HOST = {("cpu", "requests"): "cpu_request", ("cpu", "limits"): "cpu_limit"}
_HOST |= {("memory", "requests"): "memory_request", ("memory", "limits"): "memory_limit"}


@dataclass(frozen=True, slots=True)
class GpuSite:
    """One place that asks for GPUs: the resource's name as a key, and how many."""

    resource: str
    count: Cursor


def gpu_sites(resources: Cursor | None) -> tuple[GpuSite, ...]:
    """Return where a `resources` mapping asks for GPUs, limits first; zeros are no request."""
    found: list[GpuSite] = []
    for part in ("limits", "requests"):
        for name, cursor in resources.entries(part).items() if resources is not None else ():
            if GPU_RESOURCE.fullmatch(name) and cursor.string not in {"", "0"}:
                found.append(GpuSite(name, cursor))
    return tuple(found)


def take_gpus(draft: Draft, sites: Sequence[GpuSite]) -> None:
    """Add `gpu_count` and `gpu_resource`; limits, requests and workers change together."""
    if not sites:
        draft.refusals.setdefault("gpu_count", "nothing in the file asks for a GPU")
        draft.refusals.setdefault("gpu_resource", "nothing in the file asks for a GPU")
        return
    first = sites[0]
    counts = [site.count for site in sites if site.resource == first.resource]
    hit = field_hit("gpu_count", vocabulary.read("gpu_count", first.count.string), first.count)
    draft.add({"gpu_count": together(hit, counts, replace_scalar)})
    key = first.count.named
    if key is not None:
        named = field_hit("gpu_resource", first.resource, key)
        draft.add({"gpu_resource": together(named, counts, replace_key)})


def join_gpus(draft: Draft, counts: Sequence[Cursor]) -> None:
    """Let further scalars say the same number of GPUs, such as what a Ray worker is started with."""
    hit = draft.hits.get("gpu_count")
    if hit is not None:
        draft.hits["gpu_count"] = also(hit, counts)


def also(hit: Hit, cursors: Sequence[Cursor]) -> Hit:
    """Return a hit whose value is written to further scalars too."""
    if hit.writer is None or not cursors:
        return hit
    first = hit.writer
    locked = next((cursor.why_locked for cursor in cursors if cursor.why_locked), "")

    def writer(value: Scalar) -> tuple[Splice, ...]:
        return (*first(value), *(replace_scalar(cursor, value) for cursor in cursors))

    return replace(hit, writer=writer, locked=hit.locked or locked)


def together(hit: Hit, cursors: Sequence[Cursor], write: _Writes) -> Hit:
    """Return a hit that is written at several places at once."""
    locked = next((cursor.why_locked for cursor in cursors if cursor.why_locked), "")

    def writer(value: Scalar) -> tuple[Splice, ...]:
        return tuple(write(cursor, value) for cursor in cursors)

    return Hit(hit.field, hit.value, hit.path, hit.document, hit.text, hit.via, writer, hit.locked or locked)


def take_host(draft: Draft, owner: Cursor, key: str = "resources") -> None:
    """Add CPU and memory of a container, and how to write them where they are not said.

    Args:
        draft: The serving.
        owner: What has the resources: a container, or values of a chart.
        key: Under which key; empty where `owner` is the resources themselves.
    """
    above = (key,) if key else ()
    at = owner.get(key) if key else owner
    flat = at is not None and any(value.scalar is not None and value.string for value in at.entries().values())
    for (name, part), field in _HOST.items():
        found = owner.get(*above, part, name)
        if found is not None and found.string:
            draft.add({field: field_hit(field, found.string, found)})
        elif flat:
            draft.refusals.setdefault(
                field, f"a template makes requests and limits of `{name}` beside it; edit it by hand"
            )
        else:
            draft.adders.setdefault(field, _adder(owner, (*above, part, name)))


def _adder(owner: Cursor, keys: tuple[str, ...]) -> Writer:
    def writer(value: Scalar) -> tuple[Splice, ...]:
        return (add_path(owner, keys, spell(value)),)

    return writer


def add_path(owner: Cursor, keys: Sequence[str], value: New) -> Splice:
    """Return the splice that writes a value below a chain of keys, adding what is missing of the chain.

    Raises:
        RefusedError: What exists of the chain is shared or no mapping.
    """
    here, depth = owner, 0
    while depth < len(keys) - 1 and (below := here.get(keys[depth])) is not None:
        here, depth = below, depth + 1
    if here.locked and not here.is_mapping:
        raise RefusedError(here.locked, "edit it by hand")
    new: New = _like_siblings(here, value) if depth == len(keys) - 1 else value
    for key in reversed(keys[depth + 1 :]):
        new = {key: new}
    return add_pair(here, keys[depth], new)


def _like_siblings(mapping: Cursor, value: New) -> New:
    """Return a quantity as a number where the mapping's other numbers are bare, else as text."""
    bare = any(isinstance(cursor.value, int) and cursor.value is not True for _, cursor in mapping.pairs())
    whole = value if isinstance(value, str) and value.isdigit() else ""
    quoted = any(isinstance(cursor.value, str) and cursor.string.isdigit() for _, cursor in mapping.pairs())
    return int(whole) if whole and bare and not quoted else value
