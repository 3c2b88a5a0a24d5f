"""Who is not to be judged, and who decides how many replicas there are."""

from __future__ import annotations

from trimtab.demand.measures import known, number
from trimtab.fleet import Found, Intent, Workload
from trimtab.rule import Silence, SilenceKind, subject_of

_LOADED_GIB = 4.0
"""GPU memory in use that a process without a model does not have."""
_AT_FLOOR = 0.05
"""Mean replicas above the floor that still count as sitting at it."""


def hands_off(rule: str, workload: Workload, *, standby: bool = True) -> Silence | None:
    """Return why the workload is not judged as a serving one; None where it is.

    Args:
        rule: The rule that asks.
        workload: What is asked about.
        standby: Whether a declared standby is left alone.
    """
    wishes = workload.wishes
    if workload.scale.replicas == 0:
        reason = "it is parked: replicas is 0"
    elif wishes.intent is Intent.TRAINING:
        reason = "it trains and does not serve"
    elif standby and wishes.standby:
        reason = "it is a standby: trimtab.dev/standby is true"
    else:
        return None
    return Silence(rule, subject_of(workload), SilenceKind.DECLARED, reason)


def serves(workload: Workload) -> bool:
    """Return whether the engine was seen to be up in the window, and never ended with an error.

    Its own metrics show it, or GPU memory in use.
    """
    health, traffic = workload.health, workload.traffic
    loaded = any(number(gpu.memory_used_max_gib, 0.0) >= _LOADED_GIB for gpu in workload.gpu_seen)
    up = loaded or known(traffic.kv_cache_tokens) or known(traffic.running_peak)
    return workload.live and up and number(health.crash_exits, number(health.restarts, 0.0)) <= 0


def owned_by_autoscaler(workload: Workload) -> str:
    """Return why the number of replicas is an autoscaler's; empty where there is none, or where its floor decided.

    The floor decided where the number sat at it for the whole window, and Git sets that floor with the workload.
    """
    scale = workload.scale
    if not scale.autoscaler:
        return ""
    average = number(scale.ready_avg, 0.0)
    here = isinstance(workload.place, Found) and "min_replicas" in workload.place.value.serving.settings
    if here and 0 < average <= scale.min_replicas + _AT_FLOOR:
        return ""
    return f"autoscaler {scale.autoscaler} owns the number of replicas, {average:.1f} on average"


def silence(rule: str, workload: Workload, kind: SilenceKind, reason: str) -> Silence:
    """Return a silence about a workload."""
    return Silence(rule, subject_of(workload), kind, reason)
