"""The answers of `trimtab estimate`, as documents and as tables."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from trimtab.catalog import all_gpus, find_gpu, rate
from trimtab.cli.estimate_ask import Answer, Ask, answer, deployment_of
from trimtab.errors import UsageError
from trimtab.estimate import Deployment, Figure, Impossible, Memory, Speed
from trimtab.fleet import Found, GpuType, Unknown
from trimtab.text.numbers import HOURS_A_MONTH

SCHEMA = "trimtab/estimate/v1"
COMPARE_SCHEMA = "trimtab/estimate-compare/v1"
_MEMORY = (
    "weights_gib", "activation_gib", "non_torch_gib", "cuda_graph_gib", "kv_cache_gib", "kv_cache_tokens",
    "max_concurrency",
)  # fmt: skip
_SPEED = ("ttft_ms", "tpot_ms", "output_tokens_per_s", "prefill_tokens_per_s")
_BAR = 60


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
        "load": {
            "concurrency": ask.load.concurrency,
            "input_tokens": ask.load.input_tokens,
            "output_tokens": ask.load.output_tokens,
            "prefix_hit": ask.load.prefix_hit,
        },
        **figures(found),
        "sources": {"model": deployment.model.source, "gpu": deployment.gpu.source},
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
        **{name: _rounded(figure.value) for name, figure in of_memory.items()},
        "max_model_len_that_fits": found.memory.max_model_len_that_fits,
        "kv_bytes_per_token": _rounded(found.memory.kv_bytes_per_token),
        **{name: None if figure is None else _rounded(figure.value) for name, figure in of_speed.items()},
        "basis": found.speed.basis if isinstance(found.speed, Speed) else None,
        "low": {name: _rounded(figure.low) for name, figure in known.items()},
        "high": {name: _rounded(figure.high) for name, figure in known.items()},
    }


def _memory_figure(memory: Memory, name: str) -> Figure:
    figure: Figure = getattr(memory, name)
    return figure


def _speed_figure(speed: Speed | Impossible, name: str) -> Figure | None:
    figure: Figure | None = getattr(speed, name, None)
    return figure


def _rounded(value: float) -> float:
    return round(value, 4)


# ------------------------------------------------------------------------------------------------------------- tables


def print_estimate(found: Answer, ask: Ask) -> None:
    """Print one estimate: a verdict, the GPU's memory as a bar, the figures with their bounds."""
    console, memory = Console(), found.memory
    verdict = Text("fits", "bold green") if memory.fits else Text("does not fit", "bold red")
    gpus = f"{found.deployment.gpus} x " if found.deployment.gpus > 1 else ""
    console.print(
        Text(f"{found.deployment.model.name} on {gpus}{found.deployment.gpu.name}: ") + verdict, soft_wrap=True
    )
    if memory.reason:
        console.print(Text(memory.reason, "yellow"), soft_wrap=True)
    console.print(_bar(found), soft_wrap=True)
    console.print(_figures_table(found))
    if ask.flags.unknown:
        console.print(Text(f"not part of the estimate: {', '.join(ask.flags.unknown)}", "dim"), soft_wrap=True)
    if isinstance(found.speed, Impossible) and memory.fits:
        console.print(Text(f"no speed: {found.speed.reason}", "dim"), soft_wrap=True)


def _bar(found: Answer) -> Text:
    """Return one GPU's memory to scale: weights, activation, runtime, graphs, cache, and what is left."""
    memory, total = found.memory, found.deployment.gpu.memory_gib
    parts = (
        ("weights", memory.weights_gib.value, "blue"),
        ("activation", memory.activation_gib.value, "magenta"),
        ("runtime", memory.non_torch_gib.value, "cyan"),
        ("graphs", memory.cuda_graph_gib.value, "yellow"),
        ("KV cache", max(0.0, memory.kv_cache_gib.value), "green"),
    )
    bar, legend, used = Text(), Text(), 0
    for name, gib, colour in parts:
        cells = min(_BAR - used, max(1 if gib > 0 else 0, round(_BAR * gib / total)))
        used += cells
        bar.append("█" * cells, colour)
        legend.append(f"■ {name} {gib:.2f}  ", colour)
    free = total - sum(gib for _, gib, _ in parts)
    bar.append("░" * (_BAR - used), "dim")
    return bar + Text(f"  {total:.2f} GiB\n") + legend + Text(f"□ free {free:.2f}", "dim")


