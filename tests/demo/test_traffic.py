from __future__ import annotations

import pytest

from trimtab.demo.traffic import WEEK_H, traffic
from trimtab.demo.world import APPS


def test_shapes_are_two_weeks_around_one() -> None:
    """A shape has two weeks of hours, and its first week's mean is 1, so that rates can be multiplied with it."""
    for name, shape in traffic().shapes.items():
        assert len(shape) == 2 * WEEK_H, name
        assert sum(shape[:WEEK_H]) / WEEK_H == pytest.approx(1, abs=0.001), name


def test_every_app_s_traffic_is_bundled() -> None:
    """What the fleet's table names is there."""
    for app in APPS:
        if app.demand:
            assert app.demand.shape in traffic().shapes
            assert app.demand.lengths in traffic().lengths


def test_every_source_states_its_licence() -> None:
    """Traces are named with commit and licence."""
    assert all("Apache-2.0" in source or "CC-BY-4.0" in source for source in traffic().sources)
