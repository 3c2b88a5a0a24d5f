"""Finds the rules, asks them about a fleet, and keeps what they said and why they said nothing."""

from trimtab.judge.clusters import Verdicts, judge, judge_cluster, merged
from trimtab.judge.loading import GROUP, LoadedRule, load_rules
from trimtab.judge.manual import Manual, read_manual
from trimtab.judge.tuning import settings_of

__all__ = [
    "GROUP",
    "LoadedRule",
    "Manual",
    "Verdicts",
    "judge",
    "judge_cluster",
    "load_rules",
    "merged",
    "read_manual",
    "settings_of",
]
