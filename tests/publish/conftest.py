"""The forges that tests publish to, a fresh one for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publish.stages import KINDS, Kept, Stage, stage


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take the fixture `on` through the forges that a module names in `FORGES`."""
    forges = getattr(metafunc.module, "FORGES", ())
    if forges and "on" in metafunc.fixturenames:
        metafunc.parametrize("on", forges, indirect=True)


@pytest.fixture(scope="module")
def kept() -> dict[str, Kept]:
    """Return where a module keeps its forges as a first run leaves them."""
    return {}


@pytest.fixture
def on(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Return each forge that the module names in `FORGES`; one in memory where it names none."""
    with stage(getattr(request, "param", "memory"), tmp_path) as ready:
        yield ready


@pytest.fixture(params=KINDS)
def any_forge(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Return each forge in turn."""
    with stage(request.param, tmp_path) as ready:
        yield ready


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Stage]:
    """Return a forge in memory."""
    with stage("memory", tmp_path) as ready:
        yield ready


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Stage]:
    """Return GitHub alone, for what is its own or does not differ between forges."""
    with stage("github", tmp_path) as ready:
        yield ready


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[Stage]:
    """Return GitLab alone, for what is its own."""
    with stage("gitlab", tmp_path) as ready:
        yield ready
