"""Kubernetes quantities as numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.fleet.quantity import quantity, same


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("500m", 0.5),
        ("8", 8),
        ("8Gi", 8 * 2**30),
        ("1.5Gi", 1.5 * 2**30),
        (".5", 0.5),
        ("5.", 5),
        ("+2", 2),
        ("1e3", 1000),
        ("12E2", 1200),
        ("1E", 1e18),
        ("1Ei", 2.0**60),
        ("250000000n", 0.25),
        ("64M", 64e6),
        ("2k", 2000),
        (4, 4),
        (0.25, 0.25),
    ],
)
def test_every_way_to_write_a_quantity(text: str | float, number: float) -> None:
    """Every suffix of the grammar, exponents and bare fractions are read as the API server reads them."""
    assert quantity(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "Gi", "8 Gi", "8gb", "2K", "1e3Gi", "-1", "1e", "nan", "inf", "0x10", "٣", True])
def test_what_is_no_quantity_is_no_number(text: str | bool) -> None:
    """Text that the API server would refuse, a sign below zero and a boolean are NaN, which equals nothing."""
    assert math.isnan(quantity(text))


@given(st.integers(min_value=0, max_value=10**9), st.sampled_from(["Ki", "Mi", "Gi"]))
def test_a_larger_unit_says_the_same(count: int, unit: str) -> None:
    """1024 of a binary unit are one of the next."""
    larger = {"Ki": "Mi", "Mi": "Gi", "Gi": "Ti"}[unit]
    assert same(f"{count * 1024}{unit}", f"{count}{larger}")
