"""From merged to live, and from live to verified or regressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from trimtab.fleet import (
    Cluster,
    Fleet,
    Found,
    GpuType,
    Health,
    Host,
    Measure,
    Scalar,
    Scale,
    Sharing,
    Traffic,
    Unknown,
    Wishes,
    Workload,
)
from trimtab.life import NOBODY, Draft, Entry
from trimtab.rule import Change, Footprint, Subject
from trimtab.settle import Settled, settle
from trimtab.settle.live import same

DAY_S = 86400
MERGED_S = 1_794_700_000
NONE: Measure = Unknown("no samples")
SUBJECT = Subject("eu", "llm", "Deployment", "chat")


class Book:
    """A journal in memory."""

    def __init__(self, *entries: Entry) -> None:
        """Begin with entries."""
        self.held = list(entries)

    def entries(self) -> tuple[Entry, ...]:
        """Return what was written."""
        return tuple(self.held)

    def append(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Write all drafts."""
        added = tuple(self._entry(draft, len(self.held) + index) for index, draft in enumerate(drafts, start=1))
        self.held += added
        return added

    @staticmethod
    def _entry(draft: Draft, seq: int) -> Entry:
        values = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
        return Entry(**values, seq=seq, at="2026-11-14T23:46:40Z", came_from="", prev="", digest="")


def merged(*changes: Change, saving: str = "1200.00") -> Book:
    """Return a ledger with one merged recommendation: from four replicas to two."""
    draft = Draft(
        recommendation="a" * 16,
        step="approved",
        actor=NOBODY,
        rule="surplus-replicas",
        subject=SUBJECT,
        url="forge/1",
        changes=changes or (Change("replicas", 4, 2),),
        gpus_before=Footprint("NVIDIA-L40S", 4.0),
        gpus_after=Footprint("NVIDIA-L40S", 2.0),
        saving=saving,
    )
    return Book(Book._entry(draft, 1))


def workload(replicas: int = 2, ttft_ms: Measure = NONE, **settings: Scalar) -> Workload:
    """Return the workload as the cluster shows it."""
    shown: dict[str, Scalar] = {"replicas": replicas, **settings}
    traffic = Traffic(*(NONE,) * 21)
    return Workload(
        cluster="eu",
        namespace="llm",
        kind="Deployment",
        name="chat",
        live=True,
        place=Unknown("not looked for"),
        settings=shown,
        engine="vllm",
        engine_version="",
        model=Unknown("not named"),
        gpu=Found(GpuType("NVIDIA-L40S", 44.5, 864.0, {}, 0.0, 8.9, "ada")),
        gpu_resource="nvidia.com/gpu",
        gpus_per_pod=1,
        share=1.0,
        sharing=Sharing.WHOLE,
        scale=Scale(replicas, NONE, NONE),
        gpu_seen=(),
        traffic=replace(traffic, ttft_p95_ms=ttft_ms),
        host=Host(*(NONE,) * 8),
        health=Health(*(NONE,) * 4),
        wishes=Wishes(),
        age_s=NONE,
        coverage=1.0,
        live_fields=tuple(sorted(shown)),
    )


def fleet(*workloads: Workload, at_s: int = MERGED_S) -> Fleet:
    """Return a fleet that was watched for a day."""
    return Fleet((Cluster("eu", "aws", "eu-west-1", DAY_S, (), workloads, (), ()),), (), "sha256:2", at_s)


def one(found: tuple[Settled, ...]) -> tuple[str, str]:
    """Return state and note of the only one."""
    (settled,) = found
    return settled.state, settled.note


def test_live_values_make_it_actuated() -> None:
    """Once the cluster shows the merged value the recommendation is actuated, by facts of now."""
    book = merged()

    assert one(settle(fleet(workload(4)), book, DAY_S)) == (
        "approved",
        "merged, and not live yet: replicas is 4, not 2",
    )
    assert len(book.held) == 1
    assert one(settle(fleet(workload(2)), book, DAY_S))[0] == "actuated"
    assert book.held[-1].facts == "sha256:2"


def test_git_alone_is_not_live() -> None:
    """A value that only Git shows is not taken for the cluster's."""
    unseen = replace(workload(2), settings={"replicas": 2, "max_model_len": 8192})

    state, note = one(settle(fleet(unseen), merged(Change("max_model_len", 32768, 8192)), DAY_S))

    assert state == "approved"
    assert "does not show `max_model_len`" in note


def test_all_changes_must_be_live() -> None:
    """One of two values is not the change."""
    changes = (Change("replicas", 4, 2), Change("cpu_request", "4", "8"))

    assert one(settle(fleet(workload(2, cpu_request="4")), merged(*changes), DAY_S))[0] == "approved"
    assert one(settle(fleet(workload(2, cpu_request="8000m")), merged(*changes), DAY_S))[0] == "actuated"


