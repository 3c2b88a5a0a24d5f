from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

from tests.propose import samples as fleet_samples
from tests.report import samples
from trimtab.fleet import Unknown
from trimtab.report import scan_document


def test_the_document_has_the_agreed_fields() -> None:
    """The JSON document names its schema and has the fields that others build on."""
    document = json.loads(scan_document(samples.scan()))
    assert document["schema"] == "trimtab/scan/v1"
    assert document["generated_at"] == "2026-11-14T00:00:00Z"
    assert document["facts"] == {"digest": "sha256:91c2f00d91c2f00d"}
    first = document["recommendations"][0]
    assert first["rule"] == "oversized-gpu"
    assert first["subject"] == {"cluster": "eu", "namespace": "llm", "kind": "Deployment", "name": "chat-mistral"}
    assert first["saving"] == {"currency": "USD", "monthly": "3664.60", "low": "3510.00", "high": "3700.00"}
    assert first["changes"] == [{"field": "gpu_product", "from": fleet_samples.H100, "to": fleet_samples.L40S}]
    assert first["edits"][0]["line"] == 13
    assert first["evidence"][0]["threshold"] == 0.6
    assert first["confidence"] == 0.94
    assert document["silences"][0]["reason"] == "no samples of it"
    assert document["held"][0]["reason"].startswith("pool L40S")
    assert document["gaps"] == [{"cluster": "", "what": "gitops", "reason": "no such branch", "blind": False}]
    assert document["totals"]["monthly_cost"] == "40179.20"
    assert document["totals"]["monthly_saving"] == "3664.60"
    assert document["workloads"][0]["monthly_cost"] == "5022.40"


def test_a_node_has_no_namespace_and_an_unknown_price_is_null() -> None:
    """A finding about a node names cluster, kind and name; a saving that nobody knows is null, with its GPU hours."""
    second = json.loads(scan_document(samples.scan()))["recommendations"][1]
    assert second["subject"] == {"cluster": "eu", "kind": "Node", "name": "h100-b"}
    assert second["saving"] is None
    assert second["saving_unknown"] == "no price for it"
    assert second["gpu_hours"] == 2920.0
    assert second["changes"] == []
    assert second["advice"] == "Give the node back."


def test_what_git_does_not_set_is_null() -> None:
    """A setting that stands nowhere in Git changes from null."""
    unset = replace(samples.edited().priced.option.changes[0], before="")
    priced = samples.edited().priced
    changed = replace(samples.edited(), priced=replace(priced, option=replace(priced.option, changes=(unset,))))
    assert json.loads(scan_document(samples.scan(changed)))["recommendations"][0]["changes"][0]["from"] is None


def test_the_same_scan_gives_the_same_bytes() -> None:
    """Two documents of one scan are equal, whatever order its silences and gaps came in."""
    scan = samples.scan()
    turned = replace(scan, silences=scan.silences[::-1])
    assert scan_document(scan) == scan_document(turned)


def test_an_empty_bill_is_null() -> None:
    """A bill of which no price is known is null, never zero."""
    scan = replace(samples.scan(), bill=samples.Bill((), Unknown("no price"), Unknown("no price")))
    document = json.loads(scan_document(scan))
    assert document["totals"]["monthly_cost"] is None
    assert document["workloads"][0]["monthly_cost"] is None
    assert Decimal(document["totals"]["monthly_saving"]) == Decimal("3664.60")
