"""What settling looks at beside the fleet: Git as it was read, and the facts that the fleet was joined from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from trimtab.facts import ClusterFacts
from trimtab.fleet import Found, Unknown
from trimtab.life import Entry

_UNKNOWN = Unknown("Git was not asked")


@dataclass(frozen=True, slots=True)
class World:
    """The surroundings of a merged change.

    Attributes:
        facts: Of every cluster.
        commits: The commit at which each repository was read, by its name.
        holds: Whether a commit of the entry's repository has the merge in its history.
        merged_s: When the merge was made, Unix seconds.
    """

    facts: Sequence[ClusterFacts] = ()
    commits: Mapping[str, str] = field(default_factory=dict)
    holds: Callable[[Entry, str], Found[bool] | Unknown] = lambda _entry, _commit: _UNKNOWN
    merged_s: Callable[[Entry], Found[int] | Unknown] = lambda _entry: _UNKNOWN

    def of(self, cluster: str) -> ClusterFacts | Unknown:
        """Return the facts of a cluster."""
        for facts in self.facts:
            if facts.cluster == cluster:
                return facts
        return Unknown(f"cluster {cluster} was not read")

    def holds_merge(self, entry: Entry, commit: str) -> bool:
        """Return whether a commit is known to have the merge in its history."""
        held = self.holds(entry, commit) if commit else _UNKNOWN
        return isinstance(held, Found) and held.value


NOWHERE = World()
"""Nothing but the fleet is known."""
