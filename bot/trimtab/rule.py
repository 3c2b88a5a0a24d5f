"""The contract for rules.

A rule is one file: its module docstring is its manual, a class holds its settings and its judgement, and the last
line binds `rule = ThatClass()`. It is pure: it reads the fleet and yields findings or silences, as data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from trimtab.fleet import Cluster, Node, Scalar, Workload

MANUAL_SECTIONS = (
    "What it sees",
    "Why it costs",
    "What it changes",
    "When it stays silent",
    "How sure it is",
    "Sources",
)
"""Headings that a rule's module docstring must hold, in this order."""


class Layer(StrEnum):
    """What a rule looks at."""

    MODEL = "model"
    NODE = "node"
    FLEET = "fleet"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about: a workload, or a node (kind `Node`, no namespace)."""

    cluster: str
    namespace: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was seen and compared.

    Attributes:
        name: In words: `KV cache in use, max`.
        value: The figure.
        unit: `ratio`, `tokens`, `ms`, `cores`, `GiB`, `requests/s`, `count` …
        threshold: What it is compared with; the same as `value` where it is only context.
        compared: How: `below`, `above`, or `context` where there is no threshold.
        window: `7d`, or `now`.
        query: The PromQL to paste, `path:line` in Git, or the estimate's basis.
    """

    name: str
    value: float
    unit: str
    threshold: float
    compared: Literal["below", "above", "context"]
    window: str
    query: str


@dataclass(frozen=True, slots=True)
class Change:
    """A setting to change, in the vocabulary's words. `before` is empty text where Git does not set it."""

    field: str
    before: Scalar
    after: Scalar


@dataclass(frozen=True, slots=True)
class Footprint:
    """GPUs held: `gpus` whole-GPU equivalents of one product, summed over replicas (a MIG slice is its sevenths)."""

    product: str
    gpus: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """A figure before and after the change, for the table in the pull request.

    `unit` as in `Evidence`; `low` and `high` bound `after`; `limit` is the objective, NaN where there is none;
    `basis` is `measured`, `calibrated`, `roofline`, `arithmetic`, `unchanged` or `restored`.
    """

    name: str
    unit: str
    before: float
    after: float
    low: float
    high: float
    limit: float
    basis: str


@dataclass(frozen=True, slots=True)
class Option:
    """One way to act on a finding; the price stage chooses the cheapest among a finding's options.

    Attributes:
        changes: What to set, together or not at all; empty for advice.
        after: What is held afterwards.
        places_needed: Free units of `after.product` that must exist for the move, 0 where none.
        resource: The GPU resource those units are of.
        predictions: Memory, KV cache, latency before and after.
        confidence: How sure, 0 to 1, were this option taken.
        selector_key: Node label that selects the product, for a `gpu_product` change where Git has none; else empty.
        doubts: What lowers the confidence, a short phrase each: `no latency objective is declared`.
    """

    changes: tuple[Change, ...]
    after: Footprint
    places_needed: float
    resource: str
    predictions: tuple[Prediction, ...]
    confidence: float
    selector_key: str = ""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Considered:
    """Something looked at and not proposed, with the reason."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule found waste or danger.

    Attributes:
        rule: The rule's name.
        layer: The rule's layer.
        subject: What it is about.
        diagnosis: One or two sentences, no money, names quoted by the renderer.
        evidence: What was seen.
        risk: Of the change, not of the state.
        before: GPUs held now, averaged over the window.
        options: At least one; best guess first. Advice is one option without changes.
        otherwise: What happens if nothing is done, one sentence.
        more_gpus: What adding GPUs would do, one sentence.
        considered: What else was looked at.
        advice: What a person should do where there is no change; empty otherwise.
        cures: Whether it is about danger or speed: then what it costs is no reason against it.
    """

    rule: str
    layer: Layer
    subject: Subject
    diagnosis: str
    evidence: tuple[Evidence, ...]
    risk: Literal["low", "medium", "high"]
    before: Footprint
    options: tuple[Option, ...]
    otherwise: str
    more_gpus: str
    considered: tuple[Considered, ...] = ()
    advice: str = ""
    cures: bool = False


class SilenceKind(StrEnum):
    """Why a rule says nothing."""

    MISSING = "missing"
    """A fact is missing."""
    YOUNG = "young"
    """The workload is younger than the window."""
    DECLARED = "declared"
    """A person said hands off, standby, or the like."""
    OWNED = "owned"
    """An autoscaler or another owner decides."""
    LOOK_ALIKE = "look-alike"
    """It looks like waste and is not; the reason says why."""
    NO_BETTER = "no-better"
    """The waste is real, and nothing that can be proposed is better."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A rule that might have spoken and did not, with its reason."""

    rule: str
    subject: Subject
    kind: SilenceKind
    reason: str


class RuleSettings(BaseModel):
    """Base of every rule's settings: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


S = TypeVar("S", bound=RuleSettings)
Verdict = Finding | Silence


class WorkloadRule(Protocol, Generic[S]):
    """A rule judged once for each workload.

    Attributes:
        name: Reads after "allow": `oversized-gpu`.
        layer: What it looks at.
        since: The release that brought it.
        needs: Dotted names below `Workload` that must be `Found` before the rule is asked (`traffic.kv_usage_max`);
            where one is not, the judge writes a silence.
        observes: Whether it rests on the window: then a workload younger than the window gets a silence.
        Settings: Its settings, with bounds, units and descriptions.
    """

    name: ClassVar[str]
    layer: ClassVar[Layer]
    since: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    observes: ClassVar[bool]
    Settings: type[S]

    def judge(self, workload: Workload, cluster: Cluster, settings: S) -> Iterator[Verdict]:
        """Yield what is wrong with `workload`, or why nothing is said."""
        ...


class NodeRule(Protocol, Generic[S]):
    """A rule judged once for each node; attributes as in `WorkloadRule`."""

    name: ClassVar[str]
    layer: ClassVar[Layer]
    since: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    observes: ClassVar[bool]
    Settings: type[S]

    def judge_node(self, node: Node, cluster: Cluster, settings: S) -> Iterator[Verdict]:
        """Yield what is wrong with `node`, or why nothing is said."""
        ...


def subject_of(thing: Workload | Node) -> Subject:
    """Return the subject of a finding about a workload or a node."""
    if isinstance(thing, Node):
        return Subject(thing.cluster, "", "Node", thing.name)
    return Subject(thing.cluster, thing.namespace, thing.kind, thing.name)
