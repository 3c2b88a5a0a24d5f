"""What an adapter of a peer shares with the others: cases come as JSON lines on stdin, answers go out on stdout.

A case has `id, model, folder` (holds its `config.json`), `args, gpu, gpu_memory_gib` (usable), `bandwidth_gb_s`,
`gpus, engine, load, weights_scheme, parameters, checkpoint_bytes`. The last two are what the Hub says of a model; here
Trimtab's own count stands in, so that a peer that cannot count is judged by the rest. An answer has `id` and
what the peer gives of `weights_gib, kv_cache_gib, fits, tpot_ms, output_tokens_per_s`, or `error`.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

GIB = 1024**3
DEFAULT_UTILISATION = 0.9
"""vLLM's until 0.20 (`gpu_memory_utilization`); the cases that say nothing are of such releases."""

Answer: TypeAlias = Mapping[str, float | bool]


class CannotAnswerError(Exception):
    """The peer has no answer to such a case."""


@dataclass(frozen=True, slots=True)
class Load:
    """The traffic that a case was measured under."""

    concurrency: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One case; the words are those of `trimtab estimate --cases`."""

    id: str
    model: str
    folder: Path
    args: Mapping[str, float | str]
    gpu: str
    gpu_memory_gib: float
    bandwidth_gb_s: float
    gpus: int
    engine: str
    weights_scheme: str
    parameters: int
    checkpoint_bytes: int
    load: Load = field(default_factory=Load)

    def number(self, name: str, usual: float = 1) -> float:
        """Return a setting that is a number, or what the engine does without."""
        return float(self.args.get(name) or usual)

    @property
    def utilisation(self) -> float:
        """The share of a GPU that the engine may take."""
        return self.number("gpu_memory_utilization", DEFAULT_UTILISATION)

    @property
    def ranks(self) -> int:
        """GPUs that the weights are spread over."""
        return int(self.number("tensor_parallel_size") * self.number("pipeline_parallel_size"))

    @property
    def length(self) -> int:
        """Tokens of the longest request."""
        config = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        text = config.get("text_config") or config
        return int(self.number("max_model_len", text.get("max_position_embeddings") or DEFAULT_LENGTH))


DEFAULT_LENGTH = 8192


def answer_all(answer: Callable[[Case], Answer]) -> None:
    """Answer every case on stdin."""
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        for line in sys.stdin:
            said = json.loads(line)
            load = Load(**said.pop("load"))
            case = Case(**{**said, "folder": Path(said["folder"])}, load=load)
            print(json.dumps({"id": case.id, **_answered(answer, case)}), file=out, flush=True)


def _answered(answer: Callable[[Case], Answer], case: Case) -> Mapping[str, object]:
    try:
        return answer(case)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a peer may fail in any way: then it has no answer
        return {"error": f"{type(error).__name__}: {error}"[:200]}
