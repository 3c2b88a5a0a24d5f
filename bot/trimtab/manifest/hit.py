"""What recognising a serving yields: each setting with the place it can be written to, and how to add one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice
from trimtab.manifest.text import Text

Writer: TypeAlias = Callable[[Scalar], tuple[Splice, ...]]
"""Gives the splices that make a setting say a value; raises RefusedError where it should not be done."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A setting that was found.

    Attributes:
        field: The vocabulary's word.
        value: What it says.
        path: The file that carries it.
        document: The document's index in the file.
        text: The characters that carry it.
        via: As in `fleet.Setting`.
        writer: Makes it say something else; None where that is refused.
        locked: Why it is refused; empty where it is not.
        spelled: Gives a value in the words that are used here, where those are not the vocabulary's.
        patched_in: The file that is edited instead of one that others share; empty where that is not so.
    """

    field: str
    value: Scalar
    path: str
    document: int
    text: Text
    via: str
    writer: Writer | None = None
    locked: str = ""
    spelled: Callable[[Scalar], Scalar] | None = None
    patched_in: str = ""


@dataclass(slots=True)
class Draft:
    """A serving while it is being recognised.

    Attributes:
        source: The object's own cursor: the document, or the list item.
        api_version: The object's; empty for a list item.
        kind: The object's; empty for a list item.
        namespace: Declared, empty where left open.
        name: The object's or the item's.
        container: The serving container's, or the item's.
        wrapper: As in `fleet.Serving`.
        engine: Empty where unknown.
        hits: By field; what stands nowhere is absent.
        told: By field what a chart's templates say themselves, or work out of several values.
        adders: By field: how to write a setting that stands nowhere yet.
        refusals: By field: why it must not be added.
        annotations: Of the object and its pods.
        selector_key: Of the GPU product.
        add_selector: Writes a node selector `(key, value)` where none stands.
        image: The container's image, empty where the shape does not tell.
        bound: Why what is loaded fits its GPUs alone; empty where it does not.
        devices: The GPUs that the container names by their numbers, such as `0,1`; empty where it names none.
        deploys: What the names of the Deployments that an operator makes of the object end in, after its own.
        group_size: How many pods serve as one, where the object says so.
        group_least: The fewest that it takes.
        nodes: How many nodes the engine's own flags name, in figures; empty where none does.
        layers: Of a release: the files of values that it lays over one another, which are servings of their own.
        patched: Gives, for splices of files that others share, those of a patch for this serving alone.
        laid_over: The same of a release: those of values that it alone lays over the ones that are shared.
    """

    source: Cursor
    api_version: str
    kind: str
    namespace: str
    name: str
    container: str
    wrapper: str
    engine: str = ""
    hits: dict[str, Hit] = field(default_factory=dict)
    told: dict[str, Scalar] = field(default_factory=dict)
    adders: dict[str, Writer] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    selector_key: str = ""
    add_selector: Callable[[str, str], tuple[Splice, ...]] | None = None
    image: str = ""
    bound: str = ""
    devices: str = ""
    deploys: tuple[str, ...] = ()
    group_size: Cursor | None = None
    group_least: int = 1
    nodes: str = ""
    layers: frozenset[str] = frozenset()
    patched: Callable[[Sequence[Splice]], tuple[Splice, ...]] = tuple
    laid_over: Callable[[Sequence[Splice]], tuple[Splice, ...]] = tuple

    @property
    def subject(self) -> str:
        """Return the address that `inspect` prints and `edit` takes."""
        return f"{self.source.source.path}#{self.kind}/{self.namespace}/{self.name}/{self.container}"

    def is_of(self, other: Draft) -> bool:
        """Return whether one is a release and the other a file of its values, so that an edit means both."""
        return self.source.source.path in other.layers or other.source.source.path in self.layers

    def add(self, hits: Mapping[str, Hit]) -> None:
        """Take hits for fields that have none yet."""
        for name, hit in hits.items():
            self.hits.setdefault(name, hit)


def refuse(reason: str, hint: str = "") -> Writer:
    """Return a writer that always refuses."""

    def writer(_: Scalar) -> tuple[Splice, ...]:
        raise RefusedError(reason, hint)

    return writer
