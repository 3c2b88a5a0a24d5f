"""What the review of the catalogue finds, on a catalogue that was spoilt."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from trimtab.catalog import review as reviewing
from trimtab.catalog.gpus import cards
from trimtab.catalog.prices import origins
from trimtab.catalog.review import review

TODAY = date(2026, 11, 21)


@pytest.fixture(autouse=True)
def _only_what_is_spoilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the models out: reading all of them is another test's."""
    monkeypatch.setattr(reviewing, "model_names", tuple)


def found() -> list[str]:
    """Return what is wrong, as text."""
    return [f"{one.where}: {one.what}" for one in review(TODAY, 180)]


def test_the_data_as_it_is_has_nothing_wrong() -> None:
    """The bundled data passes."""
    assert found() == []


def test_a_nominal_size_is_no_usable_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU whose usable memory is more than its label, or far less, is found."""
    first, second, *rest = cards()
    spoilt = (
        replace(first, gpu=replace(first.gpu, memory_gib=first.nominal_gb + 1.0)),
        replace(second, gpu=replace(second.gpu, memory_gib=1.0)),
        *rest,
    )
    monkeypatch.setattr(reviewing, "cards", lambda: spoilt)
    assert [line.split(":")[0] for line in found()] == [first.gpu.name, second.gpu.name]


def test_two_owners_of_a_name_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An alias that names two GPUs is found, whatever its spelling."""
    first, second, *rest = cards()
    alias = first.gpu.name.lower().replace("-", "_")
    monkeypatch.setattr(reviewing, "cards", lambda: (first, replace(second, aliases=(alias,)), *rest))
    assert found() == [f"{second.gpu.name}: {alias} also names {first.gpu.name}"]


def test_a_figure_and_a_profile_that_are_none_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peak of nothing, and a profile that cannot be read, are found."""
    first, *rest = cards()
    spoilt = replace(first, gpu=replace(first.gpu, tflops={"bf16": 0.0}), profiles=("1g.5gb",))
    monkeypatch.setattr(reviewing, "cards", lambda: (spoilt, *rest))
    assert len(found()) == 2


def test_instances_and_prices_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """An instance with an unknown GPU or none, and a price that is none or of an unknown instance, are found."""
    monkeypatch.setattr(reviewing, "instances", lambda: {"a": ("GTX", 1), "b": ("Tesla-T4", 0)})
    monkeypatch.setattr(reviewing, "places", lambda: (("aws", "x"),))
    monkeypatch.setattr(reviewing, "table_of", lambda *_: {"a": 0.0, "c": 1.0})
    assert [line.split(":")[0] for line in found()] == ["a", "b", "aws x a", "aws x c"]


def test_old_prices_are_stale() -> None:
    """Prices are stale the day after they may be."""
    oldest = min(one.date for one in origins())
    days = (TODAY - oldest).days
    assert not review(TODAY, days)
    assert [one.where for one in review(TODAY, days - 1)] == ["prices of azure"]
