"""Rates, the bill, and what findings are worth."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.price.small import CHEAP, H100, L40S, World, about, finding, option
from trimtab.fleet import Unknown
from trimtab.price import bill, load_prices
from trimtab.rule import SilenceKind


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a workload on an H100 node, an L40S and an L4 node beside it, and a price file."""
    (tmp_path / "prices.csv").write_text(CHEAP)
    world = World(load_prices(tmp_path / "prices.csv"))
    world.small.node("a", H100)
    world.small.node("b", L40S)
    world.small.node("c", "NVIDIA-H20")
    world.workload("chat", "a")
    return world


def test_a_move_saves_the_difference_of_a_month(world: World) -> None:
    """730 hours at the two prices; the source of both is told."""
    (one,) = world.worth(finding(about("chat"), (H100, 1), option(L40S, 1, gpu_product=L40S))).priced
    assert one.saving.monthly == Decimal("3664.60")
    assert (one.cost_now, one.cost_then) == (Decimal("5022.40"), Decimal("1357.80"))
    assert one.saving.low <= one.saving.monthly <= one.saving.high
    assert (one.saves, one.gpu_hours) == (True, 0.0)
    assert "prices.csv:2" in one.rate_source
    assert "prices.csv:3" in one.rate_source


def test_the_option_that_saves_most_is_taken(world: World) -> None:
    """The others are told with what they would save."""
    both = (option(L40S, 1, gpu_product=L40S), option(H100, 0, replicas=0))
    (one,) = world.worth(finding(about("chat"), (H100, 1), *both)).priced
    assert one.option.after.gpus == 0
    assert [each.reason for each in one.considered] == ["it saves 3664.60 USD a month"]


def test_a_cure_is_kept_whatever_it_costs(world: World) -> None:
    """Four small GPUs for one large cost more; where they are what makes it start, that is no reason against them."""
    many = replace(finding(about("chat"), (H100, 1), option(L40S, 4, gpu_product=L40S, gpu_count=4)), cures=True)
    (one,) = world.worth(many).priced
    assert (one.saving.monthly, one.saves) == (Decimal("-408.80"), False)


def test_of_near_ties_the_surer_is_taken(world: World) -> None:
    """Three per cent more is not worth a lower confidence."""
    both = (option(H100, 0.5, 0.7, replicas=1), option(H100, 0.51, 0.95, replicas=1))
    (one,) = world.worth(finding(about("chat"), (H100, 1), *both)).priced
    assert one.option.confidence == 0.95


def test_an_option_that_saves_nothing_is_no_option(world: World) -> None:
    """Four smaller GPUs cost more than one large: dropped; with no other left there is a silence with the figures."""
    dear = option(L40S, 4, gpu_product=L40S, gpu_count=4)
    (one,) = world.worth(finding(about("chat"), (H100, 1), dear, option(L40S, 1, gpu_product=L40S))).priced
    assert one.option.after.gpus == 1
    assert "5431.20 USD a month, against 5022.40" in one.considered[0].reason
    nothing = world.worth(finding(about("chat"), (H100, 3), option(L40S, 12, gpu_product=L40S)))
    assert nothing.priced == ()
    assert nothing.silences[0].kind is SilenceKind.NO_BETTER
    assert "5022.40" not in nothing.silences[0].reason


def test_danger_takes_the_rules_first_choice(world: World) -> None:
    """What asks for as much GPU or more is not chosen by price; it may cost, and says so."""
    first, second = option(H100, 2, replicas=2), option(H100, 1, max_model_len=4096)
    (one,) = world.worth(finding(about("chat"), (H100, 1), first, second)).priced
    assert one.option is not second
    assert one.option.after.gpus == 2
    assert one.saving.monthly == Decimal("-5022.40")
    assert one.saves is False
    assert one.saving.low <= one.saving.monthly <= one.saving.high


def test_a_setting_costs_nothing_even_where_no_price_is_known() -> None:
    """The same GPUs afterwards are a saving of exactly zero, whatever they cost."""
    world = World()
    world.small.node("a", "NVIDIA-H20")
    world.workload("chat", "a")
    (one,) = world.worth(finding(about("chat"), ("NVIDIA-H20", 1), option("NVIDIA-H20", 1, cpu_request="8"))).priced
    assert one.saving.monthly == one.saving.low == one.saving.high == Decimal("0.00")


