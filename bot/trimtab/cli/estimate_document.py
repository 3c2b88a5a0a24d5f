"""The answers of `trimtab estimate` as JSON documents."""

from __future__ import annotations

import math

from trimtab.cli.estimate_ask import Answer, Ask
from trimtab.estimate import Figure, Impossible, Load, Memory, Speed

SCHEMA = "trimtab/estimate/v1"
_MEMORY = (
    "weights_gib", "activation_gib", "non_torch_gib", "cuda_graph_gib", "kv_cache_gib", "kv_cache_tokens",
    "max_concurrency",
)  # fmt: skip
_SPEED = ("ttft_ms", "tpot_ms", "output_tokens_per_s", "prefill_tokens_per_s")


def document(found: Answer, ask: Ask) -> dict[str, object]:
    """Return the document of one estimate."""
    deployment = found.deployment
    return {
        "schema": SCHEMA,
        "model": deployment.model.name,
        "gpu": deployment.gpu.name,
        "gpus": deployment.gpus,
        "engine": deployment.engine,
        "engine_version": deployment.engine_version or None,
        "settings": dict(deployment.settings),
        "unknown_flags": list(ask.flags.unknown),
        "load": load_document(ask.load),
        **figures(found),
        "sources": {"model": deployment.model.source, "gpu": deployment.gpu.source},
    }


def load_document(load: Load) -> dict[str, float]:
    """Return a load by its fields' names."""
    return {
        "concurrency": load.concurrency,
        "input_tokens": load.input_tokens,
        "output_tokens": load.output_tokens,
        "prefix_hit": load.prefix_hit,
    }


def figures(found: Answer) -> dict[str, object]:
    """Return all figures with their bounds; those of speed are null where nothing runs or the GPU is unknown."""
    of_memory = {name: _memory_figure(found.memory, name) for name in _MEMORY}
    of_speed = {name: _speed_figure(found.speed, name) for name in _SPEED}
    known = {name: figure for name, figure in {**of_memory, **of_speed}.items() if figure is not None}
    return {
        "fits": found.memory.fits,
        "outcome": found.memory.outcome,
        "reason": found.memory.reason or None,
        "risk": found.memory.risk or None,
        "doubts": list(found.memory.doubts),
        **{name: rounded(figure.value) for name, figure in of_memory.items()},
        "max_model_len_that_fits": found.memory.max_model_len_that_fits,
        "kv_bytes_per_token": rounded(found.memory.kv_bytes_per_token),
        **{name: None if figure is None else rounded(figure.value) for name, figure in of_speed.items()},
        "basis": found.speed.basis if isinstance(found.speed, Speed) else None,
        "low": {name: rounded(figure.low) for name, figure in known.items()},
        "high": {name: rounded(figure.high) for name, figure in known.items()},
    }


def rounded(value: float) -> float | None:
    """Return a figure with four digits behind the point; null where it is beyond all numbers, which JSON cannot say."""
    return round(value, 4) if math.isfinite(value) else None


def _memory_figure(memory: Memory, name: str) -> Figure:
    figure: Figure = getattr(memory, name)
    return figure


def _speed_figure(speed: Speed | Impossible, name: str) -> Figure | None:
    figure: Figure | None = getattr(speed, name, None)
    return figure
