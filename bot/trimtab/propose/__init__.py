"""Changes into edits, their proof, their wording. Pure but for the renderer."""

from trimtab.propose.make import propose
from trimtab.propose.source import Source

__all__ = ["Source", "propose"]
