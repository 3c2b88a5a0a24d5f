"""The parts of the JSON document `trimtab/scan/v1`, read off the domain's records by name."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from trimtab.fleet import Scalar, Unknown
from trimtab.rule import Subject


def _figure(value: float) -> float | None:
    """Return a figure to six significant digits, more than any of them is sure of; null where it is not known."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _cents(amount: Decimal | Unknown) -> str | None:
    return None if isinstance(amount, Unknown) else f"{amount:.2f}"


def _known(value: object) -> object:
    """Return null for what is not known or empty."""
    return None if isinstance(value, Unknown) or value == "" else value


def _subject(one: object) -> object:
    """Return the part for a subject: a node has no namespace."""
    if not isinstance(one, Subject):
        return one
    if one.kind == "Node":
        return NodeSubject.model_validate(one)
    return WorkloadSubject.model_validate(one)


Figure: TypeAlias = Annotated[float | None, BeforeValidator(_figure)]
Cents: TypeAlias = Annotated[str | None, BeforeValidator(_cents)]
Text: TypeAlias = Annotated[str | None, BeforeValidator(_known)]


class Part(BaseModel):
    """A part of the document."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class NodeSubject(Part):
    """A node."""

    cluster: str
    kind: str
    name: str


class WorkloadSubject(Part):
    """A workload."""

    cluster: str
    namespace: str
    kind: str
    name: str


About: TypeAlias = Annotated[NodeSubject | WorkloadSubject, BeforeValidator(_subject)]


class SavingPart(Part):
    """Money a month, as text with cents."""

    currency: str
    monthly: Cents
    low: Cents
    high: Cents


class ChangePart(Part):
    """A setting; `from` is null where Git does not set it."""

    field: str
    before: Annotated[Scalar | None, BeforeValidator(_known)] = Field(serialization_alias="from")
    after: Scalar = Field(serialization_alias="to")


class EditPart(Part):
    """A splice in a file."""

    repository: str
    path: str
    line: int
    before: str
    after: str
    field: str


class EvidencePart(Part):
    """What was seen and compared; with `context` the threshold is the value itself."""

    name: str
    value: Figure
    unit: str
    threshold: Figure
    compared: str
    window: str
    query: str


class PredictionPart(Part):
    """A figure before and after; `limit` is null where there is no objective."""

    name: str
    unit: str
    before: Figure
    after: Figure
    low: Figure
    high: Figure
    limit: Figure
    basis: str


class ReasonPart(Part):
    """Something that was looked at and not proposed."""

    name: str
    reason: str


class ProofPart(Part):
    """The rendered comparison."""

    tool: str
    fields: int
    objects: int
    rendered_diff: str


Saved: TypeAlias = Annotated[SavingPart | None, BeforeValidator(_known)]


class RecommendationPart(Part):
    """One recommendation."""

    id: str
    rule: str
    layer: str
    subject: About
    title: str
    diagnosis: str
    confidence: Figure
    doubts: tuple[str, ...]
    risk: Literal["low", "medium", "high"]
    saving: Saved
    saving_unknown: str | None
    gpu_hours: Figure
    changes: tuple[ChangePart, ...]
    edits: tuple[EditPart, ...]
    refused: Text
    proof: Annotated[ProofPart | None, BeforeValidator(_known)]
    proof_missing: str | None
    advice: Text
    otherwise: str
    more_gpus: str
    evidence: tuple[EvidencePart, ...]
    predictions: tuple[PredictionPart, ...]
    considered: tuple[ReasonPart, ...]


class WorkloadPart(Part):
    """One workload; `gpus` are the GPUs, slices or shares that its desired replicas hold."""

    cluster: str
    namespace: str
    kind: str
    name: str
    model: Text
    engine: Text
    gpu: Text
    gpu_resource: str
    gpus: int
    replicas: int
    monthly_cost: Cents
    intent: str
    intent_declared: bool
    live: bool
    declared_in: str | None
    not_found: str | None


class SilencePart(Part):
    """A rule that said nothing, and why."""

    rule: str
    subject: About
    kind: str
    reason: str


class HeldPart(Part):
    """A finding that is held back, and why."""

    id: str
    rule: str
    subject: About
    saving: Saved
    changes: tuple[ChangePart, ...]
    reason: str


class GapPart(Part):
    """Something that could not be read."""

    cluster: str
    what: str
    reason: str
    blind: bool


class TotalsPart(Part):
    """Sums, US dollars a month; `unpriced` recommendations are not in them."""

    monthly_cost: Cents
    monthly_saving: Cents
    monthly_saving_low: Cents
    monthly_saving_high: Cents
    idle_cost: Cents
    recommendations: int
    unpriced: int


class FactsPart(Part):
    """What was judged."""

    digest: str


class PullRequestPart(Part):
    """Where a recommendation stands on the forge after a run."""

    id: str
    state: str
    url: str
    branch: str
    head: str
    note: str


class ScanDocument(Part):
    """The whole document; `pull_requests` is empty for a scan, which opens none."""

    form: Literal["trimtab/scan/v1"] = Field(default="trimtab/scan/v1", serialization_alias="schema")
    generated_at: str
    facts: FactsPart
    workloads: tuple[WorkloadPart, ...]
    recommendations: tuple[RecommendationPart, ...]
    held: tuple[HeldPart, ...]
    silences: tuple[SilencePart, ...]
    gaps: tuple[GapPart, ...]
    totals: TotalsPart
    pull_requests: tuple[PullRequestPart, ...] = ()
