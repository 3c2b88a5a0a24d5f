"""A cluster, the unit of work, and the fleet of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trimtab.fleet.declared import Serving
from trimtab.fleet.hardware import Node, Pool
from trimtab.fleet.workload import Workload


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be read, stated.

    Attributes:
        cluster: Where; empty for a repository.
        what: `prometheus`, `vllm metrics`, a repository's name …
        reason: Why, in words a user can act on.
        blind: Whether the whole cluster could not be judged because of it.
    """

    cluster: str
    what: str
    reason: str
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster, the unit of work.

    Attributes:
        name: As configured.
        provider: `aws`, `azure`, `gcp` …; empty where unsaid.
        region: The provider's; empty where unsaid.
        window_s: Length of the observation window, seconds.
        nodes: Nodes with GPUs.
        workloads: Live ones, and declared ones that do not run.
        pools: What could be moved to.
        gaps: What could not be read.
        usd_per_gpu_hour: Price by GPU product or instance type as the cluster's own cost exporter reports it.
        orphans: Declarations that no live workload matched although the cluster answered.
        ttft_p95_ms_assumed: Objective for time to first token where a workload declares none (`objectives` of the
            configuration).
        tpot_p95_ms_assumed: The same for time per output token.
    """

    name: str
    provider: str
    region: str
    window_s: int
    nodes: tuple[Node, ...]
    workloads: tuple[Workload, ...]
    pools: tuple[Pool, ...]
    gaps: tuple[Gap, ...]
    usd_per_gpu_hour: Mapping[str, float] = field(default_factory=dict)
    orphans: tuple[Serving, ...] = ()
    ttft_p95_ms_assumed: float = 1000.0
    tpot_p95_ms_assumed: float = 50.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everything that was read, joined; ordered by name, so that the same facts give the same bytes."""

    clusters: tuple[Cluster, ...]
    gaps: tuple[Gap, ...]
    facts_digest: str
    ended_at_s: int
    """End of the observation window, Unix seconds."""
