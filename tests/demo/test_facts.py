from __future__ import annotations

import pytest

from trimtab.demo.make_facts import FOLDER, first_week
from trimtab.demo.world import ENDED_AT_S, WEEK_S
from trimtab.facts import SIGNALS
from trimtab.read import store


def test_recorded_week_is_small_and_whole() -> None:
    """The bundled facts are a week of one cluster, unharmed, and smaller than a megabyte."""
    facts = store.replay(FOLDER)

    assert [(one.ended_at_s, one.window_s) for one in facts.clusters] == [(ENDED_AT_S, WEEK_S)]
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_000_000


def test_recorded_signals_have_their_queries() -> None:
    """Every signal that was recorded can be asked for: its PromQL is recorded with it."""
    cluster = store.replay(FOLDER).clusters[0]

    assert {one.signal for one in cluster.series} == set(cluster.queries) <= set(SIGNALS)


def test_recorded_week_is_what_the_script_makes() -> None:
    """The bundled figures are those of the documented script, as far as the estimate has not moved since."""
    recorded, made = store.replay(FOLDER).clusters[0], first_week()

    assert [(one.signal, one.labels) for one in recorded.series if one.signal != "engine_config"] == [
        (one.signal, one.labels) for one in made.series if one.signal != "engine_config"
    ]
    for before, now in zip(recorded.series, made.series, strict=True):
        assert sum(now.values) == pytest.approx(sum(before.values), rel=0.25), before.signal
