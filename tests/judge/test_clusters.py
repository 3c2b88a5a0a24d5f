"""What the judge does around the rules: silences, settings, order, and rules that fail."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.rules.building import cluster_of
from trimtab.config import ClusterSettings, Config
from trimtab.errors import UsageError
from trimtab.fleet import Cluster, Fleet, Found, Workload
from trimtab.judge import LoadedRule, judge, judge_cluster, load_rules, merged, read_manual, settings_of
from trimtab.rule import Finding, Footprint, Layer, Option, RuleSettings, SilenceKind, Verdict, subject_of

IDLE = {"workload": {"requests_per_s_avg": 0, "running_peak": 0, "busy_max": 0, "power_avg_w": 70}}
RULES = load_rules()


class Odd:
    """A rule that does as its test says."""

    name = "odd-rule"
    layer = Layer.MODEL
    since = "0.1"
    needs: tuple[str, ...] = ()
    observes = False
    Settings = RuleSettings

    def judge(self, workload: Workload, cluster: Cluster, settings: RuleSettings) -> Iterator[Verdict]:
        """Raise after having begun."""
        del cluster, settings
        yield from ()
        raise ZeroDivisionError(workload.name)


class Misspelt(Odd):
    """A rule that needs a fact which nothing has."""

    needs = ("traffic.requests_per_fortnight",)


class Empty(Odd):
    """A rule whose finding offers nothing."""

    def judge(self, workload: Workload, cluster: Cluster, settings: RuleSettings) -> Iterator[Verdict]:
        """Yield a finding without options."""
        del cluster, settings
        yield Finding(
            self.name, self.layer, subject_of(workload), "", (), "low", Footprint("", 0), (), otherwise="", more_gpus=""
        )


class Surer(Odd):
    """A rule that is surer than sure."""

    def judge(self, workload: Workload, cluster: Cluster, settings: RuleSettings) -> Iterator[Verdict]:
        """Yield a finding with a confidence of NaN."""
        del cluster, settings
        held = Footprint("", 0)
        option = Option((), held, 0, "", (), math.nan)
        yield Finding(
            self.name, self.layer, subject_of(workload), "", (), "low", held, (option,), otherwise="", more_gpus=""
        )


def configured(rules: dict[str, dict[str, object]] | None = None) -> Config:
    """Return a configuration with settings of rules."""
    return Config(clusters=(ClusterSettings(name="eu"),), rules=rules or {})


def fleet_of(*clusters: Cluster) -> Fleet:
    """Return a fleet of clusters."""
    return Fleet(clusters, (), "sha256:0", 0)


@pytest.mark.parametrize(
    ("odd", "said"),
    [(Odd, "ZeroDivisionError"), (Misspelt, "no fact of this name"), (Empty, "options"), (Surer, "confidence")],
)
def test_a_rule_that_fails_ends_nothing(odd: type[Odd], said: str) -> None:
    """A rule that raises, or breaks the contract, becomes a silence that names it; the others speak."""
    loaded = LoadedRule(odd(), read_manual(""), "odd.py")

    verdicts = judge(fleet_of(cluster_of(IDLE)), (*RULES, loaded), configured())

    assert "idle-replica" in [finding.rule for finding in verdicts.findings]
    assert [said in silence.reason for silence in verdicts.silences if silence.rule == "odd-rule"] == [True]


def test_a_rule_can_be_turned_off() -> None:
    """`enabled: false` asks a rule nothing."""
    verdicts = judge(fleet_of(cluster_of(IDLE)), RULES, configured({"idle-replica": {"enabled": False}}))

    assert "idle-replica" not in [verdict.rule for verdict in (*verdicts.findings, *verdicts.silences)]


@pytest.mark.parametrize(
    ("given", "said", "hint"),
    [
        ({"idle-replicas": {}}, "rules.idle-replicas: no such rule", "`idle-replica`"),
        ({"idle-replica": {"bussy": 0.1}}, "rules.idle-replica.bussy: no such setting", "`busy`"),
        ({"idle-replica": {"busy": 3}}, "rules.idle-replica.busy: Input should be less", "rules show"),
        ({"idle-replica": {"enabled": "no"}}, "rules.idle-replica.enabled", "enabled: false"),
    ],
)
def test_wrong_settings_are_named(given: dict[str, dict[str, object]], said: str, hint: str) -> None:
    """A setting that is wrong names the rule and the key, and the nearest that is known."""
    with pytest.raises(UsageError) as caught:
        settings_of(RULES, given)

    assert said in caught.value.message
    assert hint in caught.value.hint


def test_what_is_declared_and_not_live_is_judged_by_its_settings_alone() -> None:
    """A workload that only Git knows is no subject of a rule that rests on the window."""
    cluster = cluster_of({"workload": {"live": False, "model": "meta-llama/Llama-3.1-70B-Instruct", "settings": {}}})

    verdicts = judge(fleet_of(cluster), RULES, configured())

    assert [finding.rule for finding in verdicts.findings] == ["out-of-memory-risk"]
    reasons = {silence.reason for silence in verdicts.silences if silence.rule == "idle-replica"}
    assert reasons == {"Git declares it, and the cluster does not show it"}


def test_a_figure_that_is_no_number_is_missing() -> None:
    """NaN is not a measurement, wherever a rule needs one."""
    cluster = cluster_of({"workload": {}})
    traffic = replace(cluster.workloads[0].traffic, kv_usage_max=Found(math.nan))
    cluster = replace(cluster, workloads=(replace(cluster.workloads[0], traffic=traffic),))

    verdicts = judge_cluster(cluster, RULES, settings_of(RULES, {}))

    silence = next(silence for silence in verdicts.silences if silence.rule == "kv-cache-pressure")
    assert (silence.kind, silence.reason) == (SilenceKind.MISSING, "traffic.kv_usage_max is not a number")


def test_the_order_is_by_subject_then_rule() -> None:
    """Clusters and workloads in any order give the same verdicts in the same order."""
    one = cluster_of(IDLE)
    other = replace(one, name="us", workloads=tuple(replace(workload, cluster="us") for workload in one.workloads))

    there = judge(fleet_of(one, other), RULES, configured())
    back = judge(fleet_of(other, one), tuple(reversed(RULES)), configured())

    assert there == back
    settings = settings_of(RULES, {})
    assert there == merged(judge_cluster(cluster, RULES, settings) for cluster in (other, one))


def test_no_word_about_a_blind_cluster_is_a_guess() -> None:
    """A cluster that did not answer gives silences with the reason, and no findings from the window."""
    verdicts = judge(fleet_of(cluster_of({**IDLE, "gap": "connection refused"})), RULES, configured())

    assert verdicts.findings == ()
    assert all("connection refused" in silence.reason for silence in verdicts.silences)
