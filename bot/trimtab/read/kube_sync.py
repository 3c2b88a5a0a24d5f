"""What Argo CD and Flux say of bringing Git to a cluster: which commit they applied, and what keeps them from it.

Sources: Argo CD v3.1 pkg/apis/application/v1alpha1/types.go (`ApplicationStatus`); Flux v2.6 kustomize-controller
api/v1 (`KustomizationStatus`) and helm-controller api/v2 (`HelmReleaseStatus`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from trimtab.fleet import Scalar
from trimtab.read.kube_kinds import SYNCS, Kind
from trimtab.read.kube_types import Metadata, Part

_COMMIT = re.compile(r"(?:^|[@:/])([0-9a-f]{40}|[0-9a-f]{64})$", re.ASCII)
"""A commit as Argo CD writes it, and Flux after the branch: `main@sha1:…`, before 2.0 `main/…`."""
_LONGEST = 300
_FAILED = frozenset({"Failed", "Error"})


class _Condition(Part):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


class _Revisions(Part):
    status: str = ""
    revision: str = ""
    revisions: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.revision, *self.revisions)))


class _Operation(Part):
    phase: str = ""
    message: str = ""
    sync_result: _Revisions = _Revisions()


class _Health(Part):
    status: str = ""
    message: str = ""


class _Status(Part):
    sync: _Revisions = _Revisions()
    operation_state: _Operation = _Operation()
    health: _Health = _Health()
    conditions: tuple[_Condition, ...] = ()
    last_applied_revision: str = ""


class _Spec(Part):
    suspend: bool = False


class Deployer(Part):
    """An Application, a Kustomization or a HelmRelease."""

    metadata: Metadata = Metadata()
    spec: _Spec = _Spec()
    status: _Status = _Status()


def is_sync(kind: Kind) -> bool:
    """Return whether objects of a kind deploy others."""
    return kind in SYNCS


def told(deployer: Deployer) -> Mapping[str, Scalar]:
    """Return the commits that were applied, joined by commas, and what is wrong; what there is not is absent."""
    commits = [match[1] for revision in _applied(deployer.status) if (match := _COMMIT.search(revision))]
    found: dict[str, Scalar] = {"revision": ",".join(dict.fromkeys(commits)), "trouble": _trouble(deployer)[:_LONGEST]}
    return {name: value for name, value in found.items() if value}


def _applied(status: _Status) -> tuple[str, ...]:
    """Return the revisions that the cluster was last brought to: Argo CD compares with others, too."""
    if status.last_applied_revision:
        return (status.last_applied_revision,)
    if status.sync.status == "Synced":
        return status.sync.all
    done = status.operation_state
    return done.sync_result.all if done.phase == "Succeeded" else ()


def _trouble(deployer: Deployer) -> str:
    """Return what keeps it from deploying, or what it deployed from working; empty where nothing does."""
    status, operation = deployer.status, deployer.status.operation_state
    if deployer.spec.suspend:
        return "it is suspended"
    for one in status.conditions:
        not_ready = one.type == "Ready" and one.status == "False" and one.reason != "Progressing"
        if not_ready or one.type.endswith("Error"):
            return f"{one.reason or one.type}: {one.message}"
    if operation.phase in _FAILED:
        return f"its last sync ended as {operation.phase}: {operation.message}"
    return f"what it deployed is Degraded: {status.health.message}" if status.health.status == "Degraded" else ""
