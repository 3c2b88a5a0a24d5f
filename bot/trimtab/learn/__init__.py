"""How sure a rule has proved to be, from what became of its recommendations. Pure."""

from trimtab.learn.confidence import Outcome, confidence, told

__all__ = ["Outcome", "confidence", "told"]
