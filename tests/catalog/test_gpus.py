"""GPUs by all the names they go by, and MIG slices."""

from __future__ import annotations

import pytest

from trimtab.catalog import all_gpus, find_gpu, find_mig, mig_profiles
from trimtab.fleet import Found, GpuType, Unknown


def gpu(name: str) -> GpuType:
    """Return a GPU that must be known."""
    found = find_gpu(name)
    assert isinstance(found, Found), name
    return found.value


@pytest.mark.parametrize(
    ("name", "product"),
    [
        ("NVIDIA H100 80GB HBM3", "NVIDIA-H100-80GB-HBM3"),
        ("NVIDIA-H100-80GB-HBM3-SHARED", "NVIDIA-H100-80GB-HBM3"),
        ("nvidia-h100-80gb", "NVIDIA-H100-80GB-HBM3"),
        ("h100", "NVIDIA-H100-80GB-HBM3"),
        ("H100 PCIe", "NVIDIA-H100-PCIe"),
        ("NVIDIA A10G", "NVIDIA-A10G"),
        ("nvidia-tesla-t4", "Tesla-T4"),
        ("nvidia-tesla-a100", "NVIDIA-A100-SXM4-40GB"),
        ("NVIDIA A100-SXM4-80GB", "NVIDIA-A100-SXM4-80GB"),
        ("NVIDIA A100 80GB PCIe", "NVIDIA-A100-80GB-PCIe"),
        ("nvidia-l4", "NVIDIA-L4"),
        ("NVIDIA GeForce RTX 4090", "NVIDIA-GeForce-RTX-4090"),
        ("MI300X", "AMD-Instinct-MI300X"),
    ],
)
def test_spellings(name: str, product: str) -> None:
    """Labels, DCGM names, GKE accelerators and short names mean the same card."""
    assert gpu(name).name == product


@pytest.mark.parametrize("name", ["", "H", "GTX 1080", "cpu", "-SHARED"])
def test_unknown_gpus(name: str) -> None:
    """A card that is not in the catalogue is unknown."""
    assert isinstance(find_gpu(name), Unknown)


@pytest.mark.parametrize("one", all_gpus(), ids=lambda one: one.name)
def test_figures_are_whole(one: GpuType) -> None:
    """Every card has memory, bandwidth, a 16-bit peak and sources; usable memory is not the nominal size."""
    assert 10 < one.memory_gib < 300
    assert 100 < one.bandwidth_gb_s < 10_000
    assert max(one.tflops.get("bf16", 0), one.tflops.get("fp16", 0)) > 50
    assert "memory: " in one.source
    assert "figures: " in one.source
    assert one.tflops.get("fp8", 0) <= 2.2 * one.tflops.get("bf16", one.tflops.get("fp8", 0))


def test_a_label_of_a_slice_is_the_slice() -> None:
    """The product label of a MIG device names its profile."""
    slice_ = gpu("NVIDIA-H100-80GB-HBM3-MIG-1g.10gb")
    assert slice_.slices == 1
    assert 9.5 <= slice_.memory_gib <= 9.9
    assert slice_.bandwidth_gb_s == pytest.approx(3350 / 8)
    assert slice_.tflops["bf16"] == pytest.approx(989 / 7)


@pytest.mark.parametrize("profile", ["1g.10gb", "mig-1g.10gb", "1g.10gb+me", "mig-1g.10gb.me"])
def test_spellings_of_a_profile(profile: str) -> None:
    """Resource names and media extensions mean the same slice."""
    found = find_mig(gpu("A100"), profile)
    assert isinstance(found, Found)
    assert found.value.slices == 1


@pytest.mark.parametrize(("name", "profile"), [("T4", "1g.10gb"), ("H100", "1g.5gb"), ("H100", "nonsense")])
def test_profiles_that_a_card_has_not(name: str, profile: str) -> None:
    """A profile of another card, or none, is unknown."""
    assert isinstance(find_mig(gpu(name), profile), Unknown)


@pytest.mark.parametrize("one", [one for one in all_gpus() if mig_profiles(one)], ids=lambda one: one.name)
def test_slices_are_no_more_than_the_card(one: GpuType) -> None:
    """As many slices of a profile as fit have no more memory and no more sevenths than the card."""
    for profile in mig_profiles(one):
        found = find_mig(one, profile)
        assert isinstance(found, Found)
        count = round(one.bandwidth_gb_s / found.value.bandwidth_gb_s)
        assert found.value.memory_gib * count <= one.memory_gib
        assert 1 <= found.value.slices <= 7
