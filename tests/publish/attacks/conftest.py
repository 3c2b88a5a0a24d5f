"""The pull request that is attacked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publish.chat.scene import run
from tests.publish.stages import SERVED, Kept, Stage, begun


@pytest.fixture
def on(tmp_path: Path, kept: dict[str, Kept]) -> Iterator[Stage]:
    """Return a forge in memory with one open pull request, which was opened a day before anybody comments."""
    with begun("memory", tmp_path, run, kept) as ready:
        yield ready


@pytest.fixture(params=SERVED)
def served(request: pytest.FixtureRequest, tmp_path: Path, kept: dict[str, Kept]) -> Iterator[Stage]:
    """Return each served forge, likewise."""
    with begun(request.param, tmp_path, run, kept) as ready:
        yield ready
