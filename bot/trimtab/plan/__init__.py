"""What to propose in this run: policy, conflicts, capacity. Pure."""

from trimtab.plan.choose import plan

__all__ = ["plan"]