def test_an_unknown_price_is_not_guessed(world: World) -> None:
    """The saving is unknown with the reason; the GPU hours are told; the rule's first option stands."""
    first, second = option("NVIDIA-H20", 1, replicas=1), option("NVIDIA-H20", 0, replicas=0)
    world.workload("big", "c", replicas=2)
    (one,) = world.worth(finding(about("big"), ("NVIDIA-H20", 2), first, second)).priced
    assert isinstance(one.saving, Unknown)
    assert "NVIDIA-H20" in one.saving.reason
    assert (one.gpu_hours, one.option.after.gpus) == (730.0, 1)


def test_the_operator_stands_over_the_exporter_and_that_over_the_catalogue(world: World) -> None:
    """Each can be turned off but the operator's own file."""
    nothing = finding(about("chat"), (H100, 1), option(H100, 0, replicas=0))
    world.small.add("gpu_hourly_cost", 2.0, node="a", instance_type="p5.48xlarge")
    assert world.worth(nothing).priced[0].cost_now == Decimal("5022.40")
    world.prices = type(world.prices)()
    assert world.worth(nothing).priced[0].cost_now == Decimal("1460.00")
    world.options = {"prices": {"cost_exporter": False}}
    assert world.worth(nothing).priced[0].cost_now > 2000
    world.options = {"prices": {"cost_exporter": False, "catalogue": False}}
    assert isinstance(world.worth(nothing).priced[0].saving, Unknown)


def test_the_range_holds_what_is_held_now(world: World) -> None:
    """Scaled up during the week: more is saved by today's count than by the week's mean."""
    world.small.add("workload_replicas", 2, namespace="llm", kind="Deployment", name="chat")
    (one,) = world.worth(finding(about("chat"), (H100, 1), option(L40S, 1, 1.0, gpu_product=L40S))).priced
    assert (one.saving.low, one.saving.monthly) == (Decimal("3664.60"), Decimal("3664.60"))
    assert one.saving.high == Decimal("5022.40")


def test_a_rule_cannot_save_more_than_the_bill(world: World) -> None:
    """A footprint larger than what is held is cut to what it costs."""
    (one,) = world.worth(finding(about("chat"), (H100, 5), option(H100, 0, replicas=0))).priced
    assert one.saving.monthly == one.saving.high == Decimal("5022.40")


def test_a_finding_about_nothing_is_a_silence(world: World) -> None:
    """A rule that names what the fleet has not does not end the run."""
    result = world.worth(finding(about("ghost"), (H100, 1), option(H100, 0)))
    assert (result.priced, result.silences[0].kind) == ((), SilenceKind.MISSING)


def test_the_bill_is_what_is_held_and_what_nobody_asked_for(world: World) -> None:
    """A workload pays for its pods, a node's idle GPUs stand apart, and unknown prices are left out of the sum."""
    world.small.add("node_gpu_requested_avg", 1, node="a")
    paid = bill(world.fleet, world.prices, world.config)
    assert paid.of(about("chat")) == Decimal("5022.40")
    assert paid.of(about("a", "Node")) == Decimal("35156.80")
    assert isinstance(paid.of(about("c", "Node")), Unknown)
    assert paid.total == Decimal("5022.40") + paid.idle


def test_slices_and_shares_pay_their_part(tmp_path: Path) -> None:
    """A 3g slice is three sevenths of its GPU, a share of four a quarter."""
    (tmp_path / "p.csv").write_text(
        "provider,region,gpu,usd_per_gpu_hour\n,,NVIDIA-A100-SXM4-80GB,7\n,,NVIDIA-A10G,1\n"
    )
    world = World(load_prices(tmp_path / "p.csv"))
    world.small.node("a", "NVIDIA-A100-SXM4-80GB", mig_3g_40gb=2)
    world.small.pod("slice-7c9d8f6b5d-xbbzw", resource="nvidia.com/mig-3g.40gb")
    world.small.add(
        "node_labels", 1, node="b", label_nvidia_com_gpu_product="NVIDIA-A10G-SHARED", label_nvidia_com_gpu_replicas="4"
    )
    world.small.add("node_allocatable", 4, node="b", resource="nvidia.com/gpu")
    world.small.pod("share-7c9d8f6b5d-xbbzw", "b")
    paid = bill(world.fleet, world.prices, world.config)
    assert paid.of(about("slice")) == Decimal("2190.00")
    assert paid.of(about("share")) == Decimal("182.50")
    assert paid.of(about("b", "Node")) == Decimal("547.50")


def test_what_does_not_run_costs_nothing(world: World) -> None:
    """A declared workload of a cluster that answered is free; of one that did not, unknown."""
    world.workload("chat2", "a")
    world.small.series = [one for one in world.small.series if not any("chat2" in value for _, value in one.labels)]
    assert bill(world.fleet, world.prices, world.config).of(about("chat2")) == Decimal("0.00")
