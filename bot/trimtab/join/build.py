"""The fleet, cluster by cluster: facts in, domain out, ordered by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from trimtab.config import ClusterSettings, Config
from trimtab.facts import ClusterFacts, Facts, RepositoryFacts
from trimtab.fleet import Cluster, Fleet, Found, Gap, ObjectRef, Place, Serving, Unknown, Workload
from trimtab.join.costs import join_costs
from trimtab.join.declared import declared_workload
from trimtab.join.devices import Devices
from trimtab.join.measures import rival_stems
from trimtab.join.nodes import join_nodes, unlabelled
from trimtab.join.places import EXACT, may_run, names_of
from trimtab.join.pods import Group, gpu_pods, group_pods
from trimtab.join.pools import join_pools
from trimtab.join.readings import Readings
from trimtab.join.workloads import Scene, join_workload, place_of

_MS = 1000.0


@dataclass(frozen=True, slots=True)
class _Joined:
    """A cluster with what it runs, by declaration and by name, and whether it answered at all."""

    cluster: Cluster
    running: frozenset[str | ObjectRef]
    answered: bool


def fleet_of(facts: Facts, config: Config) -> Fleet:
    """Return the fleet that the facts show, each workload joined to its declaration in Git."""
    read = {one.cluster: one for one in facts.clusters}
    joined = [
        _live(settings, read.get(settings.name), facts.repositories, config)
        for settings in sorted(config.clusters, key=lambda one: one.name)
    ]
    clusters = _with_declared(joined, facts.repositories)
    ended = max((one.ended_at_s for one in facts.clusters), default=0)
    gaps = tuple(gap for repository in facts.repositories for gap in repository.gaps)
    return Fleet(clusters, gaps, facts.digest, ended)


def _live(
    settings: ClusterSettings, facts: ClusterFacts | None, repositories: Sequence[RepositoryFacts], config: Config
) -> _Joined:
    """Return a cluster with what runs in it."""
    gaps = facts.gaps if facts else ()
    if facts is None or not (facts.series or facts.objects):
        if not any(gap.blind for gap in gaps):
            why = "nothing was read of this cluster; only manifests are judged"
            gaps = (*gaps, Gap(settings.name, "prometheus", why, blind=True))
        facts = ClusterFacts(settings.name, facts.ended_at_s if facts else 0, int(config.window), (), {})
    readings = Readings(facts)
    pods = gpu_pods(readings)
    nodes = join_nodes(readings, pods)
    candidates = _servings(repositories, settings.name, _names(config))
    groups = _with_parked(group_pods(readings, pods), candidates, readings)
    by_name = {node.name: node for node in nodes}
    pools = join_pools(readings, nodes)
    scene = Scene(readings, by_name, pools, Devices(readings, nodes), rival_stems(groups))
    places = _places(scene, groups, candidates)
    workloads = [join_workload(scene, group, place) for group, place in zip(groups, places, strict=True)]
    costs, unpriced = join_costs(readings, nodes)
    cluster = Cluster(
        name=settings.name,
        provider=settings.provider,
        region=settings.region,
        window_s=facts.window_s,
        nodes=nodes,
        workloads=tuple(workload for workload, _ in workloads),
        pools=pools,
        gaps=(*gaps, *unlabelled(settings.name, nodes), *unpriced, *(gap for _, broken in workloads for gap in broken)),
        usd_per_gpu_hour=costs,
        ttft_p95_ms_assumed=config.objectives.ttft_p95 * _MS,
        tpot_p95_ms_assumed=config.objectives.tpot_p95 * _MS,
    )
    return _Joined(cluster, frozenset(_running(cluster.workloads)), not any(gap.blind for gap in cluster.gaps))


def _names(config: Config) -> frozenset[str]:
    return frozenset(cluster.name for cluster in config.clusters)


def _servings(repositories: Sequence[RepositoryFacts], cluster: str, known: frozenset[str]) -> tuple[Serving, ...]:
    """Return the declarations that may be deployed to a cluster."""
    return tuple(
        serving
        for repository in repositories
        for serving in repository.servings
        if may_run(serving, repository.clusters, cluster, known)
    )


def _with_parked(groups: Sequence[Group], servings: Iterable[Serving], readings: Readings) -> tuple[Group, ...]:
    """Return the groups, and declared objects that the cluster has without any pod in the window: parked at zero."""
    standing = {(group.namespace, group.kind, group.name) for group in groups}
    counted: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for namespace, kind, name in readings.by("workload_replicas", "namespace", "kind", "name"):
        counted[kind, name].append(namespace)
    parked = set()
    for ref in (ref for serving in servings for ref in names_of(serving)):
        homes = counted[ref.kind, ref.name]
        if ref.namespace in homes or (not ref.namespace and len(homes) == 1):
            parked.add((ref.namespace or homes[0], ref.kind, ref.name))
    extra = [Group(namespace, kind, name, (), ()) for namespace, kind, name in parked - standing]
    return tuple(sorted((*groups, *extra), key=lambda group: (group.namespace, group.kind, group.name)))


def _places(scene: Scene, groups: Sequence[Group], servings: Sequence[Serving]) -> list[Found[Place] | Unknown]:
    """Return each workload's place; what one takes by name, another cannot take by resemblance."""
    first = [place_of(scene, group, servings) for group in groups]
    taken = {_address(one.value.serving) for one in first if isinstance(one, Found) and one.value.sure >= EXACT}
    rest = [serving for serving in servings if _address(serving) not in taken]
    return [
        place_of(scene, group, rest)
        if isinstance(place, Found) and place.value.sure < EXACT and _address(place.value.serving) in taken
        else place
        for group, place in zip(groups, first, strict=True)
    ]


