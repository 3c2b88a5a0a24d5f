"""Writes a scan as the JSON document `trimtab/scan/v1`: fields are added, never renamed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from trimtab.fleet import Found, Unknown, Workload
from trimtab.recommendation import Held, Link, Proposal
from trimtab.report import parts, summary
from trimtab.report.scan import Scan
from trimtab.rule import Subject


def scan_document(scan: Scan, links: Sequence[Link] = ()) -> str:
    """Return the scan as JSON text, with what a run made of it; the same scan gives the same bytes."""
    costs = summary.costs(scan)
    document = parts.ScanDocument.model_validate(
        {
            "generated_at": scan.generated_at,
            "facts": {"digest": scan.fleet.facts_digest},
            "workloads": [_workload(one, costs) for one in summary.workloads(scan)],
            "recommendations": [_recommendation(one) for one in scan.proposals],
            "held": [_held(one) for one in scan.plan.held],
            "silences": summary.silences(scan),
            "gaps": summary.gaps(scan),
            "totals": _totals(scan),
            "pull_requests": tuple(links),
        }
    )
    return document.model_dump_json(by_alias=True, indent=2) + "\n"


def _recommendation(one: Proposal) -> parts.RecommendationPart:
    finding, option, saving = one.priced.finding, one.priced.option, one.priced.saving
    return parts.RecommendationPart.model_validate(
        {
            "id": one.id,
            "rule": finding.rule,
            "layer": finding.layer,
            "subject": finding.subject,
            "title": one.title,
            "diagnosis": finding.diagnosis,
            "confidence": option.confidence,
            "doubts": option.doubts,
            "risk": finding.risk,
            "saving": saving,
            "saving_unknown": _reason(saving),
            "gpu_hours": one.priced.gpu_hours,
            "changes": option.changes,
            "edits": one.edits,
            "refused": one.refused,
            "proof": one.proof,
            "proof_missing": _reason(one.proof),
            "advice": finding.advice,
            "otherwise": finding.otherwise,
            "more_gpus": finding.more_gpus,
            "evidence": finding.evidence,
            "predictions": option.predictions,
            "considered": one.priced.considered,
        }
    )


def _workload(one: Workload, costs: Mapping[Subject, Decimal | Unknown]) -> parts.WorkloadPart:
    about = Subject(one.cluster, one.namespace, one.kind, one.name)
    return parts.WorkloadPart.model_validate(
        {
            "cluster": one.cluster,
            "namespace": one.namespace,
            "kind": one.kind,
            "name": one.name,
            "model": summary.model_name(one),
            "engine": one.engine,
            "gpu": summary.gpu_name(one),
            "gpu_resource": one.gpu_resource,
            "gpus": one.gpus_per_pod * one.scale.replicas,
            "replicas": one.scale.replicas,
            "monthly_cost": costs.get(about, Unknown("not priced")),
            "intent": one.wishes.intent,
            "intent_declared": one.wishes.intent_declared,
            "live": one.live,
            "declared_in": one.place.value.serving.subject if isinstance(one.place, Found) else None,
            "not_found": _reason(one.place),
        }
    )


def _held(held: Held) -> parts.HeldPart:
    priced = held.priced
    return parts.HeldPart.model_validate(
        {
            "id": priced.id,
            "rule": priced.finding.rule,
            "subject": priced.finding.subject,
            "saving": priced.saving,
            "changes": priced.option.changes,
            "reason": held.reason,
        }
    )


def _totals(scan: Scan) -> parts.TotalsPart:
    sums = summary.totals(scan)
    return parts.TotalsPart.model_validate(
        {
            "monthly_cost": sums.cost,
            "monthly_saving": sums.saving,
            "monthly_saving_low": sums.low,
            "monthly_saving_high": sums.high,
            "idle_cost": scan.bill.idle,
            "recommendations": len(scan.proposals),
            "unpriced": sums.unpriced,
        }
    )


def _reason(thing: object) -> str | None:
    return thing.reason if isinstance(thing, Unknown) else None
