"""Writes a scan as one HTML file: no script, nothing fetched, and a policy that forbids both."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from decimal import Decimal

from trimtab.fleet import Unknown, Workload
from trimtab.folders import data_folder
from trimtab.recommendation import Proof, Proposal, Saving
from trimtab.report import charts, summary
from trimtab.report.markdown import worth
from trimtab.report.scan import Scan
from trimtab.rule import Evidence, Prediction, Subject
from trimtab.text.clean import visible
from trimtab.text.compare import compared, outlook
from trimtab.text.numbers import figure, money, percent
from trimtab.text.templates import html_templates


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a diff with its class: `add`, `del`, `hunk` or `same`."""

    css: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """A recommendation as the page shows it."""

    proposal: Proposal
    who: str
    what: str
    worth: str
    saves: bool
    span: str
    sure: str
    predictions: tuple[tuple[str, str, str, str], ...]
    evidence: tuple[tuple[Evidence, str, str], ...]
    diff: tuple[Line, ...]
    rendered: tuple[Line, ...]
    stuck: str


@dataclass(frozen=True, slots=True)
class WorkloadRow:
    """A workload as the page shows it."""

    workload: Workload
    model: str
    gpu: str
    gpus: int
    cost: str
    spark: str


def html(scan: Scan) -> str:
    """Return the scan as one HTML document."""
    style = (data_folder("templates") / "report" / "report.css").read_text(encoding="utf-8")
    sums = summary.totals(scan)
    context = {
        "scan": scan,
        "style": style,
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "cost": "" if isinstance(sums.cost, Unknown) else money(sums.cost),
        "saving": money(sums.saving),
        "sums": sums,
        "share": _share(sums.cost, sums.saving),
        "gpus": sum(node.gpus for cluster in scan.fleet.clusters for node in cluster.nodes),
        "parts": charts.bill_parts(scan),
        "bars": charts.saving_bars(scan),
        "nodes": charts.node_rows(scan),
        "cards": _cards(scan),
        "workloads": _workloads(scan),
        "held": [(summary.who(scan, one.priced.finding.subject), one) for one in scan.plan.held],
        "quiet": summary.quiet(scan, 12),
        "gaps": summary.gaps(scan),
        "spark_box": f"0 0 {charts.SPARK_WIDTH:g} {charts.SPARK_HEIGHT:g}",
    }
    return html_templates().get_template("report/report.html.j2").render(context)


def _share(cost: Decimal | Unknown, saving: Decimal) -> str:
    if isinstance(cost, Unknown) or cost <= 0 or saving <= 0:
        return ""
    return percent(float(saving / cost))


def _cards(scan: Scan) -> tuple[Card, ...]:
    stuck = {one.id: reason for one, reason in summary.stuck(scan.proposals)}
    return tuple(_card(scan, one, stuck.get(one.id, "")) for one in scan.proposals)


def _card(scan: Scan, one: Proposal, stuck: str) -> Card:
    saving, option = one.priced.saving, one.priced.option
    return Card(
        one,
        summary.who(scan, one.priced.finding.subject),
        summary.what(one.priced),
        worth(saving, one.priced.gpu_hours),
        isinstance(saving, Saving) and saving.monthly > 0,
        f"{money(saving.low)} to {money(saving.high)}" if isinstance(saving, Saving) else "",
        percent(option.confidence),
        tuple(map(_prediction, option.predictions)),
        tuple(map(_evidence, one.priced.finding.evidence)),
        lines(one.diff),
        lines(one.proof.rendered_diff) if isinstance(one.proof, Proof) else (),
        stuck,
    )


def _prediction(one: Prediction) -> tuple[str, str, str, str]:
    return (one.name, figure(one.before, one.unit), figure(one.after, one.unit), outlook(one))


def _evidence(one: Evidence) -> tuple[Evidence, str, str]:
    return (one, figure(one.value, one.unit), compared(one))


def lines(diff: str) -> tuple[Line, ...]:
    """Return a diff line by line with what each does; invisible characters are spelled out."""
    return tuple(Line(_css(line), line) for line in visible(diff).strip("\n").split("\n")) if diff else ()


def _css(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "hunk"
    return {"+": "add", "-": "del"}.get(line[:1], "same")


def _workloads(scan: Scan) -> tuple[WorkloadRow, ...]:
    costs = summary.costs(scan)
    return tuple(_workload(one, costs) for one in summary.workloads(scan))


def _workload(one: Workload, costs: dict[Subject, Decimal | Unknown]) -> WorkloadRow:
    cost = costs.get(Subject(one.cluster, one.namespace, one.kind, one.name), Unknown("not priced"))
    return WorkloadRow(
        one,
        summary.model_name(one),
        summary.gpu_name(one),
        one.gpus_per_pod * one.scale.replicas,
        "not known" if isinstance(cost, Unknown) else money(cost),
        charts.sparkline(one),
    )
