"""Parameter counts against the architectures' own classes.

`class_totals.jsonl` holds small configurations of every architecture that engines serve and Transformers 5.23.0 has a
class for, with the number of parameters of that class, instantiated without weights (`torch.device("meta")`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from trimtab.estimate import Parameters, parameters
from trimtab.estimate.model import known_shape
from trimtab.fleet import Model

_TOTALS = Path(__file__).parent / "class_totals.jsonl"


def _rows() -> Iterator[tuple[str, str, int]]:
    for number, line in enumerate(_TOTALS.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        yield f"{number}-{row['config']['model_type']}", json.dumps(row["config"]), row["parameters"]


@pytest.mark.parametrize(("name", "config_json", "total"), [pytest.param(*row, id=row[0]) for row in _rows()])
def test_a_shape_has_the_parameters_of_its_class(name: str, config_json: str, total: int) -> None:
    """The count is the class's own, but for vectors that together are under a ten-thousandth of it."""
    found = parameters(Model(name, config_json))
    assert isinstance(found, Parameters), found
    assert found.total == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize(("name", "config_json", "total"), [pytest.param(*row, id=row[0]) for row in _rows()])
def test_a_class_that_was_counted_is_known(name: str, config_json: str, total: int) -> None:
    """No doubt is said where the count was checked."""
    assert total > 0
    assert known_shape(Model(name, config_json)).doubt == ""
