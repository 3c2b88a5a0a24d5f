"""How much memory a model takes on a GPU with these settings, and how fast it answers. Pure, no heavy imports."""

from trimtab.estimate.memory import memory
from trimtab.estimate.model import divides_heads, max_context, parameters
from trimtab.estimate.rate import concurrency_of, kv_tokens_needed, max_request_rate
from trimtab.estimate.shape import Parameters
from trimtab.estimate.speed import speed, speed_from
from trimtab.estimate.types import Deployment, Figure, Impossible, Load, Memory, Seen, Speed

__all__ = [
    "Deployment",
    "Figure",
    "Impossible",
    "Load",
    "Memory",
    "Parameters",
    "Seen",
    "Speed",
    "concurrency_of",
    "divides_heads",
    "kv_tokens_needed",
    "max_context",
    "max_request_rate",
    "memory",
    "parameters",
    "speed",
    "speed_from",
]