def _with_declared(joined: Sequence[_Joined], repositories: Sequence[RepositoryFacts]) -> tuple[Cluster, ...]:
    """Return the clusters with what Git declares and none of them runs.

    A declaration that names its clusters is expected in each; one that leaves it open is running if any runs it, and
    is told once otherwise: of the first cluster that did not answer, since it may run there, or else of the first.
    """
    known = frozenset(one.cluster.name for one in joined)
    allowed = {name: _servings(repositories, name, known) for name in known}
    running: defaultdict[str, set[str]] = defaultdict(set)
    for one in joined:
        for serving in allowed[one.cluster.name]:
            if one.running & {_address(serving), *names_of(serving)}:
                running[_address(serving)].add(one.cluster.name)
    told: set[str] = set()
    found: dict[str, list[Serving]] = {}
    for one in sorted(joined, key=lambda each: (each.answered, each.cluster.name)):
        name = one.cluster.name
        missing = [
            serving
            for serving in allowed[name]
            if _address(serving) not in told
            and not (name in running[_address(serving)] if _is_bound(serving, known) else running[_address(serving)])
        ]
        told |= {_address(serving) for serving in missing if not _is_bound(serving, known)}
        found[name] = missing
    return tuple(_add(one, found[one.cluster.name]) for one in joined)


def _is_bound(serving: Serving, known: frozenset[str]) -> bool:
    """Return whether a declaration names its clusters, and all of them are ours."""
    return bool(serving.clusters) and set(serving.clusters) <= known


def _running(workloads: Iterable[Workload]) -> Iterator[str | ObjectRef]:
    """Yield the declarations that live workloads took, and their names: what has one of them is not missing."""
    for workload in workloads:
        yield ObjectRef(workload.kind, workload.namespace, workload.name)
        yield ObjectRef(workload.kind, "", workload.name)
        if isinstance(workload.place, Found):
            yield _address(workload.place.value.serving)


def _address(serving: Serving) -> str:
    return f"{serving.repository}:{serving.subject}"


def _add(one: _Joined, missing: Sequence[Serving]) -> Cluster:
    """Return the cluster with declared workloads beside the live ones."""
    cluster = one.cluster
    reason = "declared in Git; the cluster does not run it" if one.answered else "the cluster was not read"
    added = [declared_workload(cluster.name, serving, cluster.pools, reason) for serving in missing]
    workloads = (*cluster.workloads, *(workload for workload, _ in added))
    return replace(
        cluster,
        workloads=tuple(sorted(workloads, key=_order)),
        gaps=(*cluster.gaps, *(gap for _, broken in added for gap in broken)),
        orphans=tuple(missing) if one.answered else (),
    )


def _order(workload: Workload) -> tuple[str, str, str, bool, str]:
    place = workload.place
    where = place.value.serving.subject if isinstance(place, Found) else ""
    return (workload.namespace, workload.kind, workload.name, not workload.live, where)
