"""Outcomes into how sure we are next time. Pure."""
