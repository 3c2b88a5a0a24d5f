"""Whether a set-up serves the observed peak: weights, KV cache, latency and throughput, on the careful side of each."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trimtab.demand.estimates import engine_of, memory_of
from trimtab.demand.latency import Latency, latency
from trimtab.demand.measures import number
from trimtab.demand.objective import Objective, objective_of
from trimtab.demand.peak import Peak
from trimtab.demand.setup import unsupported
from trimtab.estimate import Deployment, Figure, Impossible, Memory
from trimtab.fleet import Cluster, Intent, Workload
from trimtab.rule import Prediction

_DAY_HOURS = 24
_ACTIVE = 0.05
"""Share of the busiest hour's rate from which an hour counts as one in which a batch runs."""
_MOST_OF_A_DAY = 0.85
_AS_FAST = 1.1
"""How many times as long a batch with a deadline may take."""


@dataclass(frozen=True, slots=True)
class Margins:
    """How much is kept free.

    Attributes:
        kv: Part of the KV cache that stays free at the peak, 0 to 1.
        latency: Part of the objective that stays unused, 0 to 1.
        prefill: Largest part of the time that prompts may take, 0 to 1.
        cures: Whether the set-up is to cure a missed objective: then the expected latency has to keep it, not the
            careful end of its range, and what may not cure is less sure.
    """

    kv: float = 0.15
    latency: float = 0.0
    prefill: float = 0.5
    cures: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """A set-up that serves the peak.

    Attributes:
        predictions: For the table in the pull request.
        confidence: How sure, 0 to 1.
        doubts: What lowers it.
    """

    predictions: tuple[Prediction, ...]
    confidence: float
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a set-up does not serve the peak.

    Attributes:
        about: `memory`, `latency`, `load` (throughput or places in the batch) or `unknown` (it cannot be told).
        reason: In words, with the figure that failed.
    """

    about: str
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """A workload with its demand, which set-ups are held against."""

    workload: Workload
    cluster: Cluster
    now: Deployment
    peak: Peak
    margins: Margins = Margins()

    def prove(self, then: Deployment, replicas: float = 0.0) -> Proof | Misfit:
        """Return the proof that `replicas` (today's number where 0) of `then` serve the peak, or what fails."""
        demand = self.peak.on(replicas) if replicas else self.peak
        held = starts(then, self.now)
        if isinstance(held, Misfit):
            return held
        if self.workload.wishes.intent is Intent.EMBEDDING:
            return self._prove_latency(then, demand, held)
        failed = self._lacks_cache(held, demand.kv_tokens, demand.longest_tokens)
        return failed or self._prove_latency(then, demand, held)

    def _prove_latency(self, then: Deployment, demand: Peak, held: Memory) -> Proof | Misfit:
        answer = latency(self.now, self.peak, then, demand, self.workload.traffic)
        if isinstance(answer, Impossible):
            about = "load" if "faster than" in answer.reason else "unknown"
            return Misfit(about, answer.reason)
        objective = objective_of(self.workload, self.cluster)
        grown = demand.kv_tokens * max(1.0, answer.slowdown)
        failed = (
            _misses(answer, objective, self.margins)
            or self._lacks_seats(then, answer)
            or self._lacks_time(answer.slowdown)
            or self._lacks_cache(held, grown, demand.longest_tokens)
        )
        return failed or self._proof(answer, held, objective, grown)

    def _lacks_cache(self, held: Memory, needed: float, longest: float) -> Misfit | None:
        if self.workload.wishes.intent is Intent.EMBEDDING:
            return None
        wanted = max(needed / (1 - self.margins.kv), longest)
        room = held.kv_cache_tokens.low * self._trust()
        if room >= wanted:
            return None
        return Misfit("memory", f"its KV cache holds {room:,.0f} tokens at least, the peak needs {wanted:,.0f}")

    def _trust(self) -> float:
        """Return how far the engine's own KV figure falls short of the estimate for the same set-up; at most 1."""
        reported = number(self.workload.traffic.kv_cache_tokens, math.inf)
        estimate = memory_of(self.now)
        if isinstance(estimate, Impossible) or estimate.kv_cache_tokens.value <= 0:
            return 1.0
        return min(1.0, reported / estimate.kv_cache_tokens.value)

    def _lacks_seats(self, then: Deployment, answer: Latency) -> Misfit | None:
        engine = engine_of(then)
        seats = math.inf if isinstance(engine, Impossible) else engine.max_num_seqs
        if answer.concurrency > seats:
            return Misfit(
                "load", f"{answer.concurrency:.0f} requests would be in progress, max_num_seqs is {seats:.0f}"
            )
        if answer.prefill_share > self.margins.prefill:
            return Misfit(
                "load", f"prompts alone would take {answer.prefill_share:.0%} of the time in the busiest hour"
            )
        return None

    def _lacks_time(self, slowdown: float) -> Misfit | None:
        """Return why a batch would not be done in time, were its clients to wait for each answer."""
        wishes, rates = self.workload.wishes, self.workload.traffic.hourly_requests_per_s
        if wishes.intent is not Intent.BATCH or slowdown <= _AS_FAST:
            return None
        if wishes.deadline:
            return Misfit(
                "load", f"a request would take {slowdown:.1f} times as long, and it is due by {wishes.deadline}"
            )
        finite = [rate for rate in rates if math.isfinite(rate)]
        busiest = max(finite, default=0.0)
        active = [rate for rate in finite if rate > _ACTIVE * busiest]
        hours = _DAY_HOURS * (len(active) / len(finite) if finite else 1.0)
        if hours * slowdown > _MOST_OF_A_DAY * _DAY_HOURS:
            return Misfit("load", f"it runs {hours:.0f} hours a day, and would take {slowdown:.1f} times as long")
        return None

    def _proof(self, answer: Latency, held: Memory, objective: Objective, needed: float) -> Proof:
        confidence, doubts = 0.95, []
        embeds = self.workload.wishes.intent is Intent.EMBEDDING
        for true, cost, words in (
            (not answer.live, 0.15, "latency today is not measured, so the estimate is not calibrated"),
            (objective.assumed, 0.10, "no latency objective is declared, so one is assumed"),
            (bool(self.workload.scale.autoscaler), 0.10, "an autoscaler's targets were set for what runs now"),
            (
                not self.peak.kv_seen and not embeds,
                0.15,
                "KV cache use is not measured, but derived from requests in progress",
            ),
            (self.workload.coverage < 1.0, 0.05, "the window has hours without samples"),
            (_may_miss(answer, objective), 0.20, "at the careful end of the estimate it still misses the objective"),
        ):
            if true:
                confidence -= cost
                doubts.append(words)
        return Proof(self._predictions(answer, held, objective, needed), round(confidence, 2), tuple(doubts))

    def _predictions(
        self, answer: Latency, held: Memory, objective: Objective, needed: float
    ) -> tuple[Prediction, ...]:
        before, traffic = memory_of(self.now), self.workload.traffic
        was = before if isinstance(before, Memory) else held
        capacity_now = number(traffic.kv_cache_tokens, was.kv_cache_tokens.value)
        room = _times(held.kv_cache_tokens, self._trust())
        lines = [
            _prediction("weights on one GPU", "GiB", was.weights_gib.value, held.weights_gib, math.nan, "arithmetic"),
            _prediction("KV cache of one replica", "tokens", capacity_now, room, needed, "arithmetic"),
        ]
        for name, today, then, limit in (
            ("time to first token, p95", traffic.ttft_p95_ms, answer.ttft_p95_ms, objective.ttft_ms),
            ("time per output token, p95", traffic.tpot_p95_ms, answer.tpot_p95_ms, objective.tpot_ms),
        ):
            shown = limit if math.isfinite(limit) else math.nan
            lines.append(_prediction(name, "ms", number(today, math.nan), then, shown, answer.basis))
        return tuple(lines)


def starts(then: Deployment, now: Deployment) -> Memory | Misfit:
    """Return what `then` takes of its GPU where it certainly starts, with one request of the longest context."""
    reason = unsupported(then, now)
    if reason:
        return Misfit("memory", reason)
    held = memory_of(then)
    if isinstance(held, Impossible):
        return Misfit("unknown", held.reason)
    if not held.fits:
        return Misfit("memory", held.reason or f"it would not start ({held.outcome})")
    if held.kv_cache_tokens.low > 0 and held.max_concurrency.low < 1.0:
        return Misfit("memory", "its KV cache may not hold one request of the longest context")
    return held


def _misses(answer: Latency, objective: Objective, margins: Margins) -> Misfit | None:
    for name, figure, limit in (
        ("a token", answer.tpot_p95_ms, objective.tpot_ms),
        ("to the first token", answer.ttft_p95_ms, objective.ttft_ms),
    ):
        worst = figure.value if margins.cures else figure.high
        if worst > limit * (1 - margins.latency):
            said = "assumed" if objective.assumed else "declared"
            return Misfit("latency", f"{worst:,.0f} ms {name} at p95, the {said} objective is {limit:,.0f} ms")
    return None


def _may_miss(answer: Latency, objective: Objective) -> bool:
    return answer.tpot_p95_ms.high > objective.tpot_ms or answer.ttft_p95_ms.high > objective.ttft_ms


def _times(figure: Figure, factor: float) -> Figure:
    return Figure(figure.value * factor, figure.low * factor, figure.high * factor)


def _prediction(name: str, unit: str, before: float, then: Figure, limit: float, basis: str) -> Prediction:
    return Prediction(name, unit, before, then.value, then.low, then.high, limit, basis)
