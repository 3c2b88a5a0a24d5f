"""One estimate as people read it: a verdict, the GPU's memory as a bar, the figures with their bounds."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from trimtab.cli.console import console_for_tables
from trimtab.cli.estimate_ask import Answer, Ask
from trimtab.estimate import Impossible, Memory, Speed
from trimtab.text.clean import one_line

_BAR = 60
_PARTS = (
    ("weights", "weights_gib", "blue"),
    ("activation", "activation_gib", "magenta"),
    ("runtime", "non_torch_gib", "cyan"),
    ("graphs", "cuda_graph_gib", "yellow"),
    ("KV cache", "kv_cache_gib", "green"),
)


def print_estimate(found: Answer, ask: Ask) -> None:
    """Print one estimate."""
    console, memory = console_for_tables(), found.memory
    console.print(_headline(found), soft_wrap=True)
    for doubt in dict.fromkeys(filter(None, (memory.reason, memory.risk, *memory.doubts))):
        console.print(Text(one_line(doubt), "yellow"), soft_wrap=True)
    console.print()
    console.print(_bar(found), soft_wrap=True)
    console.print()
    console.print(_figures_table(found))
    console.print()
    for note in _notes(found, ask):
        console.print(Text(note, "dim"), soft_wrap=True)


def _headline(found: Answer) -> Text:
    deployment = found.deployment
    verdict = Text("fits", "bold green") if found.memory.fits else Text("does not fit", "bold red")
    gpus = f"{deployment.gpus} x " if deployment.gpus > 1 else ""
    engine = " ".join(filter(None, (deployment.engine, deployment.engine_version)))
    return Text(one_line(f"{deployment.model.name} on {gpus}{deployment.gpu.name}, {engine}:")) + " " + verdict


def _notes(found: Answer, ask: Ask) -> list[str]:
    """Return what qualifies the figures: flags that were not read, why there is no speed, where they come from."""
    load, notes = ask.load, []
    if isinstance(found.speed, Speed):
        hits = f", {load.prefix_hit:.0%} of them in the prefix cache" if load.prefix_hit else ""
        notes.append(
            f"at {load.concurrency:g} requests in progress, {load.input_tokens:,.0f} tokens in{hits}, "
            f"{load.output_tokens:,.0f} out; the speed is {_BASES.get(found.speed.basis, found.speed.basis)}"
        )
    elif found.memory.fits:
        notes.append(f"no speed: {found.speed.reason}")
    if ask.flags.unknown:
        notes.append(f"not part of the estimate: {', '.join(ask.flags.unknown)}")
    notes.append(f"model: {found.deployment.model.source}")
    return [one_line(note) for note in notes]


_BASES = {
    "measured": "measured",
    "calibrated": "calibrated on measurements of such GPUs",
    "roofline": "reckoned from the GPU's peaks: nothing was measured on such a GPU",
}


def _bar(found: Answer) -> Text:
    """Return one GPU's memory to scale: weights, activation, runtime, graphs, cache, and what is left or missing."""
    total = found.deployment.gpu.memory_gib
    cached = found.memory.kv_bytes_per_token > 0  # an encoder keeps none: what would be its cache is free
    kept = _PARTS if cached else _PARTS[:-1]
    parts = [(name, _gib(found.memory, field), colour) for name, field, colour in kept]
    bar, legend, used, filled = Text(), Text(), 0, 0.0
    for name, gib, colour in parts:
        filled += gib
        cells = max(0, min(_BAR, max(used + (gib > 0), round(_BAR * filled / total))) - used)
        used += cells
        bar.append("█" * cells, colour)
        legend.append(f"■ {name} {gib:.2f}  ", colour)
    free = total - filled
    bar.append("░" * (_BAR - used), "dim")
    left = Text(f"□ free {free:.2f}", "dim") if free >= 0 else Text(f"short of {-free:.2f}", "bold red")
    size = " on each GPU" if found.deployment.gpus > 1 else ""
    return bar + Text(f"  {total:.2f} GiB{size}\n") + legend + left


def _gib(memory: Memory, field: str) -> float:
    figure = getattr(memory, field)
    return max(0.0, float(figure.value))


def _figures_table(found: Answer) -> Table:
    memory, speed = found.memory, found.speed
    table = Table("", "estimate", "low", "high", box=None, padding=(0, 2, 0, 0))
    for column in table.columns[1:]:
        column.justify = "right"
    rows = [("weights, GiB on a GPU", memory.weights_gib, ",.2f")]
    if memory.kv_cache_gib.value > 0 and memory.kv_cache_tokens.value > 0:
        rows += [
            ("KV cache, GiB on a GPU", memory.kv_cache_gib, ",.2f"),
            ("KV cache, tokens", memory.kv_cache_tokens, ",.0f"),
            (f"requests of {_length(found):,} tokens at once", memory.max_concurrency, ",.1f"),
        ]
    if not isinstance(speed, Impossible) and not speed.output_tokens_per_s.value:
        rows += [
            ("time of a request, ms", speed.ttft_ms, ",.0f"),
            ("tokens read/s", speed.prefill_tokens_per_s, ",.0f"),
        ]
    elif not isinstance(speed, Impossible):
        rows += [
            ("time to first token, ms", speed.ttft_ms, ",.0f"),
            ("time per output token, ms", speed.tpot_ms, ",.1f"),
            ("output tokens/s", speed.output_tokens_per_s, ",.0f"),
        ]
    for name, figure, form in rows:
        table.add_row(name, format(figure.value, form), format(figure.low, form), format(figure.high, form))
    if memory.max_model_len_that_fits > 0:
        table.add_row("longest context that fits, tokens", format(memory.max_model_len_that_fits, ","))
    return table


def _length(found: Answer) -> int:
    memory = found.memory
    asked = found.deployment.settings.get("max_model_len")
    if isinstance(asked, int) and asked > 0:
        return asked
    return round(memory.kv_cache_tokens.value / memory.max_concurrency.value) if memory.max_concurrency.value else 0
