"""GPUs by all the names they go by, and MIG slices."""

from __future__ import annotations

import pytest

from trimtab.catalog import all_gpus, find_gpu, find_mig, mig_profiles
from trimtab.catalog.gpus import Card, cards
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
        ("AMD_Instinct_MI300X_OAM", "AMD-Instinct-MI300X"),
        ("H100 SXM5 80GB", "NVIDIA-H100-80GB-HBM3"),
        ("NVIDIA H100 94GB", "NVIDIA-H100-NVL"),
        ("A100_NVLINK_80GB", "NVIDIA-A100-SXM4-80GB"),
        ("a100 40 GB pcie", "NVIDIA-A100-PCIE-40GB"),
        ("V100 16GB", "Tesla-V100-SXM2-16GB"),
        ("rtx-pro-server-6000", "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition"),
        (
            "NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition",
            "NVIDIA-RTX-PRO-6000-Blackwell-Max-Q-Workstation-Edition",
        ),
        ("GeForce RTX 5070 Ti 16GB", "NVIDIA-GeForce-RTX-5070-Ti"),
        ("NVIDIA B300 SXM6 AC", "NVIDIA-B300"),
        ("GH200 144GB", "NVIDIA-GH200-144G-HBM3e"),
        ("Gaudi 3", "HL-325L"),
    ],
)
def test_spellings(name: str, product: str) -> None:
    """Labels, DCGM names, GKE accelerators and short names mean the same card."""
    assert gpu(name).name == product


@pytest.mark.parametrize(
    "name", ["", "H", "GTX 1080", "cpu", "-SHARED", "H100 64GB", "RTX 6000", "\x1b[31m", "x" * 10_000]
)
def test_unknown_gpus(name: str) -> None:
    """A card that is not in the catalogue, or a size that no such card has, is unknown."""
    assert isinstance(find_gpu(name), Unknown)


def test_a_near_miss_is_asked_about() -> None:
    """A misspelt name is answered with the nearest ones, never with their figures."""
    found = find_gpu("NVIDIA-H1OO-80GB-HBM3")
    assert isinstance(found, Unknown)
    assert "did you mean NVIDIA-H100-80GB-HBM3" in found.reason


@pytest.mark.parametrize("card", cards(), ids=lambda card: card.gpu.name)
def test_figures_are_whole(card: Card) -> None:
    """Every card has figures in range and their sources; usable memory is less than nominal; peaks are dense."""
    one = card.gpu
    assert 0.85 * card.nominal_gb < one.memory_gib < card.nominal_gb
    assert 150 <= one.bandwidth_gb_s <= 10_000
    base = one.tflops.get("bf16", one.tflops.get("fp16", 0))
    assert 15 < base < 3_000
    assert one.tflops.get("fp8", 0) <= 2.2 * base
    assert one.tflops.get("fp4", 0) <= 8.1 * base
    assert 0 < one.link_gb_s <= 900
    assert "memory: " in one.source
    assert "figures: " in one.source
    assert set(card.unverified) <= {"memory", "figures"}


def test_no_name_stands_for_two_cards() -> None:
    """Every label, accelerator's name and alias means exactly one card, and is found as that card."""
    owners: dict[str, str] = {}
    for card in cards():
        for name in (card.gpu.name, *card.aliases):
            assert gpu(name).name == card.gpu.name
            assert gpu(f"{name}-SHARED").name == card.gpu.name
            key = "".join(filter(str.isalnum, name.casefold()))
            assert owners.setdefault(key, card.gpu.name) == card.gpu.name


@pytest.mark.parametrize("card", [card for card in cards() if card.profiles], ids=lambda card: card.gpu.name)
def test_profiles_are_those_of_one_card(card: Card) -> None:
    """A card's profiles grow, and the last of them is the whole card by its slices and its size."""
    sizes = [find_mig(card.gpu, profile) for profile in card.profiles]
    gib = [found.value.memory_gib for found in sizes if isinstance(found, Found)]
    assert len(gib) == len(card.profiles)
    assert gib == sorted(gib)
    assert gib[-1] == card.gpu.memory_gib
    whole = sizes[-1]
    assert isinstance(whole, Found)
    assert whole.value.slices == 7


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
