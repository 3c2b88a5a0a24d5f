"""The text of a new rule: whole and valid, with nothing to see yet."""

from __future__ import annotations

_TEXT = '''"""NAME

## What it sees
Say what is wasted, and by which figures that is seen.

## Why it costs
Say who pays for it.

## What it changes
Say which settings it changes.

## When it stays silent
- Say what looks the same and is not waste.

## How sure it is
Say what makes it surer or less sure.

## Sources
- Link what its thresholds and formulas rest on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from trimtab import demand
from trimtab.fleet import Cluster, Workload
from trimtab.rule import Layer, RuleSettings, SilenceKind, Verdict, WorkloadRule


class Limits(RuleSettings):
    """Where the line is drawn."""

    busy: float = Field(0.1, ge=0, le=1, description="GPU activity, mean, below which it is judged.")


class CLASS:
    """Judges one workload."""

    name: ClassVar[str] = "NAME"
    layer: ClassVar[Layer] = Layer.MODEL
    since: ClassVar[str] = "0.1"
    needs: ClassVar[tuple[str, ...]] = ("traffic.requests_per_s_avg",)
    observes: ClassVar[bool] = True
    Settings = Limits

    def judge(self, workload: Workload, cluster: Cluster, settings: Limits) -> Iterator[Verdict]:
        """Yield what is wrong with the workload, or why nothing is said."""
        if demand.number(demand.gpu_busy_avg(workload), 1.0) < settings.busy:
            reason = f"{workload.name} is quiet in {demand.window(cluster)}, and this rule proposes nothing yet"
            yield demand.silence(self.name, workload, SilenceKind.NO_BETTER, reason)


rule: WorkloadRule[Limits] = CLASS()
'''


def skeleton(name: str) -> str:
    """Return the text of a rule's file; `name` is in small letters with hyphens."""
    return _TEXT.replace("CLASS", "".join(part.title() for part in name.split("-"))).replace("NAME", name)
