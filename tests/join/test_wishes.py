"""Annotations, and intent where nobody declared it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.join.small import HOURS, Small, hours, serving
from trimtab.facts import LiveObject
from trimtab.fleet import Found, Intent, Unknown
from trimtab.join.wishes import Source, join_wishes

TOP = {"namespace": "llm", "kind": "Deployment", "name": "chat"}


def _wishes(**written: str) -> object:
    return join_wishes(
        "eu", "llm/chat", [Source("git", {f"trimtab.dev/{k.replace('_', '-')}": v for k, v in written.items()})]
    )


def test_every_annotation_is_read() -> None:
    """What users declare in Git arrives typed, durations as milliseconds."""
    wishes, gaps = _wishes(
        intent="Agentic",
        slo_ttft_p95="500ms",
        slo_tpot_p95="0.04",
        deadline="08:00",
        min_replicas="2",
        standby="true",
        tenant="red",
        forbid="sharing, other-region",
    )
    assert gaps == ()
    assert (wishes.intent, wishes.intent_declared, wishes.tenant) == (Intent.AGENTIC, True, "red")
    assert (wishes.ttft_p95_ms, wishes.tpot_p95_ms) == (Found(500.0, "annotation"), Found(40.0, "annotation"))
    assert (wishes.deadline, wishes.min_replicas, wishes.standby) == ("08:00", 2, True)
    assert wishes.forbid == ("other-region", "sharing")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("intent", "fun"),
        ("slo-ttft-p95", "fast"),
        ("slo-tpot-p95", "-5ms"),
        ("slo-tpot-p95", "0"),
        ("slo-ttft-p95", "inf"),
        ("deadline", "25:00"),
        ("min-replicas", "-1"),
        ("standby", "maybe"),
    ],
)
def test_a_broken_value_is_a_gap_and_not_a_wish(name: str, value: str) -> None:
    """It is treated as not declared, and the gap names workload, annotation, value and place."""
    wishes, (gap,) = join_wishes("eu", "llm/chat", [Source("apps/chat.yaml", {f"trimtab.dev/{name}": value})])
    assert wishes == join_wishes("eu", "llm/chat", [])[0]
    assert (gap.cluster, gap.what) == ("eu", f"annotation trimtab.dev/{name} on llm/chat")
    assert "apps/chat.yaml" in gap.reason
    assert not gap.blind


@pytest.mark.parametrize(
    ("value", "ignored"),
    [
        ("true", ("*",)),
        ("TRUE", ("*",)),
        ("please!", ("*",)),
        ("false", ()),
        ("oversized-gpu, idle-replica", ("idle-replica", "oversized-gpu")),
    ],
)
def test_hands_off_is_for_all_rules_or_for_some(value: str, ignored: tuple[str, ...]) -> None:
    """What cannot be read as a list of rules means all of them."""
    wishes, _ = _wishes(ignore=value)
    assert wishes.ignore == ignored
    assert bool(wishes.ignore_source) is bool(ignored)


def test_anyone_who_says_hands_off_is_obeyed() -> None:
    """A live `krr/ignore` counts beside a manifest that names one rule."""
    small = Small()
    small.pod("chat-7c9d8f6b5d-xbbzw")
    small.add("workload_annotations", 1, **TOP, label_krr_ignore="true")
    workload = small.only(serving("chat", annotations={"trimtab.dev/ignore": "oversized-gpu"}))
    assert workload.wishes.ignore == ("*",)


def test_git_stands_over_the_live_object_and_the_api_over_sanitised_names() -> None:
    """The first place that declares a name wins: Git, the API, kube-state-metrics."""
    small = Small()
    small.pod("chat-7c9d8f6b5d-xbbzw")
    small.add(
        "workload_annotations", 1, **TOP, annotation_trimtab_dev_slo_ttft_p95="3s", annotation_trimtab_dev_tenant="x"
    )
    small.objects.append(LiveObject("Deployment", "llm", "chat", {}, {"trimtab.dev/slo-ttft-p95": "2s"}, {}))
    assert small.only().wishes.ttft_p95_ms.value == 2000.0
    workload = small.only(serving("chat", annotations={"trimtab.dev/slo-ttft-p95": "1s"}))
    assert (workload.wishes.ttft_p95_ms.value, workload.wishes.tenant) == (1000.0, "x")


@given(
    st.dictionaries(
        st.sampled_from(["intent", "slo-ttft-p95", "deadline", "min-replicas", "standby", "forbid", "ignore"]),
        st.text(),
    )
)
def test_no_text_breaks_the_reading(written: dict[str, str]) -> None:
    """Whatever stands in an annotation, there are wishes and perhaps gaps, never an error."""
    join_wishes("eu", "llm/chat", [Source("git", {f"trimtab.dev/{name}": value for name, value in written.items()})])


def _small(name: str) -> Small:
    small = Small()
    small.pod(f"{name}-7c9d8f6b5d-xbbzw")
    small.add("engine_model", 1, namespace="llm", pod=f"{name}-7c9d8f6b5d-xbbzw", model_name="m", engine="vllm")
    return small


@pytest.mark.parametrize(
    ("name", "intent"),
    [
        ("chat", Intent.CHAT),
        ("coder-agents", Intent.AGENTIC),
        ("magenta", Intent.CHAT),
        ("bge-m3", Intent.EMBEDDING),
        ("batch-summaries", Intent.BATCH),
        ("embedded-help", Intent.CHAT),
    ],
)
def test_a_name_suggests_an_intent(name: str, intent: Intent) -> None:
    """Whole words of the name tell; what is inferred is not declared."""
    wishes = _small(name).only().wishes
    assert (wishes.intent, wishes.intent_declared) == (intent, False)


def test_work_that_comes_in_runs_is_a_batch() -> None:
    """Six busy hours in the night of each day are a batch; office hours are people."""
    night = tuple(20.0 if hour % 24 < 6 else 0.0 for hour in range(HOURS))
    office = tuple(20.0 if 7 <= hour % 24 < 22 else 0.5 for hour in range(HOURS))
    for shape, intent in ((night, Intent.BATCH), (office, Intent.CHAT)):
        small = _small("qwen")
        small.add("output_tokens_hourly", shape, namespace="llm", stem="qwen")
        assert small.only().wishes.intent is intent


def test_gpus_without_engine_or_model_have_no_intent() -> None:
    """A notebook is not taken for a chat."""
    small = Small()
    small.pod("notebook-0", owner=("StatefulSet", "notebook"))
    assert small.only().wishes.intent is Intent.UNKNOWN


def test_an_objective_that_nobody_declared_is_unknown() -> None:
    """It is not taken from the configuration's assumption, which the cluster carries."""
    small = _small("chat")
    small.add("running_hourly", hours(1), namespace="llm", stem="chat")
    cluster = small.join()
    assert cluster.workloads[0].wishes.ttft_p95_ms == Unknown("no objective declared")
    assert (cluster.ttft_p95_ms_assumed, cluster.tpot_p95_ms_assumed) == (1000.0, 50.0)
