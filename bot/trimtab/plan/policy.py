"""Why a finding must not be proposed, whatever it is worth: policy, tenants, and a Git that is not what runs."""

from __future__ import annotations

from trimtab.config import Config
from trimtab.fleet import Unknown, Workload
from trimtab.fleet.quantity import same
from trimtab.recommendation import Priced, Saving

_SHARED = ("/mig-", ".shared")


def forbidden(priced: Priced, workload: Workload | Unknown, config: Config) -> str:
    """Return why a finding is held back, with the figures; empty where nothing speaks against it."""
    reason = _by_policy(priced, config)
    if reason or isinstance(workload, Unknown):
        return reason
    return _by_tenant(priced, workload) or _by_group(priced, workload) or _by_drift(priced, workload)


def _by_policy(priced: Priced, config: Config) -> str:
    policy, namespace = config.policy, priced.finding.subject.namespace
    sure = priced.option.confidence
    if policy.namespaces and namespace not in policy.namespaces:
        return f"policy.namespaces does not name {namespace or 'nodes'}"
    if namespace and namespace in policy.exclude_namespaces:
        return f"policy.exclude_namespaces names {namespace}"
    if sure < policy.min_confidence:
        return f"its confidence {sure:.2f} is below policy.min_confidence {policy.min_confidence:g}"
    saving = priced.saving
    if priced.saves and isinstance(saving, Saving) and saving.monthly < policy.min_saving:
        return f"it saves {saving.monthly} {saving.currency} a month, below policy.min_saving {policy.min_saving:g}"
    return ""


def _by_tenant(priced: Priced, workload: Workload) -> str:
    """Return what `trimtab.dev/forbid` says against it."""
    resource = priced.option.resource
    shares = resource != workload.gpu_resource and any(part in resource for part in _SHARED)
    if "sharing" in workload.wishes.forbid and shares:
        return "trimtab.dev/forbid does not allow sharing a GPU"
    return ""


def _by_group(priced: Priced, workload: Workload) -> str:
    """Return whether a GPU count is meant for a group of pods, of which Git writes each pod's alone."""
    one_pod = workload.settings.get("gpu_count")
    counts = any(change.field == "gpu_count" for change in priced.option.changes)
    if counts and one_pod is not None and workload.live and not same(workload.gpus_per_pod, one_pod):
        return f"a replica holds {workload.gpus_per_pod} GPUs over several pods, of {one_pod} each: divide them by hand"
    return ""


def _by_drift(priced: Priced, workload: Workload) -> str:
    """Return which setting runs otherwise than Git says: it was judged as it runs, and an edit starts from Git."""
    if isinstance(workload.place, Unknown):
        return ""
    declared = workload.place.value.serving.settings
    for change in priced.option.changes:
        live, git = workload.settings.get(change.field), declared.get(change.field)
        if git is not None and live is not None and change.field in workload.live_fields and not same(live, git.value):
            where = f"{git.location.path}:{git.location.line}"
            return f"{change.field} is {live} in the cluster and {git.value} at {where}; bring them in step first"
    return ""
