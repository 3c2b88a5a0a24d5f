"""Where Argo CD and Flux bring what a tree declares: by which of their objects, to which cluster and namespace.

Sources: https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml (3.1),
https://fluxcd.io/flux/components/kustomize/kustomizations/ (2.6): a path without a `kustomization.yaml` takes all
manifests below it, but of a folder that has one only what that names.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from trimtab.fleet import Destination
from trimtab.manifest.argo_release import value_file
from trimtab.manifest.context import Context
from trimtab.manifest.flux_kustomization import FluxKustomization
from trimtab.manifest.generated_apps import fill, parameters_of, sources_of
from trimtab.manifest.kustomize import Overlays
from trimtab.manifest.objects import Thing, things_in
from trimtab.manifest.paths import alternatives, folder_of, joined, within
from trimtab.manifest.seen import Seen, asked
from trimtab.manifest.source import Cursor
from trimtab.manifest.tree import Tree

_ARGO = "argoproj.io"
_OF_CLUSTER = re.compile(r"(?:^|/)clusters?/(?P<name>[^/]+)/")
_ITSELF = frozenset({"in-cluster", "https://kubernetes.default.svc", "https://kubernetes.default.svc.cluster.local"})
_DEPTH = 4


@dataclass(frozen=True, slots=True)
class _Bringer:
    """One object of a tool, the one of its file with this number: its destination, the folders and files it takes.

    `include` and `exclude` are Argo CD's patterns for the files of folders without a kustomization, where it has any.
    """

    number: int
    destination: Destination
    folders: tuple[str, ...]
    files: tuple[str, ...]
    below: bool
    include: str = ""
    exclude: str = ""

    def thing(self, tree: Tree) -> Thing:
        """Return the object itself."""
        return tuple(things_in(tree, self.destination.path))[self.number]

    def text(self) -> str:
        """Return it in a form that is kept."""
        return json.dumps(
            [self.number, astuple(self.destination), self.folders, self.files, self.below, self.include, self.exclude]
        )

    @staticmethod
    def of(text: str) -> _Bringer:
        """Return what was kept."""
        number, destination, folders, files, *rest = json.loads(text)
        return _Bringer(number, Destination(*destination), tuple(folders), tuple(files), *rest)

    def leaves_out(self, name: str) -> bool:
        """Return whether its patterns leave out a file, by its path below the folder.

        Source: https://argo-cd.readthedocs.io/en/stable/user-guide/directory/#includingexcluding-certain-files (3.1).
        """
        included = not self.include or any(fnmatchcase(name, one) for one in alternatives(self.include))
        return not included or any(fnmatchcase(name, one) for one in alternatives(self.exclude) if one)


class Deployments:
    """Answers where files go live."""

    def __init__(self, context: Context, overlays: Overlays) -> None:
        """Look at no object before the first question."""
        self._context = context
        self._overlays = overlays
        self._of_path: dict[str, tuple[_Bringer, ...]] = {}

    @property
    def seen(self) -> Seen:
        """Return where notes are taken."""
        return self._context.seen

    def of(self, path: str) -> tuple[Destination, ...]:
        """Return where a file is brought, in the order of the tools' own files; none where nothing tells."""
        found = [one.destination for one in self.bringing(path)]
        return tuple(dict.fromkeys(found))

    def why_not_live(self, path: str, kind: str, name: str) -> str:
        """Return why the replicas that Git says for an object are not what runs; empty where nothing says so."""
        for one in self.bringing(path):
            thing = one.thing(self._context.tree)
            if _ignores_replicas(thing, kind, name):
                by = f"{thing.kind} {thing.name} ({thing.path})"
                return f"{by} ignores differences of the number of replicas: something else sets it"
        return ""

    def kustomizations(self, path: str) -> tuple[Thing, ...]:
        """Return the Kustomizations of Flux that bring a file."""
        return tuple(one.thing(self._context.tree) for one in self.covering(path))

    @asked
    def covering(self, path: str) -> tuple[FluxKustomization, ...]:
        """Return the Kustomizations of Flux that bring a file."""
        return tuple(one for one in self._overlays.fluxes if self._covers(one.folder, path, below=True))

    @asked
    def bringing(self, path: str) -> tuple[_Bringer, ...]:
        """Return the objects that bring a file, in their order."""
        if path not in self._of_path:
            above = itertools.accumulate(folder_of(path).split("/"), "{}/{}".format)
            names = (path, "/", *(f"{folder}/" for folder in above))
            numbers = sorted({number for name in names for number in self._numbers.get(name, ())})
            found = (self._bringers[number] for number in numbers)
            self._of_path[path] = tuple(one for one in found if self._takes(one, path))
        return self._of_path[path]

    @cached_property
    def _numbers(self) -> Mapping[str, set[int]]:
        """Return the numbers of the objects by the files they name and, with a slash behind, the folders."""
        found: dict[str, set[int]] = {}
        for number, one in enumerate(self._bringers):
            laid = [folder for folder in one.folders if self._overlays.is_kustomized(folder)]
            plain = [f"{folder}/" for folder in one.folders if folder not in laid]
            for name in (*one.files, *plain, *(path for folder in laid for path in self._overlays.feeding(folder))):
                found.setdefault(name, set()).add(number)
        return found

    def _takes(self, bringer: _Bringer, path: str) -> bool:
        if path in bringer.files:
            return True
        folders = [folder for folder in bringer.folders if self._covers(folder, path, below=bringer.below)]
        laid = any(self._overlays.is_kustomized(folder) for folder in folders)
        return laid or any(not bringer.leaves_out(path[len(folder) :].lstrip("/")) for folder in folders)

    def _covers(self, folder: str, path: str, *, below: bool) -> bool:
        """Return whether a folder that a tool is pointed at includes a file."""
        if self._overlays.is_kustomized(folder):
            return path in self._overlays.feeding(folder)
        if not within(path, folder):
            return False
        between = folder_of(path)[len(folder) :].strip("/").split("/") if folder_of(path) != folder else []
        for depth in range(1, len(between) + 1):
            inner = joined(folder, "/".join(between[:depth]))
            if self._overlays.is_kustomized(inner):
                return below and path in self._overlays.feeding(inner)
        return below or not between

    @cached_property
    def _bringers(self) -> tuple[_Bringer, ...]:
        paths = self._context.tree.holding(_ARGO)
        applications = (_Bringer.of(text) for path in paths for text in self.applications_in(path))
        return (*applications, *(self._flux(one) for one in self._overlays.fluxes))

    def applications_in(self, path: str) -> tuple[str, ...]:
        """Return what the Applications of one file take, in a form that is kept."""

        def texts() -> tuple[str, ...]:
            things = enumerate(things_in(self._context.tree, path))
            found = (one for number, thing in things for one in _applications(thing, number, self._context))
            return tuple(one.text() for one in found)

        return self.seen.kept("applications", path, texts)

    def _flux(self, one: FluxKustomization) -> _Bringer:
        cluster = re.sub(r"-?kubeconfig-?", "", one.remote) if one.remote else self._cluster_of(one.path, 0)
        destination = Destination("flux", one.name, one.namespace, cluster, one.path)
        return _Bringer(one.number, destination, (one.folder,), (), below=True)

    def _cluster_of(self, path: str, depth: int) -> str:
        """Return the cluster whose folder a file lies in or is taken from; empty where that is not just one."""
        own = _OF_CLUSTER.search(path)
        if own is not None:
            return own["name"]
        names = {match["name"] for root in self._overlays.roots_of(path) if (match := _OF_CLUSTER.search(f"{root}/"))}
        for one in self._overlays.fluxes if depth < _DEPTH and not names else ():
            if one.path != path and self._covers(one.folder, path, below=True):
                names.add(self._cluster_of(one.path, depth + 1))
        return names.pop() if len(names) == 1 else ""


