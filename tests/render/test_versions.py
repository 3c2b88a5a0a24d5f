from __future__ import annotations

import pytest

from trimtab.render.versions import chosen

THERE = ("0.1.7", "0.1.10", "0.2.0", "1.0.0", "1.4.2", "2.0.0", "2.1.0-rc.1")


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("0.1.7", "0.1.7"),
        ("v0.1.7", "0.1.7"),
        ("0.1.x", "0.1.10"),
        ("0.1.*", "0.1.10"),
        ("0.1", "0.1.10"),
        ("~0.1.7", "0.1.10"),
        ("~1", "1.4.2"),
        ("^0.1.7", "0.1.10"),
        ("^1.0.0", "1.4.2"),
        (">=1.0.0 <2.0.0", "1.4.2"),
        (">= 0.1.8, < 1", "0.2.0"),
        ("!=2.0.0", "1.4.2"),
        (">1.4", "2.0.0"),
        ("*", "2.0.0"),
        ("", "2.0.0"),
        ("2.1.0-rc.1", "2.1.0-rc.1"),
        ("0.1.8", ""),
        ("9.x", ""),
        ("main", ""),
        ("1.0.0 || 2.0.0", ""),
    ],
)
def test_a_range_means_the_highest_that_fits(wanted: str, meant: str) -> None:
    """An exact version is meant as it is, a range by its highest release; what is not understood means none."""
    assert chosen(wanted, THERE) == meant


def test_nothing_is_chosen_of_nothing() -> None:
    """An empty shelf has no version."""
    assert chosen("*", ()) == ""
