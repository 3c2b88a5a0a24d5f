"""Changes into edits, their proof, their wording. Pure but for the renderer."""

from trimtab.propose.compose import compose
from trimtab.propose.make import propose
from trimtab.propose.source import Source
from trimtab.propose.way_back import Undone, regressed

__all__ = ["Source", "Undone", "compose", "propose", "regressed"]
