"""Replicas, who owns their number, age and coverage."""

from __future__ import annotations

import pytest

from tests.join.small import ENDED_AT_S, HOURS, NAN, SAMPLES, WINDOW_S, Small, hours, serving
from trimtab.fleet import ObjectRef

POD = {"namespace": "llm", "pod": "chat-7c9d8f6b5d-xbbzw"}
STEM = {"namespace": "llm", "stem": "chat"}
TOP = {"namespace": "llm", "kind": "Deployment", "name": "chat"}


def _small() -> Small:
    small = Small()
    small.pod(POD["pod"])
    return small


def test_the_mean_of_replicas_is_over_the_hours() -> None:
    """Half a week at four and half at two are three; the smallest hour is two."""
    small = _small()
    small.add("pods_hourly", (4.0,) * (HOURS // 2) + (2.0,) * (HOURS // 2), **STEM)
    scale = small.only().scale
    assert (scale.ready_avg.value, scale.ready_min.value) == (3.0, 2.0)


def test_an_hour_without_pods_is_zero_where_others_were_watched() -> None:
    """Scaled to nothing at night is a low mean; an hour in which nothing was recorded at all is no hour."""
    small = _small()
    small.pod("other-7c9d8f6b5d-xbbzw")
    small.add("workload_created", ENDED_AT_S - 2 * WINDOW_S, **TOP)
    small.add("pods_hourly", (4.0,) * 84 + (NAN,) * 84, **STEM)
    small.add("pods_hourly", (1.0,) * 126 + (NAN,) * 42, namespace="llm", stem="other")
    chat = small.join().workloads[0]
    assert round(chat.scale.ready_avg.value, 4) == round(4 * 84 / 126, 4)
    assert chat.coverage == 0.75


def test_without_hours_replicas_are_counted_by_samples() -> None:
    """Two pods of half a week each are one replica."""
    small = Small()
    small.pod("whole-7c9d8f6b5d-xbbzw")
    small.pod("chat-7c9d8f6b5d-xbbzw", samples=SAMPLES / 2)
    small.pod("chat-6d5f8b7c9d-q2x4z", samples=SAMPLES / 2, now=False)
    assert small.join().workloads[0].scale.ready_avg.value == 1.0


def test_the_live_count_stands_over_gits() -> None:
    """The object's own replica count holds, also over a manifest that says otherwise."""
    small = _small()
    small.add("workload_replicas", 3, **TOP)
    workload = small.only(serving("chat", {"replicas": 2}))
    assert (workload.scale.replicas, workload.settings["replicas"]) == (3, 3)
    assert "replicas" in workload.live_fields


def test_an_autoscaler_owns_the_count() -> None:
    """The HPA that targets the workload is named with its bounds."""
    small = _small()
    small.add("autoscaler", 1, namespace="llm", name="hpa", target_kind="Deployment", target_name="chat")
    small.add("autoscaler_min", 2, namespace="llm", name="hpa")
    small.add("autoscaler_max", 9, namespace="llm", name="hpa")
    scale = small.only().scale
    assert (scale.autoscaler, scale.min_replicas, scale.max_replicas) == ("hpa", 2, 9)


@pytest.mark.parametrize(("least", "most", "owned"), [(1, 4, True), (2, 2, False)])
def test_bounds_in_git_are_an_autoscaler_where_they_leave_room(least: int, most: int, owned: bool) -> None:
    """KServe's minReplicas and maxReplicas decide, unless they are one number."""
    declared = serving("chat", {"min_replicas": least, "max_replicas": most})
    scale = _small().only(declared).scale
    assert bool(scale.autoscaler) is owned
    assert "apps/chat.yaml:2" in scale.autoscaler or not owned


def test_parked_at_zero_is_live() -> None:
    """A declared object that the cluster has without pods is live, with no replicas."""
    small = Small()
    small.pod("other-7c9d8f6b5d-xbbzw")
    small.add("pods_hourly", hours(1), namespace="llm", stem="other")
    small.add("workload_replicas", 0, **TOP)
    declared = serving("chat", {"gpu_count": 2}, live_names=(ObjectRef("Deployment", "llm", "chat"),))
    chat = small.join(declared).workloads[0]
    assert (chat.name, chat.live, chat.scale.replicas, chat.scale.ready_avg.value) == ("chat", True, 0, 0.0)
    assert chat.gpus_per_pod == 2


def test_age_is_since_the_object_was_made() -> None:
    """A young pod of an old object is old; without the object's own time the first sight counts."""
    small = _small()
    assert small.only().age_s.value == SAMPLES * 300
    small.add("pods_hourly", hours(1), **STEM)
    assert small.only().age_s.value == WINDOW_S
    small.add("workload_created", ENDED_AT_S - 10 * WINDOW_S, **TOP)
    assert small.only().age_s.value == 10 * WINDOW_S


def test_coverage_is_of_the_signal_that_has_least() -> None:
    """Engine metrics of one day do not tell a week, though the pods were there."""
    small = _small()
    small.add("pods_hourly", hours(1), **STEM)
    assert small.only().coverage == 1.0
    small.add("requests_hourly", hours(0, 24), **STEM)
    assert round(small.only().coverage, 4) == round(24 / HOURS, 4)


def test_a_workload_of_yesterday_covers_a_day() -> None:
    """Hours before it was made are not covered."""
    small = _small()
    small.pod("other-7c9d8f6b5d-xbbzw")
    small.add("workload_created", ENDED_AT_S - 24 * 3600, **TOP)
    small.add("pods_hourly", hours(1, 24), **STEM)
    small.add("pods_hourly", hours(1), namespace="llm", stem="other")
    chat = small.join().workloads[0]
    assert round(chat.coverage, 4) == round(24 / HOURS, 4)
    assert chat.scale.ready_avg.value == 1.0
