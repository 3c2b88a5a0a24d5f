"""One app's recorded week: what each of its replicas did, hour by hour, and figures over the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trimtab.catalog import find_gpu, find_model
from trimtab.demo.physics import Hour, Replica, hour, replica
from trimtab.demo.pods import Running
from trimtab.demo.traffic import WEEK_H, Lengths, traffic
from trimtab.errors import RefusedError
from trimtab.estimate import Deployment, Impossible
from trimtab.fleet import Unknown

_NOTHING = Lengths(input_mean=0, input_p95=0, input_p99=0, output_mean=0)


@dataclass(frozen=True, slots=True)
class Week:
    """What each replica of an app did; all replicas get the same share of the traffic.

    Attributes:
        running: The app with its settings.
        box: One replica and its room.
        lengths: Of its requests.
        prefix_hit: Share of prompt tokens found in the prefix cache.
        hours: 168 of them, oldest first.
    """

    running: Running
    box: Replica
    lengths: Lengths
    prefix_hit: float
    hours: tuple[Hour, ...]

    def mean(self, pick: Callable[[Hour], float]) -> float:
        """Return the mean over the hours."""
        return sum(pick(one) for one in self.hours) / len(self.hours)

    def highest(self, pick: Callable[[Hour], float]) -> float:
        """Return the highest hour."""
        return max(pick(one) for one in self.hours)

    def p95(self, pick: Callable[[Hour], float]) -> float:
        """Return the 95th percentile of the hours."""
        return _quantile([(pick(one), 1.0) for one in self.hours], 0.95)

    def of_requests(self, pick: Callable[[Hour], float], q: float) -> float:
        """Return a quantile over requests: each hour weighs as much as the requests in it."""
        return _quantile([(pick(one), one.requests_per_s) for one in self.hours], q)

    def mean_of_requests(self, pick: Callable[[Hour], float]) -> float:
        """Return the mean over requests."""
        return sum(pick(one) * one.requests_per_s for one in self.hours) / self.requests * 3600

    @property
    def requests(self) -> float:
        """Return how many requests one replica finished in the week."""
        return sum(one.requests_per_s for one in self.hours) * 3600


def live(running: Running, number: int) -> Week:
    """Return the week with this number, from 0, of an app.

    Raises:
        RefusedError: It would not start with these settings.
    """
    box = replica(running.app, _deployment(running), running.amount("cpu_limit", float("inf")))
    if isinstance(box, Impossible):
        raise RefusedError(f"{running.app.namespace}/{running.app.name} would not start: {box.reason}")
    demand = running.app.demand
    if demand is None:
        return Week(running, box, _NOTHING, 0.0, (hour(box, 0.0, _NOTHING, 0.0),) * WEEK_H)
    lengths = traffic().lengths[demand.lengths]
    rates = [demand.requests_per_s * share / max(1, running.replicas) for share in traffic().week(demand.shape, number)]
    hours = tuple(hour(box, rate, lengths, demand.prefix_hit) for rate in rates)
    return Week(running, box, lengths, demand.prefix_hit, hours)


def starts(running: Running) -> bool:
    """Return whether an app would start with its settings."""
    return not isinstance(replica(running.app, _deployment(running), float("inf")), Impossible)


def _deployment(running: Running) -> Deployment:
    """Return what runs on what, by the catalogue."""
    model = find_model(running.app.model or running.text("model"))
    gpu = find_gpu(running.text("gpu_product"))
    if isinstance(model, Unknown) or isinstance(gpu, Unknown):
        reason = model.reason if isinstance(model, Unknown) else gpu.reason if isinstance(gpu, Unknown) else ""
        raise RefusedError(f"{running.app.namespace}/{running.app.name}: {reason}")
    version = running.text("engine_version").removeprefix("v")
    gpus = int(running.number("gpu_count", 1))
    return Deployment(model.value, gpu.value, gpus, "vllm", version, dict(running.settings))


def _quantile(weighted: Sequence[tuple[float, float]], q: float) -> float:
    """Return the value below which the share `q` of the weight lies."""
    total = sum(weight for _, weight in weighted)
    seen = 0.0
    for value, weight in sorted(weighted):
        seen += weight
        if seen >= q * total:
            return value
    return max(value for value, _ in weighted)
