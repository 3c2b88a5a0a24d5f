"""Whether a merged change is live: by what the cluster shows, and else by what can be seen of its way there."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.fleet import Found, Unknown, Workload
from trimtab.life import Entry
from trimtab.settle.deployed import Deployed, deployed
from trimtab.settle.live import differing, shows
from trimtab.settle.rollout import oldest_start_s
from trimtab.settle.times import DAY_S, seconds, time
from trimtab.settle.world import World

_PATIENCE_S = 2 * DAY_S
"""How long a value is waited for that nothing shows, before what else can be seen has to do, seconds."""


@dataclass(frozen=True, slots=True)
class Live:
    """It is live, and how that is known."""

    how: str


@dataclass(frozen=True, slots=True)
class NotLive:
    """It is not known to be live, and what is missing."""

    reason: str


def lived(entry: Entry, workload: Workload, world: World, age_s: int) -> Live | NotLive:
    """Return whether a merged change is live.

    Args:
        entry: Of its merge, with the changes as merged.
        workload: As the cluster shows it.
        world: What deploys it, and when its pods started.
        age_s: How long ago the merge was recorded, seconds.
    """
    tool = deployed(entry, workload, world)
    shown = shows(workload, entry.changes)
    wrong = tuple(differing(workload, entry.changes))
    if isinstance(shown, Found) and shown.value:
        by = f"; {tool.value.told}" if isinstance(tool, Found) and tool.value.synced else ""
        return Live(f"the cluster shows the merged values{by}")
    if wrong:
        return NotLive(f"merged, and not live yet: {', '.join(wrong)}{_told(tool)}")
    unseen = shown.reason if isinstance(shown, Unknown) else "the cluster does not show all of it"
    return _by_rollout(entry, _Way(workload, world, tool), unseen, age_s)


@dataclass(frozen=True, slots=True)
class _Way:
    """What is seen of a change's way to the cluster."""

    workload: Workload
    world: World
    tool: Found[Deployed] | Unknown

    @property
    def held_up(self) -> bool:
        """Return whether a tool deploys it and is known not to have applied the merge."""
        return isinstance(self.tool, Found) and self.tool.value.held_up


def _by_rollout(entry: Entry, way: _Way, unseen: str, age_s: int) -> Live | NotLive:
    """Return whether pods that are all newer than the merge stand in for values that nothing shows."""
    merged = way.world.merged_s(entry)
    merged_s = merged.value if isinstance(merged, Found) else seconds(entry.at)
    started = oldest_start_s(way.workload, way.world)
    if way.held_up:
        return NotLive(f"{unseen}{_told(way.tool)}")
    if isinstance(started, Unknown):
        return NotLive(f"{unseen}; {started.reason}")
    if started.value <= merged_s:
        return NotLive(f"{unseen}; a pod of {time(started.value)} is older than the merge: was it rolled out?")
    if age_s < _PATIENCE_S:
        return NotLive(
            f"{unseen}; its pods started after the merge, which is taken for live on "
            f"{time(seconds(entry.at) + _PATIENCE_S)}"
        )
    by = f" and {way.tool.value.told}" if isinstance(way.tool, Found) else ""
    return Live(f"taken for live: all pods started after the merge, {time(started.value)}{by}; {unseen}")


def _told(tool: Found[Deployed] | Unknown) -> str:
    return f"; {tool.value.told}" if isinstance(tool, Found) else ""
