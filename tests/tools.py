"""Finds the real tools that tests run, and says what is missing."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

_LOCAL = Path(__file__).resolve().parent.parent / ".tools"


def tool(name: str) -> str:
    """Return the path of a tool, or skip the test with the reason; with `CI=true` a missing tool is a failure."""
    beside = Path(sys.executable).parent  # of the environment that the tests run in
    folders = (str(_LOCAL), str(beside), os.environ.get("PATH", ""))
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found:
        return found
    reason = f"{name} is not installed; `make test` puts it in place"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
