"""Order, conflicts, room and policy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.join.small import serving
from tests.price.small import CHEAP, H100, L4, L40S, World, about, finding, option
from trimtab.fleet import Location, Setting
from trimtab.plan import plan
from trimtab.price import load_prices
from trimtab.recommendation import Plan
from trimtab.rule import Finding


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return two workloads on H100s, with two L40S kept free."""
    (tmp_path / "prices.csv").write_text(CHEAP)
    world = World(load_prices(tmp_path / "prices.csv"))
    world.small.node("a", H100)
    world.small.node("b", L40S, gpu=2)
    world.workload("chat", "a")
    world.workload("code", "a", replicas=2)
    return world


def _plan(world: World, *findings: Finding) -> Plan:
    return plan(world.worth(*findings).priced, world.fleet, world.config)


def _rules(found: Plan) -> list[str]:
    return [one.finding.rule for one in found.now]


def _move(name: str, gpus: float, **more: float) -> Finding:
    moved = option(L40S, gpus, places=more.pop("places", gpus), gpu_product=L40S, **more)
    return finding(about(name), (H100, gpus), moved, rule=f"move-{name}")


def _idle_node(name: str, product: str, gpus: float) -> Finding:
    return finding(about(name, "Node"), (product, gpus), option(product, 0), rule=f"dark-{name}")


def test_danger_comes_before_speed_and_speed_before_money(world: World) -> None:
    """More money comes before less."""
    found = _plan(
        world,
        _idle_node("b", L40S, 2),
        finding(about("chat"), (H100, 1), option(H100, 1, cpu_request="8"), rule="starved"),
        finding(about("code"), (H100, 2), option(H100, 2, max_model_len=4096), rule="danger"),
        _idle_node("a", H100, 5),
    )
    assert _rules(found) == ["danger", "starved", "dark-a", "dark-b"]
    assert found.held == ()


def test_one_workload_changes_in_one_way_at_a_time(world: World) -> None:
    """The others wait, each for what goes first; the money of one GPU is counted once."""
    found = _plan(
        world,
        _move("chat", 1),
        finding(about("chat"), (H100, 1), option(H100, 0, replicas=0), rule="idle"),
        finding(about("chat"), (H100, 1), option(H100, 1, cpu_request="8"), rule="starved"),
    )
    assert _rules(found) == ["starved"]
    assert [(one.priced.finding.rule, one.reason) for one in found.held] == [
        ("idle", "waits for starved on the same workload"),
        ("move-chat", "waits for starved on the same workload"),
    ]


def test_host_settings_that_differ_and_advice_go_together(world: World) -> None:
    """Neither rests on the other's settings, and neither saves."""
    found = _plan(
        world,
        finding(about("chat"), (H100, 1), option(H100, 1, cpu_request="8"), rule="cpu"),
        finding(about("chat"), (H100, 1), option(H100, 1, memory_limit="64Gi"), rule="memory"),
        finding(about("chat"), (H100, 1), option(H100, 1), rule="advice"),
        finding(about("chat"), (H100, 1), option(H100, 1, cpu_request="12"), rule="more-cpu"),
    )
    assert sorted(_rules(found)) == ["advice", "cpu", "memory"]


def test_moves_share_the_room_there_is(world: World) -> None:
    """Two places are free: the larger saving takes both, and the next is held with the numbers."""
    found = _plan(world, _move("chat", 1), _move("code", 2))
    assert _rules(found) == ["move-code"]
    assert "1 pods of 1 NVIDIA-L40S are to be placed, and 0 fit" in found.held[0].reason


def test_what_has_no_room_goes_where_it_saves_less(world: World) -> None:
    """The first choice is full after a larger saving took it: the next best option is proposed instead."""
    world.small.node("d", L4, gpu=4)
    both = (option(L40S, 1, places=1, gpu_product=L40S), option(L4, 2, places=2, gpu_product=L4, gpu_count=2))
    found = _plan(world, _move("code", 2), finding(about("chat"), (H100, 1), *both, rule="move-chat"))
    assert [one.option.after.product for one in found.now if one.finding.rule == "move-chat"] == [L4]
    assert found.held == ()


def test_a_pod_needs_its_gpus_on_one_node(world: World) -> None:
    """Two free GPUs on two nodes are no place for a pod of two."""
    world.small.node("c", L40S, gpu=1)
    world.small.pod("taken-7c9d8f6b5d-xbbzw", "b")
    moved = option(L40S, 2, places=2, gpu_product=L40S, gpu_count=2)
    found = _plan(world, finding(about("chat"), (H100, 1), moved, rule="split"))
    assert found.now == ()
    assert "1 pods of 2 NVIDIA-L40S" in found.held[0].reason


def test_a_place_is_not_dark_money_too(world: World) -> None:
    """A node that a move fills is not proposed for removal; one that is not needed is."""
    world.small.node("c", L40S, gpu=2)
    dark = [_idle_node("b", L40S, 2), _idle_node("c", L40S, 2)]
    found = _plan(world, *dark, _move("chat", 1))
    assert sorted(_rules(found)) == ["dark-c", "move-chat"]
    assert found.held[0].reason == "its free GPUs are where another recommendation moves to"


