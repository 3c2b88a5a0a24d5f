"""How a merged change is followed by Git, by what deploys it and by its pods, where the cluster shows no value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.settle.test_settle import DAY_S, MERGED_S, Book, fleet, merged, one, workload
from trimtab.facts import ClusterFacts, LiveObject, Series
from trimtab.fleet import Found, Location, Place, Serving, Setting, Unknown, Workload
from trimtab.fleet.found import Scalar
from trimtab.life import Entry
from trimtab.rule import Change
from trimtab.settle import World, settle

OLD, NEW = "a" * 40, "b" * 40
CONTEXT = Change("max_model_len", 32768, 8192)


def in_git(shown: Workload, **settings: Scalar) -> Workload:
    """Return a workload with what Git says of it."""
    at = Location("gitops", "chat.yaml", 0, 1, 0, 1)
    held = {name: Setting(name, value, str(value), at, "field") for name, value in settings.items()}
    serving = Serving("s", "gitops", "chat.yaml", 0, "", "", "llm", "chat", "", "plain", "vllm", held)
    return replace(shown, place=Found(Place(serving, "same name", 1.0)))


def history(*heads: str, changes: tuple[Change, ...] = (), note: str = "") -> Book:
    """Return a ledger of a merged recommendation whose branch had these heads; the last one was merged."""
    last = replace(merged(*changes).held[0], repository="gitops", head=heads[-1], merged="c" * 40)
    opened = [replace(last, step="open", head=head, note=note if head != heads[0] else "") for head in heads]
    return Book(*(replace(entry, seq=seq) for seq, entry in enumerate((*opened, last), start=1)))


def world(*objects: LiveObject, born_s: int = 0, holds: str = NEW) -> World:
    """Return Git as read with the merge in it, what deploys the workload, and one pod's start."""

    def holding(_entry: Entry, commit: str) -> Found[bool] | Unknown:
        return Found(commit == holds) if len(commit) == len(holds) else Unknown("no commit")

    labels = (("namespace", "llm"), ("pod", "chat-7c9d8f6b5d-xbbzw"))
    pods = (Series("pod_now", labels, (1.0,)), Series("pod_created", labels, (float(born_s),))) if born_s else ()
    facts = ClusterFacts("eu", MERGED_S, DAY_S, pods, {}, objects)
    return World((facts,), {"gitops": NEW}, holding, lambda _entry: Found(MERGED_S))


