"""How much memory a model takes on a GPU with these settings, and how fast it answers. Pure, no heavy imports."""

from trimtab.estimate.memory import memory
from trimtab.estimate.model import divides_heads, max_context, parameters
from trimtab.estimate.types import Deployment, Figure, Impossible, Load, Memory, Seen, Speed

__all__ = [
    "Deployment",
    "Figure",
    "Impossible",
    "Load",
    "Memory",
    "Seen",
    "Speed",
    "divides_heads",
    "max_context",
    "memory",
    "parameters",
]