def test_a_node_kept_for_moves_is_filled_first(world: World) -> None:
    """Headroom takes the pod, so that the dark node can go."""
    world.small.node("z", L40S, gpu=2)
    world.small.add("node_labels", 1, node="z", label_trimtab_dev_purpose="headroom")
    found = _plan(world, _idle_node("b", L40S, 2), _move("chat", 1))
    assert sorted(_rules(found)) == ["dark-b", "move-chat"]


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"min_confidence": 0.95}, "its confidence 0.90 is below policy.min_confidence 0.95"),
        ({"min_saving": 5000}, "it saves 3664.60 USD a month, below policy.min_saving 5000"),
        ({"namespaces": ["lab"]}, "policy.namespaces does not name llm"),
        ({"exclude_namespaces": ["llm"]}, "policy.exclude_namespaces names llm"),
    ],
)
def test_policy_holds_back_with_its_figures(world: World, policy: dict[str, object], reason: str) -> None:
    """What the operator does not want is held, never dropped."""
    world.options = {"policy": policy}
    found = _plan(world, _move("chat", 1))
    assert ([one.reason for one in found.held], found.now) == ([reason], ())


def test_a_small_saving_does_not_hold_back_danger(world: World) -> None:
    """The least saving is for findings about money."""
    world.options = {"policy": {"min_saving": 5000}}
    found = _plan(world, finding(about("chat"), (H100, 1), option(H100, 1, max_model_len=4096), rule="danger"))
    assert _rules(found) == ["danger"]


def test_a_tenant_may_forbid_sharing(world: World) -> None:
    """A move from a whole GPU to a slice is held where the annotation says so."""
    world.servings[0] = replace(world.servings[0], annotations={"trimtab.dev/forbid": "sharing"})
    slice_ = replace(option(H100, 0.14, gpu_resource="nvidia.com/mig-1g.10gb"), resource="nvidia.com/mig-1g.10gb")
    found = _plan(world, finding(about("chat"), (H100, 1), slice_))
    assert found.held[0].reason == "trimtab.dev/forbid does not allow sharing a GPU"


def test_a_git_that_is_not_what_runs_is_brought_in_step_first(world: World) -> None:
    """The rule judged five replicas and Git says one: the edit would not be what was judged."""
    world.servings[1] = serving("code", {"replicas": 1})
    found = _plan(world, finding(about("code"), (H100, 2), option(H100, 1, replicas=1)))
    assert found.held[0].reason == ("replicas is 2 in the cluster and 1 at apps/code.yaml:1; bring them in step first")


def test_the_gpus_of_a_group_are_not_written_into_one_pod(world: World) -> None:
    """A LeaderWorkerSet's replica holds GPUs in several pods; a count for all of them is no pod's count."""
    for pod in ("big-0", "big-0-1"):
        world.small.pod(pod, owner=("StatefulSet", pod.removesuffix("-0") if pod == "big-0" else "big-0"), gpus=2)
    shrink = option(H100, 2, gpu_count=2, tensor_parallel_size=2)
    found = _plan(world, finding(about("big", "LeaderWorkerSet"), (H100, 4), shrink))
    assert found.held[0].reason == "a replica holds 4 GPUs over several pods, of 2 each: divide them by hand"


def test_one_declaration_of_two_workloads_needs_both_to_agree(world: World) -> None:
    """A flag that stands in a shared file is changed for both, or not at all; then the edit is proposed once."""
    shared = Setting("max_model_len", 8192, "8192", Location("gitops", "shared.yaml", 0, 3, 30, 34), "flag")
    for index in (0, 1):
        settings = {**world.servings[index].settings, "max_model_len": shared}
        world.servings[index] = replace(world.servings[index], settings=settings)
    lower = [
        finding(about(name), (H100, gpus), option(H100, gpus, max_model_len=4096), rule=f"lower-{name}")
        for name, gpus in (("chat", 1), ("code", 2))
    ]
    alone = _plan(world, lower[0])
    assert "serves eu/llm/code, for which this was not found right" in alone.held[0].reason
    both = _plan(world, *lower)
    assert _rules(both) == ["lower-chat"]
    assert "the same edit is proposed for eu/llm/chat" in both.held[0].reason
    other = _plan(world, lower[0], finding(about("code"), (H100, 2), option(H100, 2, max_model_len=2048), rule="x"))
    assert other.now == ()


def test_experience_lowers_confidence_before_policy_looks(world: World) -> None:
    """What became of a rule's findings counts, and the recommendation carries the confidence that resulted."""
    priced = world.worth(_move("chat", 1)).priced
    doubted = plan(priced, world.fleet, world.config, lambda rule, sure: sure / 2 if rule == "move-chat" else sure)
    assert doubted.held[0].priced.option.confidence == 0.45
    trusted = plan(priced, world.fleet, world.config, lambda _rule, _sure: 0.97)
    assert trusted.now[0].option.confidence == 0.97


def test_what_git_does_not_declare_is_still_recommended(world: World) -> None:
    """Without a place there is no edit to make, but the finding stands."""
    world.servings.clear()
    assert _rules(_plan(world, _move("chat", 1))) == ["move-chat"]


def test_the_order_of_findings_does_not_matter(world: World) -> None:
    """The same findings in another order give the same plan."""
    findings = [_move("chat", 1), _move("code", 2), _idle_node("a", H100, 5), _idle_node("b", L40S, 2)]
    assert _plan(world, *findings) == _plan(world, *findings[::-1])
