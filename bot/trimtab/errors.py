"""Errors a person can act on, and the exit codes of the command line."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the process tells its caller."""

    DONE = 0
    FINDINGS = 1
    """Findings at or above `--fail-on`, or a ledger that does not verify."""
    USAGE = 2
    """Wrong usage or configuration."""
    FACTS_MISSING = 3
    """Facts are missing; nothing was proposed from them."""
    REFUSED = 4
    """Refused; nothing was written."""
    INTERRUPTED = 130


class TrimtabError(Exception):
    """Something the user can put right.

    Attributes:
        message: Where (`file:line` where there is one), what, and why.
        hint: What to do about it; empty where nothing useful can be said.
        exit_code: The status the command ends with.
    """

    exit_code = Exit.USAGE

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep both sentences; the command line prints them."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(TrimtabError):
    """Wrong arguments or a wrong configuration file."""


class FactsMissingError(TrimtabError):
    """What is needed to judge could not be read."""

    exit_code = Exit.FACTS_MISSING


class RefusedError(TrimtabError):
    """Trimtab declines to guess; nothing was written."""

    exit_code = Exit.REFUSED


class ForgeError(TrimtabError):
    """A forge did not do what was asked; the next run goes on from what is there."""

    exit_code = Exit.FACTS_MISSING
