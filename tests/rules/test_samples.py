"""Holds every rule to its samples: what is waste and found, and what looks like it and is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.rules.building import cluster_of
from trimtab.judge import LoadedRule, Verdicts, judge_cluster, load_rules, settings_of

HERE = Path(__file__).parent
WASTE = sorted(HERE.glob("*/waste/*.yaml"))
FINE = sorted(HERE.glob("*/fine/*.yaml"))
RULES = load_rules()


def judged(path: Path) -> tuple[dict[str, object], Verdicts]:
    """Return a sample's expectations, and what its rule says of it."""
    sample = yaml.safe_load(path.read_text(encoding="utf-8"))
    name = path.parent.parent.name.replace("_", "-")
    settings = settings_of(RULES, {name: sample.get("settings", {})})
    return sample, judge_cluster(cluster_of(sample), RULES, {name: settings[name]})


@pytest.mark.parametrize("path", WASTE, ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
def test_waste_is_found(path: Path) -> None:
    """A sample of waste gives one finding with the expected change among its options."""
    sample, verdicts = judged(path)

    assert len(verdicts.findings) == 1, verdicts.silences
    finding = verdicts.findings[0]
    options = [{change.field: change.after for change in option.changes} for option in finding.options]
    if "fields" in sample:
        assert sample["fields"] in [list(option) for option in options]
    else:
        assert sample.get("changes", {}) in options
    assert sample.get("confidence", finding.options[0].confidence) == finding.options[0].confidence
    assert finding.evidence
    assert finding.more_gpus
    assert str(sample.get("says", "")) in f"{finding.diagnosis} {finding.more_gpus} {finding.advice}"


@pytest.mark.parametrize("path", FINE, ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
def test_look_alike_is_let_be(path: Path) -> None:
    """A sample that only looks like waste gives no finding, and the expected silence where one is due."""
    sample, verdicts = judged(path)

    assert verdicts.findings == ()
    silences = [(str(silence.kind), silence.reason) for silence in verdicts.silences]
    if sample.get("silence") == "none":
        assert silences == []
    else:
        assert any(kind == sample["silence"] and sample.get("reason", "") in reason for kind, reason in silences), (
            silences
        )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_samples(rule: LoadedRule) -> None:
    """A rule has samples of waste, and at least as many that only look like it."""
    folder = HERE / rule.name.replace("-", "_")

    waste, fine = list(folder.glob("waste/*.yaml")), list(folder.glob("fine/*.yaml"))
    assert 0 < len(waste) <= len(fine)
