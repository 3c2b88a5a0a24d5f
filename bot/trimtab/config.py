"""`trimtab.yaml`: every option, its unit and its default. The committed JSON schema is generated from here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from trimtab.errors import UsageError
from trimtab.hours import check_timezone, check_window

_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h|d|w)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def parse_duration(text: object) -> float:
    """Return seconds for `7d`, `36h`, `500ms`, `1h30m`, or a bare number of seconds.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    parts = list(_DURATION.finditer(str(text)))
    if not parts or "".join(part.group() for part in parts) != str(text):
        raise ValueError(f"{text!r} is no duration; write 7d, 36h or 500ms")
    return sum(float(part["number"]) * _SECONDS[part["unit"]] for part in parts)


Seconds = Annotated[float, BeforeValidator(parse_duration), Field(json_schema_extra={"type": ["string", "number"]})]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mode(StrEnum):
    """What a run may do."""

    REPORT = "report"
    """Judge and say; open no pull request."""
    PROPOSE = "propose"
    """Open pull requests."""


class Prometheus(_Settings):
    """Where a cluster's metrics are."""

    url: str = Field(pattern=r"^https?://[^\s@]+$", description="Base address, without credentials in it.")
    matchers: str = Field(
        default="", description='Added to every selector, such as `cluster="eu"`, for a shared server.'
    )
    token_env: str = Field(default="", description="Environment variable that holds a bearer token; none by default.")
    timeout: Seconds = Field(default=120.0, gt=0, description="Longest wait for one query.")
    verify_tls: bool = Field(default=True, description="Whether the server's certificate is checked.")


class Kubernetes(_Settings):
    """How to read a cluster's API; optional. Read-only access is enough."""

    context: str = Field(default="", description="Context of the kubeconfig; its current one by default.")
    kubeconfig: str = Field(default="", description="Path of the kubeconfig; the client's own search by default.")
    in_cluster: bool = Field(default=False, description="Use the pod's service account instead.")
    dry_run: bool = Field(
        default=False, description="Whether changed objects are tried on the server, which keeps none: needs `patch`."
    )


class ClusterSettings(_Settings):
    """One cluster."""

    name: str = Field(min_length=1, description="Its name in everything Trimtab writes.")
    provider: str = Field(default="", description="`aws`, `azure`, `gcp` … for prices; unknown by default.")
    region: str = Field(default="", description="The provider's region, for prices; unknown by default.")
    prometheus: Prometheus | None = Field(default=None, description="Without it, only manifests are judged.")
    kubernetes: Kubernetes | None = Field(default=None, description="Optional: the API, for labels and live settings.")


class Forge(_Settings):
    """Where a repository's pull requests are opened."""

    kind: Literal["github", "gitlab", "gitea", "local"] = Field(description="Which forge.")
    api_url: str = Field(default="", description="Base address of the API; the public service by default.")
    repository: str = Field(default="", description="`owner/name`, or the project's full path.")
    commits: Literal["auto", "api", "git"] = Field(
        default="auto",
        description="How commits are made on GitHub: `api` by GitHub itself, which signs them as verified; `git` with "
        "git; `auto` by GitHub where the token is an App's, that of a workflow included.",
    )
    path: str = Field(default="", description="For `local`: the folder that stands in for a forge.")


class Repository(_Settings):
    """One GitOps repository: a folder, or an address to clone."""

    path: str = Field(default="", description="A folder, relative to the configuration file.")
    url: str = Field(default="", description="An address to clone over HTTP; the token comes from the environment.")
    name: str = Field(default="", description="Its name in everything Trimtab writes; the last part of path or url.")
    clusters: tuple[str, ...] = Field(default=(), description="Clusters it is deployed to; all by default.")
    base: str = Field(default="", description="Branch that is deployed; the repository's default branch by default.")
    root: str = Field(default="", description="Only below this folder of the repository; all of it by default.")
    forge: Forge | None = Field(default=None, description="Without it, `run` cannot open pull requests here.")

    @model_validator(mode="after")
    def _one_source(self) -> Repository:
        if bool(self.path) == bool(self.url):
            raise ValueError("give either `path` or `url`")
        return self

    @property
    def title(self) -> str:
        """Return the name, or the last part of the path or address; `.` and `..` name nothing."""
        last = (self.path or self.url).rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")
        return self.name or (last if last.strip(".") else "repository")


