"""Prices and instance types."""

from __future__ import annotations

import pytest

from trimtab.catalog import cheapest_rate, find_gpu, instance_gpus, rate
from trimtab.catalog.instances import instances
from trimtab.fleet import Found, Unknown


def usd(*asked: str) -> float:
    """Return a price that must be known."""
    found = rate(*asked)
    assert isinstance(found, Found)
    return found.value


def test_an_instance_is_shared_by_its_gpus() -> None:
    """p5.48xlarge costs 55.04 dollars an hour in us-east-1 and has eight GPUs."""
    assert usd("aws", "us-east-1", "NVIDIA-H100-80GB-HBM3", "p5.48xlarge") == pytest.approx(55.04 / 8)


def test_the_cheapest_instance_is_named() -> None:
    """Without an instance type the cheapest per GPU is meant; the source says which, from when, by what licence."""
    found = rate("aws", "us-east-1", "A10G")
    assert isinstance(found, Found)
    assert found.value == pytest.approx(1.006)
    assert found.source.startswith("g5.xlarge")
    assert "2026" in found.source
    assert "Apache-2.0" in found.source


def test_a_slice_costs_its_sevenths() -> None:
    """A MIG slice of one seventh costs a seventh."""
    assert usd("aws", "us-east-1", "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb") == pytest.approx(
        usd("aws", "us-east-1", "H100") / 7
    )


@pytest.mark.parametrize(
    "asked",
    [
        ("aws", "eu-west-1", "H100"),
        ("gcp", "us-central1", "H100"),
        ("", "", "H100"),
        ("aws", "us-east-1", "RTX-4090"),
        ("aws", "us-east-1", "H100", "g5.xlarge"),
        ("aws", "us-east-1", "nonsense"),
    ],
)
def test_what_has_no_price_is_unknown(asked: tuple[str, ...]) -> None:
    """Another region's, another card's or another instance's price is never taken."""
    assert isinstance(rate(*asked), Unknown)


def test_the_cheapest_place_can_be_left_open() -> None:
    """Without provider and region the lowest rate of all is meant, and its place is named."""
    found = cheapest_rate("NVIDIA-H100-80GB-HBM3")
    assert isinstance(found, Found)
    assert found.value <= usd("aws", "us-east-1", "H100")
    assert any(place in found.source for place in ("aws us-east-1", "azure "))
    in_azure = cheapest_rate("NVIDIA-H100-80GB-HBM3", "aks")
    assert isinstance(in_azure, Found)
    assert in_azure.value >= found.value


def test_one_machine_must_have_them_all() -> None:
    """GPUs that work together are priced by an instance that has so many of them."""
    one, eight = cheapest_rate("T4", "azure"), cheapest_rate("T4", "azure", "", 8)
    assert isinstance(one, Found)
    assert isinstance(eight, Unknown)
    assert "an instance with 8" in eight.reason


@pytest.mark.parametrize(
    "asked", [("GTX 99", "", ""), ("H100", "mars", ""), ("H100", "", "moon"), ("RTX-4090", "", "")]
)
def test_nowhere_is_unknown(asked: tuple[str, str, str]) -> None:
    """A card, a provider or a region without prices has none."""
    assert isinstance(cheapest_rate(*asked), Unknown)


def test_azure_has_regions() -> None:
    """Azure's tables tell regions apart, and its service's name means Azure."""
    assert usd("aks", "eastus", "NVIDIA-A100-80GB-PCIe") == pytest.approx(3.673)


@pytest.mark.parametrize("name", sorted(instances()))
def test_instances_hold_gpus_of_the_catalogue(name: str) -> None:
    """Every instance type's GPU is in the catalogue under exactly this name."""
    found = instance_gpus(name)
    assert isinstance(found, Found)
    gpu, count = found.value
    known = find_gpu(gpu)
    assert isinstance(known, Found)
    assert known.value.name == gpu
    assert count in {1, 2, 3, 4, 8, 16}


def test_an_unknown_instance_is_unknown() -> None:
    """A type without a whole GPU is not in the list."""
    assert isinstance(instance_gpus("m5.large"), Unknown)
