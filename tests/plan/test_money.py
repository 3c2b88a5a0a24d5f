"""The sum over a GPU never exceeds its bill, whatever rules find."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.join.small import hours
from tests.price.small import H100, L40S, World, about, finding, option
from trimtab.fleet import Fleet
from trimtab.plan import plan
from trimtab.price import bill
from trimtab.recommendation import Plan, Saving
from trimtab.rule import Finding

APPS = ("one", "two", "three")
NODES = ("a", "b", "c")
PRODUCTS = (H100, L40S, "NVIDIA-L4", "NVIDIA-A10G", "NVIDIA-H20")

share = st.floats(0, 1.5)
products = st.sampled_from(PRODUCTS)
option_of = st.builds(
    lambda product, gpus, sure, places, sets: option(product, round(gpus, 3), sure, places, **sets),
    products,
    st.floats(0, 8),
    st.floats(0, 1),
    st.integers(0, 4),
    st.sampled_from([{}, {"replicas": 1}, {"gpu_product": "x"}, {"cpu_request": "8"}, {"max_model_len": 1}]),
)
subjects = st.one_of(
    st.sampled_from([about(name) for name in APPS]), st.sampled_from([about(name, "Node") for name in NODES])
)
findings = st.builds(
    lambda subject, product, gpus, options, rule: finding(subject, (product, round(gpus, 3)), *options, rule=rule),
    subjects,
    products,
    st.floats(0, 12),
    st.lists(option_of, min_size=1, max_size=3),
    st.sampled_from(["r1", "r2", "r3"]),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Return nodes of several kinds with workloads on some of their GPUs."""
    world = World()
    free = {}
    for node in NODES:
        free[node] = draw(st.integers(1, 8))
        world.small.node(node, draw(products), gpu=free[node])
        world.small.add("node_gpu_requested_avg", draw(st.floats(0, free[node])), node=node)
    for app in APPS:
        node = draw(st.sampled_from(NODES))
        replicas = draw(st.integers(0, min(3, free[node])))
        free[node] -= replicas
        world.workload(app, node, replicas)
        if draw(st.booleans()):
            world.small.add("pods_hourly", hours(draw(st.floats(0, 3)), 84), namespace="llm", stem=app)
    return world


@settings(max_examples=150, deadline=None)
@given(worlds(), st.lists(findings, max_size=12))
def test_savings_never_exceed_the_bill(world: World, found: list[Finding]) -> None:
    """For each workload, each node's idle GPUs and the fleet, what is proposed saves at most what it costs."""
    fleet = world.fleet
    paid = bill(fleet, world.prices, world.config)
    planned = plan(world.worth(*found).priced, fleet, world.config)
    by_subject: dict[object, Decimal] = {}
    for one in planned.now:
        assert one.finding.rule in {"r1", "r2", "r3"}
        if isinstance(one.saving, Saving):
            assert one.saving.low <= one.saving.monthly <= one.saving.high
            gained = max(one.saving.monthly, Decimal(0))
            by_subject[one.finding.subject] = by_subject.get(one.finding.subject, Decimal(0)) + gained
    for subject, saved in by_subject.items():
        cost = paid.of(subject)
        assert saved == 0 or (isinstance(cost, Decimal) and saved <= cost)
    if by_subject and isinstance(paid.total, Decimal):
        assert sum(by_subject.values()) <= paid.total
    _placed(planned, fleet)


def _placed(planned: Plan, fleet: Fleet) -> None:
    """Hold that no more units are moved to a product than are free of it."""
    free: dict[str, float] = {}
    for cluster in fleet.clusters:
        for pool in cluster.pools:
            free[pool.gpu.name] = free.get(pool.gpu.name, 0.0) + pool.free
    for one in planned.now:
        product = one.option.after.product
        free[product] = free.get(product, 0.0) - one.option.places_needed
    assert all(left >= 0 for left in free.values())


@settings(max_examples=50, deadline=None)
@given(worlds(), st.lists(findings, max_size=8))
def test_every_finding_is_somewhere(world: World, found: list[Finding]) -> None:
    """What is not proposed is held with a reason, or a silence says that it saves nothing; nothing is lost."""
    pricing = world.worth(*found)
    planned = plan(pricing.priced, world.fleet, world.config)
    assert len(planned.now) + len(planned.held) + len(pricing.silences) == len(found)
    assert all(one.reason for one in planned.held)