def flux(**settings: Scalar) -> tuple[LiveObject, LiveObject]:
    """Return a Deployment that a Kustomization brings, and what that says."""
    labels = {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
    return (
        LiveObject("Deployment", "llm", "chat", labels, {}, {}),
        LiveObject("Kustomization", "flux-system", "apps", {}, {}, settings),
    )


def argo(**settings: Scalar) -> tuple[LiveObject, LiveObject]:
    """Return a Deployment that Argo CD tracks, and its application."""
    tracking = {"argocd.argoproj.io/tracking-id": "chat:apps/Deployment:llm/chat"}
    return (
        LiveObject("Deployment", "llm", "chat", {}, tracking, {}),
        LiveObject("Application", "argocd", "chat", {}, {}, settings),
    )


def test_what_a_person_changed_before_the_merge_is_judged_as_merged() -> None:
    """Three replicas instead of two were merged: three are what is live, and both are told."""
    book = history(OLD, NEW, note="a person changed the branch; it is left to them")

    state, note = one(settle(fleet(in_git(workload(3), replicas=3)), book, DAY_S, world()))

    assert (state, note) == ("actuated", "the cluster shows the merged values; as merged: replicas 3 instead of 2")
    assert book.held[-1].changes == (Change("replicas", 4, 3),)


def test_a_change_that_was_left_out_is_not_waited_for() -> None:
    """Of two changes one was merged: that one alone is judged."""
    changes = (Change("replicas", 4, 2), Change("cpu_request", "4", "8"))
    book = history(OLD, NEW, changes=changes, note="a person changed the branch; it is left to them")

    state, note = one(settle(fleet(in_git(workload(2), replicas=2, cpu_request="4")), book, DAY_S, world()))

    assert (state, note) == (
        "actuated",
        "the cluster shows the merged values; as merged: cpu_request was left as it is",
    )


def test_what_git_does_not_hold_any_more_is_superseded() -> None:
    """Reverted by a person after the merge, before or after it went live: their word, and no failure."""
    book = history(NEW)

    assert one(settle(fleet(in_git(workload(4), replicas=4)), book, DAY_S, world())) == (
        "superseded",
        "Git says replicas 4, not 2: somebody changed it since the merge",
    )


def test_git_that_was_read_before_the_merge_says_nothing() -> None:
    """Recorded facts name an older commit: nothing is taken for undone."""
    older = replace(world(), commits={"gitops": OLD})

    assert one(settle(fleet(in_git(workload(4), replicas=4)), history(NEW), DAY_S, older))[0] == "approved"


@pytest.mark.parametrize("tool", [flux, argo])
def test_a_tool_that_applied_the_merge_is_told(tool: Callable[..., tuple[LiveObject, LiveObject]]) -> None:
    """The value is live, and what brought it there is said."""
    note = one(settle(fleet(workload(2)), history(NEW), DAY_S, world(*tool(revision=NEW))))[1]

    assert note.endswith("applied the merge")


def test_a_stuck_tool_is_told() -> None:
    """What keeps a change from going live stands in the note."""
    stuck = world(*argo(trouble="ComparisonError: no such chart"))

    state, note = one(settle(fleet(workload(4)), history(NEW), DAY_S, stuck))

    assert state == "approved"
    assert note.endswith("Argo CD's application chat is stuck: ComparisonError: no such chart")


def context(at_s: int, surroundings: World) -> tuple[str, str]:
    """Return what becomes of a context length, which no metric shows."""
    return one(settle(fleet(workload(2), at_s=at_s), history(NEW, changes=(CONTEXT,)), DAY_S, surroundings))


def test_new_pods_stand_in_for_a_value_that_nothing_shows() -> None:
    """After two days pods that are all newer than the merge are taken for it, and the note says so."""
    later = MERGED_S + 2 * DAY_S

    assert context(MERGED_S + DAY_S, world(born_s=MERGED_S + 60))[0] == "approved"
    state, note = context(later, world(*flux(revision=NEW), born_s=MERGED_S + 60))

    assert state == "actuated"
    assert note.startswith("taken for live: all pods started after the merge")
    assert "Flux's Kustomization apps applied the merge" in note
    assert "does not show `max_model_len`" in note


@pytest.mark.parametrize(
    ("surroundings", "missing"),
    [
        (world(), "when its pods started is not known"),
        (world(born_s=MERGED_S - 60), "is older than the merge: was it rolled out?"),
        (world(*flux(revision=OLD), born_s=MERGED_S + 60), "applied aaaaaaaaaaaa, which is older than the merge"),
    ],
)
def test_what_is_missing_is_said_however_long_it_takes(surroundings: World, missing: str) -> None:
    """Old pods, unknown pods and a tool that stands at an older commit are no sign that a value is live."""
    state, note = context(MERGED_S + 9 * DAY_S, surroundings)

    assert state == "approved"
    assert note.endswith(missing)


def test_a_workload_that_stays_away_is_superseded() -> None:
    """A week without it ends the waiting."""
    state, note = one(settle(fleet(at_s=MERGED_S + 7 * DAY_S), history(NEW), DAY_S, world()))

    assert (state, note) == ("superseded", "the cluster does not show the workload any more")


def test_less_traffic_is_no_success() -> None:
    """A latency kept under half the traffic is waited for, two weeks at most, and then said for what it is."""

    def seen(book: Book, days: int) -> tuple[str, str]:
        calm = replace(workload(2), traffic=replace(workload(2).traffic, requests_per_s_peak=Found(5.0)))
        return one(settle(fleet(calm, at_s=MERGED_S + days * DAY_S), book, DAY_S))

    book = merged()
    book.held[0] = replace(book.held[0], seen={"requests_per_s_peak": 10.0})
    settle(fleet(workload(2)), book, DAY_S)

    assert seen(book, 2) == (
        "actuated",
        "the busiest hour has 50% less traffic than before; it is judged once that is back",
    )
    state, note = seen(book, 15)
    assert state == "verified"
    assert "50% less traffic in the busiest hour than before the change, so it is not shown" in note
