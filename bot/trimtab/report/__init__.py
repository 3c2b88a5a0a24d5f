"""The forms of a scan's report: table, JSON, Markdown, HTML, SARIF. Pure: the same scan gives the same bytes."""

from __future__ import annotations

from trimtab.report.dashboard import dashboard
from trimtab.report.document import scan_document
from trimtab.report.fails import fails
from trimtab.report.html import html
from trimtab.report.markdown import markdown
from trimtab.report.sarif import sarif
from trimtab.report.scan import Bill, RuleInfo, Scan, WorkloadCost
from trimtab.report.table import table

__all__ = [
    "Bill",
    "RuleInfo",
    "Scan",
    "WorkloadCost",
    "dashboard",
    "fails",
    "html",
    "markdown",
    "sarif",
    "scan_document",
    "table",
]
