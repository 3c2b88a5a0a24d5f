"""What became of what was merged: whether it went live, and whether it kept its promise."""

from trimtab.settle.settle import Settled, settle
from trimtab.settle.world import World

__all__ = ["Settled", "World", "settle"]
