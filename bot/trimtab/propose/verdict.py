"""Holds what changed in the renderings to what was meant: every field, in one workload, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from trimtab.fleet import Scalar
from trimtab.manifest import Plain
from trimtab.propose.explain import Wanted, explained, is_checksum, wanted_of
from trimtab.propose.showing import show
from trimtab.recommendation import Proof
from trimtab.render import FieldChange, ObjectId
from trimtab.rule import Change

_CARRIED = frozenset({"ConfigMap", "Secret", ""})
"""Kinds that carry settings for a workload; any other changed object is a workload, or stands for one."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What an edit is meant to do.

    Attributes:
        changes: The settings.
        engine: The serving's engine, whose flags and variables are known by name.
        name: What the workload is called in the cluster.
        aliases: What else may stand for it in a rendering, where nothing there has its name.
        namespace: Where it is; empty where nothing tells.
    """

    changes: Sequence[Change]
    engine: str
    name: str
    aliases: Collection[str]
    namespace: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One target before and after.

    Attributes:
        tool: What rendered it.
        namespace: Where its objects go that name none; empty where nothing tells.
        changes: What differs.
        renamed: A line for each name that only follows content, and each field that is made anew each time.
        faults: What the API server would refuse of the new objects, and not of the old ones.
        new: The objects that differ, as they would be; no Secrets.
    """

    tool: str
    namespace: str
    changes: tuple[FieldChange, ...]
    renamed: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    new: Mapping[ObjectId, Plain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Disproof:
    """The edit does something else than was meant, or not all of it."""

    reason: str


def verdict(compared: Sequence[Compared], meant: Meant, edited: Collection[str]) -> Proof | Disproof:
    """Return the proof, or the first thing that speaks against it; `edited` are the settings that the splices set."""
    asked: dict[str, tuple[Scalar, Scalar]] = {change.field: (change.before, change.after) for change in meant.changes}
    wanted = wanted_of(asked, sorted(edited))
    for fault in (fault for one in compared for fault in one.faults):
        return Disproof(fault)
    return _unasked(compared, wanted, meant.engine) or _elsewhere(compared, meant) or told(compared)


def told(compared: Sequence[Compared]) -> Proof:
    """Return what differs as a proof's text and figures."""
    telling = [one for one in compared if one.changes]
    fields = [(one.tool, change) for one in telling for change in one.changes]
    tools = dict.fromkeys(one.tool for one in telling)
    shown = "\n".join(_parts(telling, several=len(tools) > 1))
    return Proof(", ".join(tools), shown, len(fields), len({(tool, change.object) for tool, change in fields}))


def _unasked(compared: Sequence[Compared], wanted: Sequence[Wanted], engine: str) -> Disproof | None:
    """Return what no setting accounts for, or which setting shows nowhere."""
    found: set[str] = set()
    for change in (change for one in compared for change in one.changes if not is_checksum(change)):
        because = explained(change, wanted, engine)
        if not because:
            return Disproof(f"{change.object} {change.pointer or '(the whole object)'} would change, unasked")
        found |= because
    missing = sorted({one.field for one in wanted if one.asked} - found)
    if missing:
        return Disproof(f"{', '.join(missing)} would change in Git and nowhere in what is rendered from it")
    return None


def _elsewhere(compared: Sequence[Compared], meant: Meant) -> Disproof | None:
    """Return which other workload the edit would reach; a base or a chart may be used more than once."""
    reached = sorted({place for one in compared for place in _workloads(one)})
    mine = [place for place in reached if _is_meant(place, {meant.name}, meant.namespace)]
    mine = mine or [place for place in reached if _is_meant(place, meant.aliases, meant.namespace)]
    others = [place for place in reached if place not in mine]
    if len(mine) > 1 and len({place.tool for place in mine}) > 1:
        return Disproof(f"the change would reach {' and '.join(place.shown for place in mine)}")
    kinds = {place.kind for place in mine}
    reaching = [place for place in others if place.kind in kinds]
    if reaching:
        return Disproof(f"{reaching[0].shown} would change, too")
    if not mine and len(others) > 1:
        return Disproof(f"{' and '.join(place.shown for place in others[:3])} would change, and one of them is meant")
    return None


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """A workload that changes in a rendering."""

    kind: str
    namespace: str
    name: str
    tool: str

    @property
    def shown(self) -> str:
        return f"{self.kind} {'/'.join(filter(None, (self.namespace, self.name)))} of {self.tool}"


def _workloads(one: Compared) -> Iterator[_Place]:
    for change in one.changes:
        owner = change.object
        if owner.kind not in _CARRIED and not is_checksum(change):
            yield _Place(owner.kind, owner.namespace or one.namespace, owner.name, one.tool)


def _is_meant(place: _Place, names: Collection[str], namespace: str) -> bool:
    anywhere = not place.namespace or not namespace
    return place.name in names and (anywhere or place.namespace == namespace)


def _parts(compared: Sequence[Compared], *, several: bool) -> Iterator[str]:
    for one in compared:
        if several:
            yield f"# {one.tool}"
        yield from (f" {line}" for line in one.renamed)
        yield show(one.changes)
