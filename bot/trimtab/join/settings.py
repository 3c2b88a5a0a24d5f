"""Effective settings: what the cluster shows over what Git says, and which model they name."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from trimtab.catalog import find_model, with_scheme
from trimtab.facts import Series
from trimtab.fleet import Found, Host, Measure, Model, Scalar, Serving, Unknown
from trimtab.fleet.quantity import quantity
from trimtab.join.host import declared
from trimtab.join.measures import Measures
from trimtab.join.readings import GIB, label, number

_VERSION = re.compile(r"(?:^|[^\d.])v?(\d+\.\d+(?:\.\d+)?(?:[.-]?(?:post|rc|dev)\d+)?)")
_SIGNAL_OF = {
    "cpu_request": "pod_cpu_request",
    "cpu_limit": "pod_cpu_limit",
    "memory_request": "pod_memory_request",
    "memory_limit": "pod_memory_limit",
}


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds for a workload, and which of it the cluster showed."""

    settings: Mapping[str, Scalar]
    live_fields: tuple[str, ...]


def effective(measures: Measures, serving: Serving | Unknown, live: Mapping[str, Scalar]) -> Effective:
    """Return Git's settings with the cluster's own over them: the API's, the engine's, kube-state-metrics'."""
    declared_values = _declared(serving)
    shown = {**_of_pod(measures, declared_values), **_of_engine(measures), **live}
    both = {**declared_values, **shown}
    return Effective(dict(sorted(both.items())), tuple(sorted(shown)))


def _declared(serving: Serving | Unknown) -> dict[str, Scalar]:
    return {} if isinstance(serving, Unknown) else {name: one.value for name, one in serving.settings.items()}


def _of_pod(measures: Measures, git: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return what kube-state-metrics shows of the newest pod and of its owner; Git's spelling where they agree."""
    pod, group = measures.newest(), measures.group
    top = (group.namespace, group.kind, group.name)
    desired = measures.readings.figure("workload_replicas", ("namespace", "kind", "name"), top)
    shown: dict[str, Scalar] = {"replicas": int(desired)} if math.isfinite(desired) else {}
    if isinstance(pod, Unknown):
        return shown
    if pod.units:
        resource, count = max(sorted(pod.units.items()), key=lambda item: item[1])
        shown |= {"gpu_count": int(count), "gpu_resource": resource}
    for name, signal in _SIGNAL_OF.items():
        figure = declared(measures, signal)
        if isinstance(figure, Found):
            shown[name] = _spelled(figure, git.get(name, ""), memory=name.startswith("memory"))
    return shown


def _spelled(figure: Found[float], git: Scalar, *, memory: bool) -> str:
    """Return a quantity as Git spells it where it is the same, else in Kubernetes' usual form."""
    value = figure.value
    if math.isclose(quantity(git), value, rel_tol=1e-6):
        return str(git)
    if not memory:
        return str(int(value)) if value == int(value) else f"{round(value * 1000)}m"
    for unit in ("Gi", "Mi", "Ki"):
        if value >= quantity(f"1{unit}") and value % quantity(f"1{unit}") == 0:
            return f"{int(value / quantity(f'1{unit}'))}{unit}"
    return str(int(value))


def filled(host: Host, settings: Mapping[str, Scalar]) -> Host:
    """Return the host side with what only Git says, where the cluster shows none: the next pod will have it."""
    return replace(
        host,
        cpu_request_cores=_stated(host.cpu_request_cores, settings, "cpu_request"),
        cpu_limit_cores=_stated(host.cpu_limit_cores, settings, "cpu_limit"),
        memory_request_gib=_stated(host.memory_request_gib, settings, "memory_request", 1 / GIB),
        memory_limit_gib=_stated(host.memory_limit_gib, settings, "memory_limit", 1 / GIB),
    )


def _stated(shown: Measure, settings: Mapping[str, Scalar], name: str, factor: float = 1.0) -> Measure:
    value = quantity(settings.get(name, ""))
    return shown if isinstance(shown, Found) or math.isnan(value) else Found(value * factor, f"{name} in Git")


def _of_engine(measures: Measures) -> dict[str, Scalar]:
    """Return what the engine itself reports: labels of vllm:cache_config_info (vLLM 0.25.1), numbers as text."""
    pod = measures.newest()
    configs = measures.readings.by("engine_config", "namespace", "pod")
    rows = () if isinstance(pod, Unknown) else configs.get(pod.key, ())
    shown: dict[str, Scalar] = {}
    for row in sorted(rows, key=lambda one: one.labels)[:1]:
        share, block = number(label(row, "gpu_memory_utilization")), number(label(row, "block_size"))
        if 0 < share <= 1:
            shown["gpu_memory_utilization"] = share
        if block >= 1:
            shown["block_size"] = int(block)
        if label(row, "enable_prefix_caching") in {"True", "False"}:
            shown["enable_prefix_caching"] = label(row, "enable_prefix_caching") == "True"
        if label(row, "cache_dtype") not in {"", "auto", "None"}:
            shown["kv_cache_dtype"] = label(row, "cache_dtype")
    return shown


def served(measures: Measures) -> Sequence[Series]:
    """Return what the pods that run now say they serve, ordered by name."""
    rows = measures.readings.by("engine_model", "namespace", "pod")
    found = [row for pod in measures.group.current for row in rows.get(pod.key, ())]
    return sorted(found, key=lambda row: row.labels)


def engine_of(measures: Measures, serving: Serving | Unknown) -> str:
    """Return the engine: as its own metrics say, else as Git does; empty where neither tells."""
    named = next((label(row, "engine") for row in served(measures) if label(row, "engine")), "")
    return named or ("" if isinstance(serving, Unknown) else serving.engine)


def version_of(settings: Mapping[str, Scalar]) -> str:
    """Return the release in an image's tag (`v0.9.1`, `0.9.1-cu124`); empty for `latest` and digests."""
    match = _VERSION.search(str(settings.get("engine_version", "")))
    return match.group(1) if match else ""


def model_of(
    settings: Mapping[str, Scalar], names: Sequence[str], serving: Serving | Unknown
) -> Found[Model] | Unknown:
    """Return the model: as the repository describes it, else by the flag, since served names are often aliases."""
    if isinstance(serving, Serving) and serving.model_config:
        name = next(filter(None, (str(settings.get("model", "")), *names)), serving.name)
        source = f"the file that {serving.path} names"
        return Found(Model(name, with_scheme(serving.model_config, name), source), source)
    reasons = []
    for name in (str(settings.get("model", "")), *names):
        found = find_model(name) if name else Unknown("")
        if isinstance(found, Found):
            return found
        if name:
            reasons.append(found.reason)
    return Unknown(reasons[0] if reasons else "neither a flag, nor a manifest, nor a metric names the model")
