"""Finds the real tools that tests run, and says what is missing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

_LOCAL = Path(__file__).resolve().parent.parent / ".tools"


def tool(name: str) -> str:
    """Return the path of a tool, or skip the test with the reason; with `CI=true` a missing tool is a failure."""
    found = shutil.which(name, path=f"{_LOCAL}{os.pathsep}{os.environ.get('PATH', '')}")
    if found:
        return found
    reason = f"{name} is not installed; `make tools` puts it into .tools/"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