class Prices(_Settings):
    """What GPUs cost."""

    file: str = Field(default="", description="CSV with provider,region,gpu,usd_per_gpu_hour; wins over everything.")
    catalogue: bool = Field(default=True, description="Whether the bundled on-demand prices may be used.")
    cost_exporter: bool = Field(default=True, description="Whether OpenCost's metric may be used where present.")


class Charts(_Settings):
    """Helm charts that repositories name and do not hold; without them their changes have no proof."""

    path: str = Field(default="", description="Folder of charts, packed or not, found by name and version; none.")
    fetch: bool = Field(
        default=False, description="Whether charts that declarations name with an exact version are downloaded."
    )
    hosts: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+(:\d+)?$")], ...] = Field(
        default=(), description="The only hosts they are downloaded from, such as `charts.example.com`; none."
    )
    kube_version: str = Field(
        default="", description="Kubernetes release that templates are told, where the declaration names none."
    )
    api_versions: tuple[str, ...] = Field(
        default=(), description="APIs that templates are told of, such as `keda.sh/v1alpha1`; helm's own by default."
    )

    @model_validator(mode="after")
    def _from_somewhere(self) -> Charts:
        if self.fetch and not self.hosts:
            raise ValueError("`fetch` needs `hosts`: the hosts that charts may come from")
        return self


class Objectives(_Settings):
    """Latency that is assumed where a workload declares none; it is said to be assumed."""

    ttft_p95: Seconds = Field(default=1.0, gt=0, description="Time to first token, 95th percentile.")
    tpot_p95: Seconds = Field(default=0.05, gt=0, description="Time per output token, 95th percentile.")


class Freeze(_Settings):
    """Days on which nothing is opened or changed, both ends included."""

    start: date = Field(description="First day, such as 2026-12-20.")
    end: date = Field(description="Last day.")
    reason: str = Field(default="", description="Said where something is held back for it.")

    @model_validator(mode="after")
    def _in_order(self) -> Freeze:
        if self.end < self.start:
            raise ValueError("`end` is before `start`")
        return self


class Limits(_Settings):
    """How much at once, and when; what is not given does not apply."""

    open_pull_requests: int | None = Field(default=None, ge=0, description="Open at the same time, per repository.")
    open_per_team: int | None = Field(default=None, ge=0, description="The same for each team of a repository.")
    new_per_run: int | None = Field(default=None, ge=0, description="Opened by one run, per repository.")
    new_per_hour: int | None = Field(default=None, ge=0, description="Opened within an hour, per repository.")
    quiet_after_merge: Seconds | None = Field(
        default=None, ge=0, description="How long a workload is left alone once a change of it was merged."
    )
    windows: tuple[Annotated[str, AfterValidator(check_window)], ...] = Field(
        default=(), description="When pull requests may be opened or changed, such as `Mon-Fri 09:00-17:00`; always."
    )
    timezone: Annotated[str, AfterValidator(check_timezone)] = Field(
        default="UTC", description="Of windows and freezes, such as `Europe/Berlin`."
    )
    freezes: tuple[Freeze, ...] = Field(default=(), description="Days without any pull request; none.")


class GroupBy(StrEnum):
    """What recommendations have in common that share a pull request."""

    NONE = "none"
    WORKLOAD = "workload"
    TEAM = "team"
    RULE = "rule"


class PullRequests(_Settings):
    """How pull requests look, and what an approval does."""

    labels: tuple[str, ...] = Field(default=(), description="Put on each new one; none.")
    reviewers: tuple[str, ...] = Field(default=(), description="Asked for each new one: `@login`, `@org/team`; none.")
    codeowners: bool = Field(default=False, description="Whether the CODEOWNERS of the changed files are asked too.")
    draft_below: float = Field(default=0.0, ge=0, le=1, description="Confidence below which it is opened as a draft.")
    merge_on_approve: bool = Field(
        default=False, description="Whether `/trimtab approve` merges, where the forge's own rules pass."
    )
    group_by: GroupBy = Field(
        default=GroupBy.NONE,
        description="What shares a pull request: nothing, or what has the same workload, team or rule in common.",
    )
    dashboard: bool = Field(default=True, description="Whether one issue lists everything, where there are issues.")


