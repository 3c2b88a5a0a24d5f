"""Asks every rule about every workload and node of a cluster, and keeps why it said nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from trimtab.config import Config
from trimtab.fleet import Cluster, Fleet, Found, Node, Unknown, Workload
from trimtab.judge.loading import AnyRule, LoadedRule
from trimtab.judge.tuning import settings_of
from trimtab.rule import (
    Finding,
    NodeRule,
    RuleSettings,
    Silence,
    SilenceKind,
    Subject,
    Verdict,
    WorkloadRule,
    subject_of,
)

_COVERED = 0.9
"""Part of the window that must be seen, by age and by samples, before a rule that rests on it is asked."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the rules said, ordered by subject and rule."""

    findings: tuple[Finding, ...]
    silences: tuple[Silence, ...]


def judge(fleet: Fleet, rules: Sequence[LoadedRule], config: Config) -> Verdicts:
    """Return what the rules say of the whole fleet.

    Raises:
        UsageError: A setting in `config.rules` is wrong.
    """
    settings = settings_of(rules, config.rules)
    return merged(judge_cluster(cluster, rules, settings) for cluster in fleet.clusters)


def judge_cluster(cluster: Cluster, rules: Sequence[LoadedRule], settings: Mapping[str, RuleSettings]) -> Verdicts:
    """Return what the rules say of one cluster; those without settings are off."""
    said: list[Verdict] = []
    for loaded in rules:
        if loaded.name not in settings:
            continue
        things: Sequence[Workload | Node] = cluster.nodes if loaded.judges_nodes else cluster.workloads
        for thing in things:
            said.extend(_ask(loaded.rule, thing, cluster, settings[loaded.name]))
    return _ordered(said)


def merged(parts: Iterable[Verdicts]) -> Verdicts:
    """Return the verdicts of several clusters as one."""
    said: list[Verdict] = []
    for part in parts:
        said += [*part.findings, *part.silences]
    return _ordered(said)


def _ordered(said: Sequence[Verdict]) -> Verdicts:
    ordered = sorted(said, key=lambda verdict: (*_key(verdict.subject), verdict.rule))
    return Verdicts(
        tuple(verdict for verdict in ordered if isinstance(verdict, Finding)),
        tuple(verdict for verdict in ordered if isinstance(verdict, Silence)),
    )


def _key(subject: Subject) -> tuple[str, str, str, str]:
    return subject.cluster, subject.namespace, subject.kind, subject.name


def _ask(rule: AnyRule, thing: Workload | Node, cluster: Cluster, settings: RuleSettings) -> Sequence[Verdict]:
    """Return a rule's verdicts on one thing; what it raises becomes a silence that names it."""
    reason = _unasked(rule, thing, cluster)
    if reason:
        return (Silence(rule.name, subject_of(thing), *reason),)
    try:
        said = tuple(_verdicts(rule, thing, cluster, settings))
        fault = next((fault for fault in map(_fault, said) if fault), "")
    except Exception as error:  # noqa: BLE001 - one rule's fault must not end the run, and it is reported
        fault = f"{type(error).__name__}: {error}"
    if fault:
        reason = (SilenceKind.MISSING, f"the rule failed, which is a fault of the rule: {fault}")
        return (Silence(rule.name, subject_of(thing), *reason),)
    return said


def _verdicts(rule: AnyRule, thing: Workload | Node, cluster: Cluster, settings: RuleSettings) -> Iterator[Verdict]:
    if isinstance(thing, Node):
        return cast("NodeRule[RuleSettings]", rule).judge_node(thing, cluster, settings)
    return cast("WorkloadRule[RuleSettings]", rule).judge(thing, cluster, settings)


def _fault(verdict: Verdict) -> str:
    """Return how a finding breaks the contract; empty where it keeps it."""
    if isinstance(verdict, Silence):
        return ""
    if not verdict.options:
        return "a finding without options"
    sure = all(0 <= option.confidence <= 1 for option in verdict.options)
    return "" if sure else "a confidence outside 0 to 1"


def _unasked(rule: AnyRule, thing: Workload | Node, cluster: Cluster) -> tuple[SilenceKind, str] | None:
    """Return why a rule is not asked about a thing; None where it is."""
    ignored = _ignored(rule, thing)
    if ignored:
        return SilenceKind.DECLARED, ignored
    if rule.observes:
        unseen = _unseen(thing, cluster)
        if unseen:
            return unseen
    return _lacking(rule, thing)


def _ignored(rule: AnyRule, thing: Workload | Node) -> str:
    if isinstance(thing, Node):
        return ""
    ignore = thing.wishes.ignore
    told = thing.wishes.ignore_source or "trimtab.dev/ignore"
    return f"hands off, says {told}" if "*" in ignore or rule.name in ignore else ""


def _unseen(thing: Workload | Node, cluster: Cluster) -> tuple[SilenceKind, str] | None:
    """Return why the window does not show a thing; None where it does."""
    blind = next((gap for gap in cluster.gaps if gap.blind), None)
    if blind:
        return SilenceKind.MISSING, f"{blind.what} could not be read: {blind.reason}"
    if isinstance(thing, Workload) and not thing.live:
        return SilenceKind.MISSING, "Git declares it, and the cluster does not show it"
    if isinstance(thing.age_s, Found) and thing.age_s.value < _COVERED * cluster.window_s:
        days, window = thing.age_s.value / 86400, cluster.window_s / 86400
        return SilenceKind.YOUNG, f"it is younger than the window: {days:.1f} of {window:.1f} days"
    if isinstance(thing, Workload) and thing.coverage < _COVERED:
        return SilenceKind.YOUNG, f"only {thing.coverage:.0%} of the window has samples of it, as if it were younger"
    return None


def _lacking(rule: AnyRule, thing: Workload | Node) -> tuple[SilenceKind, str] | None:
    """Return the first fact that a rule needs and that is missing; None where none is."""
    for path in rule.needs:
        value: object = thing
        for name in path.split("."):
            value = getattr(value, name, Unknown("there is no fact of this name"))
        if isinstance(value, Unknown):
            return SilenceKind.MISSING, f"{path} is not known: {value.reason}"
        if isinstance(value, Found) and isinstance(value.value, float) and not math.isfinite(value.value):
            return SilenceKind.MISSING, f"{path} is not a number"
    return None
