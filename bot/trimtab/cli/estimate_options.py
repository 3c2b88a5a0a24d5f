"""The options of `trimtab estimate`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])
_DURATION = re.compile(r"(?P<number>\d{1,9}(?:\.\d{1,9})?)\s*(?P<unit>ms|s)?")
_TO_MS = {"ms": 1.0, "s": 1000.0, None: 1000.0}


class Milliseconds(click.ParamType[float]):
    """A latency: `500ms`, `0.5s`; a bare number is seconds, as everywhere in Trimtab."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return milliseconds."""
        match = _DURATION.fullmatch(str(value).strip())
        found = float(match["number"]) * _TO_MS[match["unit"]] if match else 0.0
        if found <= 0:
            self.fail(f"{str(value)[:40]!r} is no duration above 0; write 500ms or 2s", param, ctx)
        return found


class Finite(click.FloatRange):
    """A number in a range, and none of the words that Python takes for one (`nan`, `inf`)."""

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        found = float(super().convert(value, param, ctx))
        if not math.isfinite(found):
            self.fail(f"{str(value)[:40]!r} is no number to reckon with", param, ctx)
        return found


def all_options(function: F) -> F:
    """Add every option, in the order in which the help lists them."""
    for option in reversed((*_WHAT, *_LOAD, *_MANY)):
        function = option(function)
    return function


_WHAT: tuple[Callable[[F], F], ...] = (
    click.option(
        "--gpu", default="", help="The GPU in any spelling: H100, NVIDIA-A10G, a MIG slice's label, g5.xlarge."
    ),
    click.option("--gpus", type=click.IntRange(1, 16384), help="GPUs of a replica; what the flags need unless said."),
    click.option(
        "--gpu-memory-gib", type=Finite(0, 10_000, min_open=True), help="Usable memory, instead of a GPU's name."
    ),
    click.option(
        "--config", "config_path", type=click.Path(path_type=Path), help="The model's config.json, or its folder."
    ),
    click.option("--offline", is_flag=True, help="Ask no network for a model that is not in the catalogue."),
    click.option(
        "--engine", default="vllm", show_default=True, help="vllm, sglang, tensorrt-llm, tgi, ollama, llama.cpp …"
    ),
    click.option(
        "--engine-version", default="", help="The engine's release, such as 0.19.0; the newest known if unsaid."
    ),
)
_LOAD: tuple[Callable[[F], F], ...] = (
    click.option(
        "--concurrency",
        type=Finite(0, 1e6, min_open=True),
        default=16,
        show_default=True,
        help="Requests in progress.",
    ),
    click.option("--input-tokens", type=Finite(0, 1e9), default=1000, show_default=True, help="Prompt length, mean."),
    click.option(
        "--output-tokens", type=Finite(1, 1e9), default=250, show_default=True, help="Generated length, mean."
    ),
    click.option(
        "--prefix-hit", type=Finite(0, 1), default=0, show_default=True, help="Share of the prompt in the prefix cache."
    ),
)
_MANY: tuple[Callable[[F], F], ...] = (
    click.option("--compare", default="", help="GPUs to compare, by comma; `all` for the whole catalogue."),
    click.option(
        "--find", type=click.Choice(["cheapest"]), help="Find the least that does it, of --compare or of all."
    ),
    click.option("--ttft-p95", type=Milliseconds(), help="With --find: time to first token, such as 500ms."),
    click.option("--tpot-p95", type=Milliseconds(), help="With --find: time per output token, such as 40ms."),
    click.option("--rate", type=Finite(0, 1e6, min_open=True), help="With --find: requests a second, all replicas."),
    click.option("--slices", is_flag=True, help="With --find: look at MIG slices too."),
    click.option("--provider", default="", help="For prices: aws, azure; any unless said."),
    click.option("--region", default="", help="For prices: the provider's region; any unless said."),
    click.option("--cases", type=click.Path(path_type=Path), help="Many at once: a file with one JSON case a line."),
    click.option("--config-dir", type=click.Path(path_type=Path), help="Where the cases' configurations are."),
    click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="How to print it."),
)
