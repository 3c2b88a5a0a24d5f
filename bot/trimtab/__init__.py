"""Trimtab: small, proven edits in Git that turn a whole GPU fleet."""

__version__ = "0.1.0"
