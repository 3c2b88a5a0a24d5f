"""Something that can be rendered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """Something that can be rendered.

    Attributes:
        kind: `helm`, `kustomize` or `object`.
        path: The chart's folder, the overlay's folder, or the file.
        release: The release's name, for a chart.
        namespace: Where it is installed; empty where nothing tells.
        values_files: Paths in the repository, in the order they are given.
        values: Values that stand inside an Application or HelmRelease, by the path of that file and document.
        missing: Why the files of the repository do not suffice; empty where they do.
        source: Which of an Application's sources it is, from 0.
        shelved: Name and version of a chart that is not in the repository, to be looked for among the operator's.
        origin: The repository that such a chart comes from: its address; empty where nothing tells.
        kube_version: The Kubernetes release that templates are told, where the declaration names one.
        api_versions: The APIs that templates are told of, where the declaration names them.
        values_from: Files of the repository that values are referred to in, apart from values files.
        optional_files: Whether a values file may be missing.
    """

    kind: str
    path: str
    release: str = ""
    namespace: str = ""
    values_files: tuple[str, ...] = ()
    values: tuple[str, int] = ("", 0)
    missing: str = ""
    source: int = 0
    shelved: tuple[str, str] = ("", "")
    origin: str = ""
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    optional_files: bool = False
    values_from: tuple[str, ...] = ()