class Policy(_Settings):
    """What may be proposed."""

    min_confidence: float = Field(default=0.5, ge=0, le=1, description="Below it a finding is held back.")
    min_saving: float = Field(default=0.0, ge=0, description="US dollars a month below which a saving is held back.")
    unproven: bool = Field(default=False, description="Whether a change without a rendered proof may be proposed.")
    namespaces: tuple[str, ...] = Field(default=(), description="Only these; all by default.")
    exclude_namespaces: tuple[str, ...] = Field(default=(), description="Never these.")


class Config(_Settings):
    """The whole file."""

    clusters: tuple[ClusterSettings, ...] = Field(min_length=1, description="At least one cluster.")
    repositories: tuple[Repository, ...] = Field(default=(), description="GitOps repositories.")
    window: Seconds = Field(default=604800.0, ge=3600, le=7776000, description="How far back is looked: 7d.")
    mode: Mode = Field(default=Mode.PROPOSE, description="`report` says, `propose` opens pull requests.")
    prices: Prices = Field(default=Prices(), description="What GPUs cost.")
    charts: Charts = Field(default=Charts(), description="Charts that repositories name and do not hold.")
    objectives: Objectives = Field(default=Objectives(), description="Assumed latency objectives.")
    limits: Limits = Field(default=Limits(), description="How much at once, and when.")
    pull_requests: PullRequests = Field(default=PullRequests(), description="How pull requests look.")
    policy: Policy = Field(default=Policy(), description="What may be proposed.")
    rules: Mapping[str, Mapping[str, object]] = Field(
        default={}, description="Settings by rule; `{enabled: false}` turns one off."
    )
    rule_folders: tuple[str, ...] = Field(default=(), description="Folders with rules of your own.")
    ledger: str = Field(default="", description="Name of the repository that holds the ledger; the first by default.")

    @model_validator(mode="after")
    def _names_agree(self) -> Config:
        clusters = {cluster.name for cluster in self.clusters}
        if len(clusters) != len(self.clusters):
            raise ValueError("two clusters have the same name")
        titles = [repository.title for repository in self.repositories]
        if len(set(titles)) != len(titles):
            raise ValueError("two repositories have the same name; give each a `name`")
        for repository in self.repositories:
            for name in repository.clusters:
                if name not in clusters:
                    raise ValueError(f"repository {repository.title} names cluster {name!r}, which is not listed")
        if self.ledger and self.ledger not in titles:
            raise ValueError(f"ledger {self.ledger!r} is not the name of a repository")
        return self


LineOf = Callable[[tuple[str | int, ...]], int]
"""Gives the line, from 1, of a key in the file."""


def build_config(data: object, line_of: LineOf, path: str) -> Config:
    """Return the configuration for a parsed file.

    Args:
        data: The parsed YAML.
        line_of: Where a key stands.
        path: The file's name, for messages.

    Raises:
        UsageError: Names file, line, key, and the nearest known key for one that is unknown.
    """
    if not isinstance(data, dict):
        raise UsageError(f"{path}:1: a configuration is a mapping", "start with `clusters:`; see README.md")
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
        where = tuple(first["loc"])
        dotted = ".".join(str(part) for part in where) or "the file"
        line = line_of(where)
        if first["type"] == "extra_forbidden":
            raise UsageError(f"{path}:{line}: unknown key `{dotted}`", _nearest(where)) from None
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise UsageError(f"{path}:{line}: `{dotted}`: {reason}", "the options are in README.md") from None


def _nearest(where: tuple[str | int, ...]) -> str:
    """Return a hint with the nearest key known at this place."""
    known = sorted(_fields_at(Config, where[:-1]))
    close = difflib.get_close_matches(str(where[-1]), known, n=1, cutoff=0.5)
    return f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(known)}"


def _fields_at(model: type[BaseModel], where: tuple[str | int, ...]) -> frozenset[str]:
    """Return the keys that the model below `where` knows."""
    for part in where:
        if isinstance(part, int):
            continue
        nested = _nested_model(model.model_fields[part].annotation) if part in model.model_fields else None
        if nested is None:
            return frozenset()
        model = nested
    return frozenset(model.model_fields)


def _nested_model(annotation: object) -> type[BaseModel] | None:
    """Return the settings class inside an annotation such as `tuple[X, ...]` or `X | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _nested_model(inner)
        if found is not None:
            return found
    return None
