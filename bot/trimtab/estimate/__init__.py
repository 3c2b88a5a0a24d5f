"""How much memory a model takes on a GPU with these settings, and how fast it answers. Pure, no heavy imports."""

from trimtab.estimate.live import speed_from
from trimtab.estimate.memory import memory
from trimtab.estimate.model import divides_heads, max_context, parameters
from trimtab.estimate.objective import Objective, Rate, largest_rate
from trimtab.estimate.shape import Parameters
from trimtab.estimate.speed import speed
from trimtab.estimate.types import Deployment, Figure, Impossible, Load, Memory, Seen, Speed

__all__ = [
    "Deployment",
    "Figure",
    "Impossible",
    "Load",
    "Memory",
    "Objective",
    "Parameters",
    "Rate",
    "Seen",
    "Speed",
    "divides_heads",
    "largest_rate",
    "max_context",
    "memory",
    "parameters",
    "speed",
    "speed_from",
]
