"""YAML as bytes: where each setting stands, and splices of exactly those bytes. Pure but for `Tree.read`."""

from __future__ import annotations

from trimtab.manifest.editing import EditResult, Refusal, edit
from trimtab.manifest.inspection import Inspection, inspect
from trimtab.manifest.plain import plain
from trimtab.manifest.tree import Tree

__all__ = ["EditResult", "Inspection", "Refusal", "Tree", "edit", "inspect", "plain"]
