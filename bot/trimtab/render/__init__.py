"""helm and kustomize, fenced in: what a repository's files become, and what a change of them changes."""

from trimtab.render.compare import ABSENT, FieldChange, compare
from trimtab.render.edited import edit_rendered
from trimtab.render.fence import Tools, find_tools
from trimtab.render.found import Followable, Unseen, followable, unseen, with_rendered
from trimtab.render.names import live_names
from trimtab.render.objects import ObjectId, Rendered, Unrendered
from trimtab.render.target import Target
from trimtab.render.targets import which_targets
from trimtab.render.workspace import Workspace

__all__ = [
    "ABSENT",
    "FieldChange",
    "Followable",
    "ObjectId",
    "Rendered",
    "Target",
    "Tools",
    "Unrendered",
    "Unseen",
    "Workspace",
    "compare",
    "edit_rendered",
    "find_tools",
    "followable",
    "live_names",
    "unseen",
    "which_targets",
    "with_rendered",
]
