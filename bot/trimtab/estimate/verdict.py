"""Whether an engine comes up and stays up with the memory it has."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.estimate.engine import Engine
from trimtab.estimate.overhead import Overhead
from trimtab.estimate.types import Figure

_SURELY, _PERHAPS = 1.02, 0.8
"""How much of what is spare must be needed before a start is called a failure, and before it is called a risk."""
_SURELY_ELSEWHERE = 2.0
"""The same for other engines than vLLM, whose needs are known in first form: SGLang held Qwen3-235B-A22B-FP8 on four
H100 at 0.93 with half of what is reckoned (github.com/vllm-project/vllm/issues/21348)."""
_CONTEXT_GIB, _CONTEXT_LEAST_GIB = 0.4, 0.3
"""CUDA context and kernels, which stand beside the weights while they load (0.3 to 0.5 GiB seen)."""
_CHECKS_FREE = (0, 9)
"""From here on vLLM refuses a share that is not free when it starts (`request_memory`)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a start.

    Attributes:
        outcome: `ok`, `oom_weights`, `oom_kv` or `oom_runtime`.
        reason: Why not, or the risk that remains.
        risk: Of an `ok`: why it may fail all the same; empty where nothing speaks for it.
    """

    outcome: str
    reason: str = ""
    risk: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a verdict stands on: GiB of one GPU, and what the cache holds.

    Attributes:
        engine: The settings in force.
        total: The GPU's memory.
        weights: Weights on the fullest GPU.
        extra: What else start-up takes.
        cache: What is left for the cache.
        requests: Longest requests that the cache holds; None where nothing is kept.
        length: The longest request asked for, tokens.
        fits_length: The longest that the cache holds.
        own_length: The model's own context.
    """

    engine: Engine
    total: float
    weights: Figure
    extra: Overhead
    cache: Figure
    requests: Figure | None
    length: int
    fits_length: int
    own_length: int


def judge(budget: Budget) -> Verdict:
    """Return the verdict."""
    verdict = _loading(budget) or _caching(budget) or _running(budget)
    if verdict is None:
        risk = _doubt(budget)
        verdict = Verdict("ok", risk, risk or _too_long(budget))
    return verdict


def _loading(budget: Budget) -> Verdict | None:
    weights, total = budget.weights.value, budget.total
    if weights + _CONTEXT_GIB > total:
        return Verdict("oom_weights", f"weights need {weights:.2f} GiB on each GPU, which has {total:.2f}")
    return None


def _caching(budget: Budget) -> Verdict | None:
    if budget.cache.value <= 0:
        share = budget.total * budget.engine.utilisation
        return Verdict(
            "oom_kv",
            f"no memory is left for the KV cache: weights {budget.weights.value:.2f}, activation "
            f"{budget.extra.activation.value:.2f} and runtime {budget.extra.non_torch.value:.2f} of {share:.2f} GiB",
        )
    if budget.requests is not None and budget.requests.value < 1:
        return Verdict(
            "oom_kv",
            f"one request of {budget.length} tokens does not fit into the KV cache of {budget.cache.value:.2f} GiB; "
            f"{budget.fits_length} tokens do",
        )
    return None


def _running(budget: Budget) -> Verdict | None:
    """Judge what comes after the cache is laid out.

    Seen: gpt-oss-20b on H100 at utilisation 0.95 (TP 1 and 2) sized its cache and died in the sampler's warm-up.
    """
    engine = budget.engine
    share = budget.total * engine.utilisation
    if engine.name == "vllm" and engine.version >= _CHECKS_FREE and share > budget.total - _CONTEXT_LEAST_GIB:
        return Verdict(
            "oom_runtime",
            f"the CUDA context leaves less than the {share:.2f} of {budget.total:.2f} GiB that are asked for; lower "
            "gpu_memory_utilization",
        )
    needed, spare = _needed_beside(budget), _spare(budget)
    if needed > (_SURELY if engine.name == "vllm" else _SURELY_ELSEWHERE) * spare:
        return Verdict(
            "oom_runtime",
            f"graph capture and the sampler's warm-up need about {needed:.1f} GiB beside the engine's share, "
            f"{spare:.1f} are there; lower gpu_memory_utilization or max_num_seqs",
        )
    return None


def _doubt(budget: Budget) -> str:
    if budget.requests is not None and budget.requests.low < 1 and not budget.engine.fitted_length:
        return f"a request of {budget.length} tokens may not fit: the KV cache is close to too small"
    needed, spare = _needed_beside(budget), _spare(budget)
    if needed > _PERHAPS * spare:
        return f"graph capture and warm-up need about {needed:.1f} of the {spare:.1f} GiB beside the engine's share"
    return ""


def _too_long(budget: Budget) -> str:
    if budget.length <= budget.own_length:
        return ""
    return (
        f"{budget.length} tokens are more than the model's context of {budget.own_length}: engines refuse that unless "
        "the context is stretched by another setting"
    )


def _spare(budget: Budget) -> float:
    """Return the GiB beside the engine's share; beside everything else where the cache's size is set."""
    if budget.engine.kv.size_gib:
        held = (budget.weights, budget.extra.activation, budget.extra.non_torch, budget.cache)
        return budget.total - sum(part.value for part in held) - budget.extra.reserved_graphs
    return budget.total * (1 - budget.engine.utilisation)


def _needed_beside(budget: Budget) -> float:
    """Return the GiB that graph capture and the sampler's warm-up take of what was not reserved."""
    engine, extra = budget.engine, budget.extra
    if engine.name in {"tensorrt-llm", "tgi", "llama.cpp", "ollama"}:
        return 0.0
    fragments = (0.3 if engine.version >= (0, 17) else 0.1) * extra.activation.value
    if engine.name == "sglang":
        fragments += extra.activation.value - extra.logits
    torn = 0.6 * min(1.0, extra.logits / 0.5)
    return extra.graphs.value - extra.reserved_graphs + extra.logits + fragments + torn + 0.2 * (engine.tp > 1)
