"""What Argo CD and Flux say of the commits that they applied."""

from __future__ import annotations

import pytest

from trimtab.read.kube_sync import Deployer, told

OLD, NEW = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("status", "seen"),
    [
        ({"sync": {"status": "Synced", "revision": NEW}}, {"revision": NEW}),
        ({"sync": {"status": "Synced", "revisions": [OLD, "1.2.3", NEW]}}, {"revision": f"{OLD},{NEW}"}),
        (
            {
                "sync": {"status": "OutOfSync", "revision": NEW},
                "operationState": {"phase": "Succeeded", "syncResult": {"revision": OLD}},
            },
            {"revision": OLD},
        ),
        (
            {
                "sync": {"status": "OutOfSync", "revision": NEW},
                "operationState": {"phase": "Failed", "message": "one is invalid"},
            },
            {"trouble": "its last sync ended as Failed: one is invalid"},
        ),
        (
            {"conditions": [{"type": "ComparisonError", "message": "no such chart"}]},
            {"trouble": "ComparisonError: no such chart"},
        ),
        (
            {"sync": {"status": "Synced", "revision": NEW}, "health": {"status": "Degraded", "message": "no progress"}},
            {"revision": NEW, "trouble": "what it deployed is Degraded: no progress"},
        ),
        ({"sync": None, "operationState": None, "conditions": None}, {}),
    ],
)
def test_argo_tells_what_it_applied(status: dict[str, object], seen: dict[str, str]) -> None:
    """Only a commit that the cluster was brought to counts, never one that it is merely compared with."""
    assert told(Deployer.model_validate({"metadata": {"name": "chat"}, "status": status})) == seen


@pytest.mark.parametrize(
    ("item", "seen"),
    [
        ({"status": {"lastAppliedRevision": f"main@sha1:{NEW}"}}, {"revision": NEW}),
        ({"status": {"lastAppliedRevision": f"main/{OLD}", "lastAttemptedRevision": NEW}}, {"revision": OLD}),
        ({"status": {"lastAppliedRevision": "1.2.3"}}, {}),
        ({"spec": {"suspend": True}, "status": {}}, {"trouble": "it is suspended"}),
        (
            {"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "BuildFailed", "message": "x"}]}},
            {"trouble": "BuildFailed: x"},
        ),
        ({"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "Progressing"}]}}, {}),
    ],
)
def test_flux_tells_what_it_applied(item: dict[str, object], seen: dict[str, str]) -> None:
    """The commit stands after the branch, in the old form and the new one; what is only under way is no trouble."""
    assert told(Deployer.model_validate(item)) == seen
