"""What capturing CUDA graphs takes.

Data: 15 dense H100 runs of vLLM 0.19 give 0.12 GiB and 0.024 GiB a layer (within 0.15 GiB); experts add 0.7 GiB, those
in MXFP4 1.2 (five runs of three models), less where a token goes to fewer than four experts. The part by layers goes
with the number of graphs, counted from the sizes that vLLM captures. Over 11 runs of other GPUs and releases the truth
was 0.3 to 3.2 times this, nine of them 0.4 to 2.4 times: kernels and pools differ, hence the wide band.
"""

from __future__ import annotations

from trimtab.estimate.engine import Engine
from trimtab.estimate.shape import Shape
from trimtab.estimate.types import Figure

_BASE_GIB, _LAYER_GIB, _MOE_GIB, _MXFP4_GIB = 0.12, 0.024, 0.7, 1.2
_FULL_FROM = (0, 11)
"""From here on whole steps are captured beside the pieces between attention (vLLM 0.11, FULL_AND_PIECEWISE)."""
_LEAN_FROM = (0, 17)
_SMALL, _STEP, _COARSE, _COARSE_STEP = 3, 8, 256, 16
_MEASURED_GRAPHS = 102
"""Of both kinds up to 512: what the data's runs captured."""
_LOW, _HIGH = 0.4, 2.4


def graphs(shape: Shape, engine: Engine, scheme_method: str) -> Figure:
    """Return the GiB that graphs take on one GPU."""
    if engine.eager or engine.name in {"llama.cpp", "ollama"}:
        return Figure(0.0, 0.0, 0.0)
    value = _BASE_GIB + _LAYER_GIB * len(shape.layers) / engine.pp * _captured(engine) / _MEASURED_GRAPHS
    if shape.moe:
        each = _MXFP4_GIB if scheme_method == "mxfp4" and engine.version >= _LEAN_FROM else _MOE_GIB
        value += each * min(1.0, shape.moe.experts_per_token / 4)
    value *= (1.0, 0.88, 0.8)[min(2, engine.tp - 1)]
    return Figure(value, value * _LOW, value * _HIGH)


def _captured(engine: Engine) -> int:
    """Return how many graphs are captured: pieces up to the limit, whole steps up to the largest batch."""
    if engine.version < _FULL_FROM:
        return _SMALL + engine.graph_limit // _STEP
    return _sizes(engine.graph_limit) + _sizes(min(engine.graph_limit, engine.max_num_seqs))


def _sizes(limit: int) -> int:
    """Return the number of batch sizes up to a limit: 1, 2, 4, by 8 up to 256, by 16 beyond (vLLM 0.19)."""
    return _SMALL + min(limit, _COARSE) // _STEP + max(0, limit - _COARSE) // _COARSE_STEP