def _figures_table(found: Answer) -> Table:
    memory, speed = found.memory, found.speed
    table = Table("", "estimate", "low", "high", box=None, padding=(0, 2, 0, 0))
    for column in table.columns[1:]:
        column.justify = "right"
    rows = [
        ("KV cache, tokens", memory.kv_cache_tokens, ",.0f"),
        (f"requests of {_length(found):,} tokens at once", memory.max_concurrency, ",.1f"),
    ]
    if isinstance(speed, Speed):
        rows += [
            ("time to first token, ms", speed.ttft_ms, ",.0f"),
            ("time per output token, ms", speed.tpot_ms, ",.1f"),
            ("output tokens/s", speed.output_tokens_per_s, ",.0f"),
        ]
    for name, figure, form in rows:
        table.add_row(name, format(figure.value, form), format(figure.low, form), format(figure.high, form))
    table.add_row("longest context that fits, tokens", format(memory.max_model_len_that_fits, ","))
    if isinstance(speed, Speed):
        table.add_row("speed stands on", speed.basis)
    return table


def _length(found: Answer) -> int:
    memory = found.memory
    asked = found.deployment.settings.get("max_model_len")
    if isinstance(asked, int) and asked:
        return asked
    return round(memory.kv_cache_tokens.value / memory.max_concurrency.value) if memory.max_concurrency.value else 0


# --------------------------------------------------------------------------------------------------------- comparison


def compare_document(ask: Ask, names: str, where: tuple[str, str]) -> dict[str, object]:
    """Return how one deployment would do on each of several GPUs.

    Raises:
        UsageError: A GPU is unknown, or the deployment is impossible.
    """
    gpus = all_gpus() if names == "all" else tuple(_gpu(name) for name in names.split(",") if name.strip())
    if not gpus:
        raise UsageError("--compare names no GPU", "--compare H100,A100,L40S,L4")
    base = deployment_of(replace(ask, gpu=gpus[0].name))
    rows = [_row(answer(replace(base, gpu=gpu), ask.load), where) for gpu in gpus]
    return {"schema": COMPARE_SCHEMA, "model": base.model.name, "gpus": base.gpus, "rows": rows}


def _gpu(name: str) -> GpuType:
    found = find_gpu(name)
    if isinstance(found, Unknown):
        raise UsageError(found.reason)
    return found.value


def _row(found: Answer, where: tuple[str, str]) -> dict[str, object]:
    price = _price(found.deployment, where)
    usd_per_hour = price.value * found.deployment.gpus if isinstance(price, Found) else None
    flow = found.speed.output_tokens_per_s.value if isinstance(found.speed, Speed) else 0.0
    return {
        "gpu": found.deployment.gpu.name,
        **figures(found),
        "usd_per_month": None if usd_per_hour is None else round(usd_per_hour * HOURS_A_MONTH, 2),
        "usd_per_million_output_tokens": round(usd_per_hour / flow / 3600 * 1e6, 4) if usd_per_hour and flow else None,
        "price": price.source if isinstance(price, Found) else price.reason,
    }


def _price(deployment: Deployment, where: tuple[str, str]) -> Found[float] | Unknown:
    provider, region = where
    if not provider or not region:
        return Unknown("give --provider and --region for prices")
    return rate(provider, region, deployment.gpu.name)


def print_comparison(rows: dict[str, object]) -> None:
    """Print a comparison as a table."""
    table = Table(title=f"{rows['model']}, {rows['gpus']} GPUs each", title_justify="left", box=None, padding=(0, 1))
    table.add_column("GPU", overflow="fold")
    table.add_column("fits")
    for name in ("KV tokens", "TTFT ms", "TPOT ms", "tokens/s", "$/month", "$/1M tokens"):
        table.add_column(name, justify="right")
    listed = rows["rows"]
    for row in listed if isinstance(listed, list) else []:
        fits = "[green]yes[/]" if row["fits"] else f"[red]{_SHORT[str(row['outcome'])]}[/]"
        cells = [_cell(row, name, form) for name, form in _CELLS]
        table.add_row(str(row["gpu"]).removeprefix("NVIDIA-"), fits, *cells)
    Console().print(table)


_SHORT = {"oom_weights": "weights", "oom_kv": "KV cache", "oom_runtime": "warm-up"}
"""What is too large, by outcome."""
_CELLS = (
    ("kv_cache_tokens", ",.0f"),
    ("ttft_ms", ",.0f"),
    ("tpot_ms", ",.1f"),
    ("output_tokens_per_s", ",.0f"),
    ("usd_per_month", ",.0f"),
    ("usd_per_million_output_tokens", ",.2f"),
)


def _cell(row: dict[str, object], name: str, form: str) -> str:
    value = row[name]
    return format(value, form) if isinstance(value, int | float | str) else "-"
