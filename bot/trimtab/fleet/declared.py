"""What Git says: settings and the exact bytes that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trimtab.fleet.found import Scalar


@dataclass(frozen=True, slots=True)
class Location:
    """The exact characters that carry a value.

    Attributes:
        repository: The repository's name in the configuration.
        path: The file, relative to the repository's root, with `/`.
        document: Index of the YAML document in the file, from 0.
        line: Line of the first character, from 1.
        start: Byte offset of the first byte of the value, quotes outside.
        end: Byte offset after the last byte.
    """

    repository: str
    path: str
    document: int
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Setting:
    """One word of the vocabulary as it stands in Git.

    Attributes:
        field: The vocabulary's word, such as `max_model_len`.
        value: Number or boolean, or the text as written for quantities.
        raw: The characters of the span.
        location: Where they are.
        via: `flag`, `shell`, `env`, `field`, `configmap`, `dotenv`, `parameter` or `selector`.
        editable: Whether changing these bytes changes what runs.
        reason: Why not editable; empty where it is.
    """

    field: str
    value: Scalar
    raw: str
    location: Location
    via: str
    editable: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """A Kubernetes object by name; `namespace` is empty where Git leaves it open."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a deployment tool brings a declaration.

    Attributes:
        tool: `argo` or `flux`.
        name: Of the Application or the Kustomization; empty where a generator makes it up.
        namespace: That objects get which name none, of Flux all; empty where they keep their own.
        cluster: As the tool names it, a name or an address; empty where it is the one that the tool runs in.
        path: The file of the tool's object.
    """

    tool: str
    name: str
    namespace: str = ""
    cluster: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Serving:
    """An object in Git that serves a model.

    Attributes:
        subject: The address used by `inspect` and `edit`: `path#Kind/namespace/name/container`.
        repository: The repository's name in the configuration.
        path: The file, relative to the root.
        document: Index of the YAML document, from 0.
        api_version: The object's; empty for a list item of Helm values.
        kind: The object's; empty for a list item of Helm values.
        namespace: As declared, or as the wrapper deploys it; empty where Git leaves it open.
        name: The object's, or the item's.
        container: The serving container's, or the item's.
        wrapper: `plain`, `helm-values`, `flux-helmrelease`, `argo-application`, `kustomize` or `crd`.
        engine: `vllm`, `sglang` …; empty where it cannot be told.
        settings: By the vocabulary's word; what stands nowhere is absent.
        annotations: Annotations and labels of the object and of its pod template, as written.
        live_names: The objects this becomes in a cluster, where rendering or the shape tells.
        live_names_by: How `live_names` are known: `the object itself`, `rendered with helm`, `the shape's naming` …
        selector_key: The label key of the GPU product selector, where one stands; empty otherwise.
        clusters: Names of the clusters that this is deployed to; empty where the repository's own list holds.
        destinations: Where Argo CD and Flux bring it; empty where nothing in the tree tells.
        model_config: The text of the `config.json` that its annotation `trimtab.dev/model-config` names; else empty.
    """

    subject: str
    repository: str
    path: str
    document: int
    api_version: str
    kind: str
    namespace: str
    name: str
    container: str
    wrapper: str
    engine: str
    settings: Mapping[str, Setting]
    annotations: Mapping[str, str] = field(default_factory=dict)
    live_names: tuple[ObjectRef, ...] = ()
    live_names_by: str = ""
    selector_key: str = ""
    clusters: tuple[str, ...] = ()
    destinations: tuple[Destination, ...] = ()
    model_config: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """The declaration of a live workload, with how the two were joined and how sure that is.

    Attributes:
        serving: What Git says.
        how: In a few words: `same kind, namespace and name`, `rendered with helm`, …
        sure: Probability that the join is right, 0 to 1.
    """

    serving: Serving
    how: str
    sure: float
