"""Policy, capacity, conflicts: what to propose now. Pure."""
