"""Selectors of labels and annotations, as Kubernetes writes them in one line.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors (v1.34).
"""

from __future__ import annotations

import re

from trimtab.manifest.source import Cursor

_PART = re.compile(r"[^,()]*(?:\([^()]*\)[^,()]*)?")
_ONE = re.compile(
    r"(?P<no>!?)\s*(?P<key>[\w./-]+)\s*"
    r"(?:(?P<sign>==?|!=)\s*(?P<value>[\w./-]*)|\b(?P<set>in|notin)\s*\((?P<values>[^()]*)\))?"
)


def has_labels(wanted: str, labels: Cursor | None) -> bool:
    """Return whether labels fulfil `a=b,c!=d,e,!f,g in (h,i),j notin (k)`; what cannot be read is not fulfilled."""
    return all(_has_label(part.strip(), labels) for part in _PART.findall(wanted) if part.strip())


def _has_label(part: str, labels: Cursor | None) -> bool:
    match = _ONE.fullmatch(part)
    if match is None:
        return False
    found = labels.get(match["key"]) if labels is not None else None
    if match["set"]:
        listed = found is not None and found.string in {one.strip() for one in match["values"].split(",")}
        return listed == (match["set"] == "in")
    if match["sign"]:
        return (found is not None and found.string == match["value"]) == (match["sign"] != "!=")
    return (found is None) == bool(match["no"])
