"""What one replica does in one hour: queueing, KV cache and GPU activity, on the estimate's own speed and memory.

Simulated, not measured. Requests in progress follow Little's law, N = rate x time of a request; their spread within an
hour is that of independent arrivals (M/G/infinity: Poisson with mean N), so the GPU is busy for 1 - exp(-N) of the time
and the hour's highest count is N + 3 sqrt(N). An engine whose host process gets less CPU than it needs takes that much
longer for each step, and its GPU waits meanwhile.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from trimtab.demo.traffic import Lengths
from trimtab.demo.world import App
from trimtab.errors import RefusedError
from trimtab.estimate import Deployment, Impossible, Load, Memory, memory, speed

_ROUNDS = 40
_CLOSE = 0.002
"""Where the search for a steady state ends, as a share."""
_NO_LOAD = Load(0.05, 512, 128)


@dataclass(frozen=True, slots=True)
class Hour:
    """One replica's hour: rates a second, lengths in tokens, times in ms, shares 0 to 1, CPU in cores."""

    requests_per_s: float
    running: float
    running_max: float
    waiting_max: float
    kv_usage: float
    kv_usage_max: float
    preemptions: float
    ttft_ms: float
    tpot_ms: float
    gpu_busy: float
    dram_busy: float
    cpu_used: float


@dataclass(frozen=True, slots=True)
class Replica:
    """One replica and the room it has.

    Attributes:
        deployment: Model, GPU and settings.
        kv_tokens: What its KV cache holds.
        weights_gib: Weights on one GPU.
        max_num_seqs: Most requests in progress.
        cpu_limit: Cores its container may use; infinite without a limit.
        cpu_need: Cores its host process takes to keep the GPU busy.
    """

    deployment: Deployment
    kv_tokens: float
    weights_gib: float
    max_num_seqs: float
    cpu_limit: float
    cpu_need: float

    @property
    def slowdown(self) -> float:
        """Return how many times longer a step takes because the host process waits for CPU."""
        return max(1.0, self.cpu_need / self.cpu_limit)


def replica(app: App, deployment: Deployment, cpu_limit: float) -> Replica | Impossible:
    """Return a replica with the room that the estimate gives it; impossible where it would not start."""
    room = memory(deployment)
    if isinstance(room, Impossible):
        return room
    if not room.fits:
        return Impossible(room.reason)
    return Replica(
        deployment,
        math.floor(room.kv_cache_tokens.value / 16) * 16,
        room.weights_gib.value,
        _max_num_seqs(deployment, room),
        cpu_limit,
        app.cpu_need_cores,
    )


def _max_num_seqs(deployment: Deployment, room: Memory) -> float:
    """Return the setting, or vLLM's default where memory is ample (256, vLLM 0.11 `EngineArgs`)."""
    del room
    return float(deployment.settings.get("max_num_seqs", 256))


def hour(box: Replica, requests_per_s: float, lengths: Lengths, prefix_hit: float) -> Hour:
    """Return what the replica does in an hour with this many requests a second."""
    if requests_per_s <= 0:
        return _quiet(box)
    most = max(1.0, min(box.max_num_seqs, box.kv_tokens / _tokens_held(lengths)))
    running, ttft_ms, tpot_ms = _steady(box, requests_per_s, lengths, prefix_hit, most)
    service_s = (ttft_ms + lengths.output_mean * tpot_ms) / 1000
    wanted = requests_per_s * service_s
    spread = wanted + 3 * math.sqrt(wanted)
    waiting = max(0.0, spread - most)
    held = _tokens_held(lengths) / box.kv_tokens
    busy = 1 - math.exp(-running)
    return Hour(
        requests_per_s=min(requests_per_s, most / service_s),
        running=running,
        running_max=math.ceil(min(spread, most)),
        waiting_max=math.floor(waiting),
        kv_usage=min(1.0, running * held),
        kv_usage_max=min(1.0, spread * held),
        preemptions=math.floor(waiting) * 12.0 if spread * held > 1 else 0.0,
        ttft_ms=ttft_ms + 1000 * max(0.0, wanted - most) / max(requests_per_s, 1e-9),
        tpot_ms=tpot_ms,
        gpu_busy=busy / box.slowdown,
        dram_busy=_dram(box, busy, tpot_ms),
        cpu_used=min(0.985 * box.cpu_limit, 0.2 + box.cpu_need * busy),
    )


def _steady(
    box: Replica, requests_per_s: float, lengths: Lengths, prefix_hit: float, most: float
) -> tuple[float, float, float]:
    """Return requests in progress, TTFT and time per output token (ms), where Little's law holds."""
    running, ttft_ms, tpot_ms = 1.0, 0.0, 0.0
    for _ in range(_ROUNDS):
        ttft_ms, tpot_ms = _times(box, Load(max(running, 0.05), lengths.input_mean, lengths.output_mean, prefix_hit))
        wanted = min(most, requests_per_s * (ttft_ms + lengths.output_mean * tpot_ms) / 1000)
        if abs(wanted - running) < _CLOSE * running:
            break
        running = 0.5 * running + 0.5 * wanted
    return running, ttft_ms, tpot_ms


def _times(box: Replica, load: Load) -> tuple[float, float]:
    """Return TTFT and time per output token, ms, with the host's slowdown."""
    answer = speed(box.deployment, load)
    if isinstance(answer, Impossible):
        raise RefusedError(answer.reason)
    return answer.ttft_ms.value * box.slowdown, answer.tpot_ms.value * box.slowdown


def _tokens_held(lengths: Lengths) -> float:
    """Return the KV tokens of a request in progress, mean over its life."""
    return lengths.input_mean + lengths.output_mean / 2


def _dram(box: Replica, busy: float, tpot_ms: float) -> float:
    """Return the share of memory bandwidth that reading the weights once a step takes."""
    bytes_per_s = box.weights_gib * 2**30 / (tpot_ms / 1000)
    return min(0.95, busy * bytes_per_s / (box.deployment.gpu.bandwidth_gb_s * 1e9))


def _quiet(box: Replica) -> Hour:
    """Return an hour without a request: times are those of a lone request, and nothing is counted."""
    ttft_ms, tpot_ms = _times(box, _NO_LOAD)
    return Hour(0, 0, 0, 0, 0, 0, 0, ttft_ms, tpot_ms, 0, 0, min(0.2, box.cpu_limit))