def test_a_workload_that_is_gone_waits() -> None:
    """What the cluster does not show is neither live nor undone."""
    assert one(settle(fleet(), merged(), DAY_S)) == ("approved", "the cluster does not show the workload")


def actuated(ttft_ms: Measure = NONE) -> Book:
    """Return a ledger whose recommendation went live."""
    book = merged()
    settle(fleet(workload(2, ttft_ms)), book, DAY_S)
    return book


def test_nothing_is_judged_before_a_whole_window() -> None:
    """A window that reaches back before the change says nothing of it."""
    book = actuated()

    state, note = one(settle(fleet(workload(2), at_s=MERGED_S + DAY_S - 1), book, 3600))

    assert (state, note) == ("actuated", "watched until 2026-11-15T23:46:40Z")


def test_a_kept_promise_is_verified_with_its_money() -> None:
    """Two GPUs fewer, as promised: verified, with the whole saving."""
    book = actuated(Found(300.0))

    (settled,) = settle(fleet(workload(2, Found(310.0)), at_s=MERGED_S + DAY_S), book, DAY_S)

    assert (settled.state, settled.saving) == ("verified", "1200.00")
    assert settled.note == "time to first token (p95) 300 ms before, 310 ms now; 2 GPUs held, as promised"
    assert book.held[-1].seen == {"ttft_p95_ms": 310.0, "ttft_p95_ms_before": 300.0}


def test_what_is_really_saved_is_what_counts() -> None:
    """Where an autoscaler kept one more replica, half of the saving is real."""
    book = actuated()
    grown = replace(workload(2), scale=Scale(3, NONE, NONE))

    (settled,) = settle(fleet(grown, at_s=MERGED_S + DAY_S), book, DAY_S)

    assert (settled.state, settled.saving) == ("verified", "600.00")


@pytest.mark.parametrize(
    ("before_ms", "after_ms", "objective", "state"),
    [
        (300.0, 900.0, NONE, "verified"),  # slower, and inside what is assumed where nobody declares anything
        (300.0, 1200.0, NONE, "regressed"),
        (2000.0, 2500.0, NONE, "verified"),  # it was slow before
        (300.0, 550.0, Found(500.0), "regressed"),
        (300.0, 510.0, Found(500.0), "verified"),  # noise
    ],
)
def test_latency_decides(before_ms: float, after_ms: float, objective: Measure, state: str) -> None:
    """The declared objective decides; without one, what is assumed or half as much again as before."""
    book = actuated(Found(before_ms))
    seen = replace(workload(2, Found(after_ms)), wishes=Wishes(ttft_p95_ms=objective))

    assert one(settle(fleet(seen, at_s=MERGED_S + DAY_S), book, DAY_S))[0] == state


def test_an_objective_that_was_not_measured_waits() -> None:
    """Without a figure there is neither praise nor blame."""
    seen = replace(workload(2), wishes=Wishes(ttft_p95_ms=Found(500.0)))

    state, note = one(settle(fleet(seen, at_s=MERGED_S + DAY_S), actuated(), DAY_S))

    assert state == "actuated"
    assert "was not measured" in note


def test_a_value_that_was_undone_is_superseded() -> None:
    """Somebody set it back: that is their decision, and no failure of the change."""
    assert one(settle(fleet(workload(4), at_s=MERGED_S + DAY_S), actuated(), DAY_S)) == (
        "superseded",
        "replicas is 4, not 2: somebody changed it since it went live",
    )


def test_killed_containers_are_a_regression() -> None:
    """Out of memory after the change is the change's doing until somebody shows otherwise."""
    killed = replace(workload(2), health=Health(NONE, Found(3.0), NONE, NONE))

    assert one(settle(fleet(killed, at_s=MERGED_S + DAY_S), actuated(), DAY_S)) == (
        "regressed",
        "3 containers were killed for memory",
    )


def test_a_settled_one_is_left_alone() -> None:
    """Verified is the end: nothing more is written of it."""
    book = actuated()
    settle(fleet(workload(2), at_s=MERGED_S + DAY_S), book, DAY_S)
    written = len(book.held)

    assert settle(fleet(workload(4), at_s=MERGED_S + 9 * DAY_S), book, DAY_S) == ()
    assert len(book.held) == written


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("500m", "0.5", True),
        (8, "8", True),
        ("1Gi", "1024Mi", True),
        (0.9, "0.90", True),
        (True, 1, True),
        ("auto", "half", False),
        ("8", "8Gi", False),
        (True, "1", False),
    ],
)
def test_values_that_mean_the_same(left: Scalar, right: Scalar, equal: bool) -> None:
    """Quantities are compared by what they mean."""
    assert same(left, right) is equal
