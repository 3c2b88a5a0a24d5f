"""YAML as bytes: where each setting stands, and splices of exactly those bytes. Pure but for `Tree.read`."""

from __future__ import annotations

from trimtab.manifest.editing import EditResult, Refusal, edit
from trimtab.manifest.inspection import Inspection, inspect
from trimtab.manifest.live import engine_settings
from trimtab.manifest.parse import BrokenYamlError
from trimtab.manifest.plain import Plain, documents_of, plain, plain_documents
from trimtab.manifest.pointer import scalar_edit
from trimtab.manifest.tree import Tree

__all__ = [
    "BrokenYamlError",
    "EditResult",
    "Inspection",
    "Plain",
    "Refusal",
    "Tree",
    "documents_of",
    "edit",
    "engine_settings",
    "inspect",
    "plain",
    "plain_documents",
    "scalar_edit",
]
