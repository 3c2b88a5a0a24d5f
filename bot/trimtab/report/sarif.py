"""Writes a scan as SARIF 2.1.0, which code scanning shows beside the lines to change.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0 plus Errata 01; GitHub's supported properties.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from trimtab import __version__
from trimtab.fleet import Fleet, Found
from trimtab.recommendation import Edit, Proposal
from trimtab.report import summary
from trimtab.report.markdown import worth
from trimtab.report.scan import RuleInfo, Scan
from trimtab.rule import Subject
from trimtab.text.clean import one_line
from trimtab.text.numbers import percent

_LEVELS = {"low": "note", "medium": "warning", "high": "warning"}
"""A risk is the change's, not the state's: nothing here is an error of the code."""


class _Sarif(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class Message(_Sarif):
    """A text."""

    text: str


class Help(_Sarif):
    """A rule's manual."""

    text: str
    markdown: str


class Descriptor(_Sarif):
    """A rule."""

    id: str
    name: str
    short_description: Message
    full_description: Message
    help: Help
    properties: dict[str, tuple[str, ...]]


class Region(_Sarif):
    """Lines, from 1."""

    start_line: int
    end_line: int


class Artifact(_Sarif):
    """A file, relative to its repository's root."""

    uri: str


class Physical(_Sarif):
    """Lines of a file."""

    artifact_location: Artifact
    region: Region


class Logical(_Sarif):
    """An object in a cluster."""

    name: str
    kind: str
    fully_qualified_name: str


class Place(_Sarif):
    """Where a result is."""

    physical_location: Physical | None = None
    logical_locations: tuple[Logical, ...]


class Result(_Sarif):
    """One edit's place, or one recommendation that has no edit."""

    rule_id: str
    rule_index: int
    level: str
    message: Message
    locations: tuple[Place, ...]
    partial_fingerprints: dict[str, str]
    properties: dict[str, str]


class Driver(_Sarif):
    """Trimtab."""

    name: str = "Trimtab"
    semantic_version: str = __version__
    rules: tuple[Descriptor, ...]


class Tool(_Sarif):
    """What ran."""

    driver: Driver


class Run(_Sarif):
    """One scan."""

    tool: Tool
    column_kind: str = "unicodeCodePoints"
    results: tuple[Result, ...]


class Log(_Sarif):
    """The document."""

    schema_uri: str = Field(
        default="https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        serialization_alias="$schema",
    )
    version: str = "2.1.0"
    runs: tuple[Run, ...]


def sarif(scan: Scan) -> str:
    """Return the scan as SARIF text: a result for each line that would be edited."""
    used = {one.priced.finding.rule for one in scan.proposals}
    told = {rule.name: rule for rule in scan.rules}
    rules = sorted(used | set(told))
    index = {name: position for position, name in enumerate(rules)}
    results = tuple(result for one in scan.proposals for result in _results(one, scan.fleet, index))
    driver = Driver(rules=tuple(_descriptor(name, told.get(name)) for name in rules))
    log = Log(runs=(Run(tool=Tool(driver=driver), results=results),))
    return log.model_dump_json(by_alias=True, exclude_none=True, indent=2) + "\n"


def _descriptor(name: str, told: RuleInfo | None) -> Descriptor:
    summary_text = told.summary if told else name
    manual = told.manual if told else name
    return Descriptor(
        id=name,
        name=name,
        short_description=Message(text=summary_text),
        full_description=Message(text=summary_text),
        help=Help(text=manual, markdown=manual),
        properties={"tags": (told.layer.value if told else "model", "cost")},
    )


def _results(one: Proposal, fleet: Fleet, index: dict[str, int]) -> Iterator[Result]:
    """Yield a result for each edit; without edits, one at the place in Git that declares the workload."""
    finding = one.priced.finding
    logical = _logical(finding.subject)
    places = [Place(physical_location=_edited(edit), logical_locations=(logical,)) for edit in one.edits]
    for number, place in enumerate(places or [_declared(finding.subject, fleet, logical)]):
        yield Result(
            rule_id=finding.rule,
            rule_index=index[finding.rule],
            level=_LEVELS[finding.risk],
            message=Message(text=_text(one)),
            locations=(place,),
            partial_fingerprints={"trimtabRecommendation/v1": f"{one.id}:{number}"},
            properties={"repository": one.repository, "recommendation": one.id, "title": one.title},
        )


def _text(one: Proposal) -> str:
    finding = one.priced.finding
    gain = worth(one.priced.saving, one.priced.gpu_hours)
    sure = percent(one.priced.option.confidence)
    return f"{one_line(finding.diagnosis, 1200)} {one_line(summary.what(one.priced))} ({gain} a month, {sure} sure)"


def _edited(edit: Edit) -> Physical:
    lines = max(1, len(edit.before.splitlines()))
    return _physical(edit.path, edit.line, edit.line + lines - 1)


def _physical(path: str, first: int, last: int) -> Physical:
    return Physical(artifact_location=Artifact(uri=quote(path)), region=Region(start_line=first, end_line=last))


def _declared(about: Subject, fleet: Fleet, logical: Logical) -> Place:
    for cluster in fleet.clusters:
        for one in cluster.workloads:
            if Subject(one.cluster, one.namespace, one.kind, one.name) == about and isinstance(one.place, Found):
                serving = one.place.value.serving
                lines = [setting.location.line for setting in serving.settings.values()] or [1]
                return Place(
                    physical_location=_physical(serving.path, min(lines), min(lines)), logical_locations=(logical,)
                )
    return Place(logical_locations=(logical,))


def _logical(about: Subject) -> Logical:
    parts = (about.cluster, about.namespace, about.kind, about.name)
    return Logical(name=about.name, kind="resource", fully_qualified_name="/".join(filter(None, parts)))
