"""The pull request that is attacked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publish.chat.scene import run
from tests.publish.stages import SERVED, Stage, stage


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Stage]:
    """Return a forge in memory with one open pull request, which was opened a day before anybody comments."""
    with stage("memory", tmp_path) as ready:
        run(ready)
        yield ready


@pytest.fixture(params=SERVED)
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Return each served forge, likewise."""
    with stage(request.param, tmp_path) as ready:
        run(ready)
        yield ready
