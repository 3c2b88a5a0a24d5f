"""What a folder of manifests tells about the fleet: servings, clusters, Prometheus."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trimtab.cli.init_prometheus import Suggestion, suggest_prometheus
from trimtab.errors import TrimtabError
from trimtab.fleet import Serving
from trimtab.manifest import Tree, inspect, plain

UNNAMED = "main"
"""The cluster that Argo CD or Flux run in themselves: they have no name for it."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster, and how it is known; the reason is one line of plain words."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was found without asking anybody.

    Attributes:
        servings: What the manifests serve.
        clusters: Where; at least one.
        contexts: Those of the clusters that the kubeconfig has a context for.
        suggested: Where Prometheus may be.
    """

    servings: tuple[Serving, ...]
    clusters: tuple[Cluster, ...]
    contexts: frozenset[str]
    suggested: tuple[Suggestion, ...]


def recognise(folder: Path, named: Sequence[str], environ: Mapping[str, str]) -> Recognised:
    """Return what the manifests below a folder tell; `named` clusters are taken as they are.

    Raises:
        OSError: The folder cannot be read.
    """
    tree = Tree.read(folder)
    servings = inspect(tree).servings
    clusters = tuple(Cluster(name, "as you named it") for name in dict.fromkeys(named)) or _clusters(servings)
    contexts = frozenset(contexts_of(environ)) & {one.name for one in clusters}
    return Recognised(servings, clusters, contexts, suggest_prometheus(tree))


def _clusters(servings: Sequence[Serving]) -> tuple[Cluster, ...]:
    """Return the clusters that servings are brought to by name; an address names none that people would know."""
    targets = [one for serving in servings for one in serving.destinations]
    found = {one.cluster: one for one in reversed(targets) if one.cluster and "://" not in one.cluster}
    tools = {"argo": "Argo CD", "flux": "Flux"}
    named = [
        Cluster(name, f"{tools.get(found[name].tool, found[name].tool)} brings servings there")
        for name in sorted(found)
    ]
    if not named:
        return (Cluster(UNNAMED, "nothing in the tree names one"),)
    if UNNAMED not in found and any(one.cluster not in found for one in targets):
        named.append(Cluster(UNNAMED, "servings go to a cluster that the tree does not name"))
    return tuple(named)


def contexts_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the kubeconfig's contexts, and nothing else of it; none where there is no such file.

    It is where https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ says (1.34).
    """
    listed = environ.get("KUBECONFIG", "") or (f"{environ['HOME']}/.kube/config" if environ.get("HOME") else "")
    names: list[str] = []
    for path in filter(None, listed.split(os.pathsep)):
        try:
            document, _ = plain(Path(path).read_bytes(), path)
        except (OSError, TrimtabError):
            continue
        contexts = document.get("contexts") if isinstance(document, dict) else None
        for one in contexts if isinstance(contexts, list) else ():
            name = one.get("name") if isinstance(one, dict) else None
            names += [name] if isinstance(name, str) else []
    return tuple(names)