_SCALED = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "*"})


def _ignores_replicas(thing: Thing, kind: str, name: str) -> bool:
    """Return whether an Application leaves an object's replicas alone; of values, the object's name is not known."""
    spec = thing.at.get("spec", "template", "spec") if thing.kind == "ApplicationSet" else thing.at.get("spec")
    for item in spec.items("ignoreDifferences") if spec is not None and thing.group == _ARGO else ():
        pointers = [one.string for key in ("jsonPointers", "jqPathExpressions") for one in item.items(key)]
        same_kind = item.word("kind") in ({kind, "*"} if kind in _SCALED else _SCALED)
        same_name = item.word("name") in {"", name} or not kind
        if same_kind and same_name and {"/spec/replicas", ".spec.replicas"} & set(pointers):
            return True
    return False


def _applications(thing: Thing, number: int, context: Context) -> Iterator[_Bringer]:
    """Yield what an Application takes, or each that an ApplicationSet makes."""
    if thing.group != _ARGO or thing.kind not in {"Application", "ApplicationSet"}:
        return
    made = thing.kind == "ApplicationSet"
    spec = thing.at.get("spec", "template", "spec") if made else thing.at.get("spec")
    name = thing.at.word("spec", "template", "metadata", "name") if made else thing.name
    for parameters in (parameters_of(thing.at, context.tree) or ({},)) if made else ({},):
        if spec is not None:
            yield _application(thing, number, spec, fill(name, parameters), parameters)


def _application(thing: Thing, number: int, spec: Cursor, name: str, parameters: Mapping[str, str]) -> _Bringer:
    folders, files, below = [], {thing.path}, False
    patterns = {"include": "", "exclude": ""}
    for source in sources_of(spec):
        patterns = {key: source.word("directory", key) or said for key, said in patterns.items()}
        folder = joined("", _known(fill(source.word("path"), parameters)).lstrip("/")) if source.word("path") else ""
        folders += [folder] if folder and not source.word("chart") else []
        below = below or source.word("directory", "recurse") == "true" or source.get("helm") is not None
        names = [_known(fill(one.string, parameters)) for one in source.items("helm", "valueFiles")]
        files |= {value_file(folder, name) for name in names if name}
    target = [_known(fill(spec.word("destination", key), parameters)) for key in ("name", "server", "namespace")]
    cluster = next((one for one in target[:2] if one and one not in _ITSELF), "")
    return _Bringer(
        number,
        Destination("argo", _known(name), target[2], cluster, thing.path),
        tuple(folders),
        tuple(sorted(files)),
        below,
        **patterns,
    )


def _known(text: str) -> str:
    """Return a text, or nothing where a generator that is not known still has to fill it."""
    return "" if "{{" in text else text


def clusters_of(destinations: tuple[Destination, ...]) -> tuple[str, ...]:
    """Return the clusters that a declaration goes to; none where any of its destinations leaves it open."""
    names = {one.cluster for one in destinations}
    return () if "" in names else tuple(sorted(names))
