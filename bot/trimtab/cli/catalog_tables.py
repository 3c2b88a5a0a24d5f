"""`trimtab catalog show` as tables."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from trimtab.cli.console import console_for_tables
from trimtab.text.clean import one_line

_COLUMNS = {
    "gpus": ("name", "memory_gib", "bandwidth_gb_s", "16-bit TFLOPS", "fp8 TFLOPS", "link_gb_s", "unverified"),
    "models": ("name", "source"),
    "instances": ("instance_type", "gpu", "gpus"),
    "prices": ("provider", "region", "instance_type", "gpu", "gpus", "usd_per_hour", "usd_per_gpu_hour"),
}


def print_entries(document: Mapping[str, object], *, alone: bool) -> None:
    """Print entries as a table; a GPU or a model that was asked for alone with everything that is known of it."""
    console, kind = console_for_tables(), str(document["kind"])
    listed = document["entries"]
    entries = listed if isinstance(listed, list) else []
    if alone and kind in {"gpus", "models"}:
        for entry in entries:
            console.print(_sheet(entry))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in _COLUMNS[kind]:
        number = entries and isinstance(_value(entries[0], column), int | float)
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for entry in entries:
        table.add_row(*(_cell(_value(entry, column)) for column in _COLUMNS[kind]))
    console.print(table)
    for note in _notes(document):
        console.print(Text(note, "dim"), soft_wrap=True)


def _notes(document: Mapping[str, object]) -> list[str]:
    sources, missing = document.get("sources"), document.get("missing")
    notes = [
        f"{one['provider']}: {one['source']}, {one['date']} ({one['age_days']} days old), {one['licence']}"
        for one in (sources if isinstance(sources, list) else [])
    ]
    return [one_line(note) for note in (*notes, *(missing if isinstance(missing, list) else []))]


def _sheet(entry: Mapping[str, object]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in entry.items():
        table.add_row(name, _cell(value))
    return table


def _value(entry: Mapping[str, object], column: str) -> object:
    peaks = entry.get("dense_tflops")
    if isinstance(peaks, dict) and column.endswith("TFLOPS"):
        return peaks.get("fp8") if column.startswith("fp8") else peaks.get("bf16", peaks.get("fp16"))
    return entry.get(column)


def _cell(value: object) -> Text:
    """Return a value as text, which rich does not read as markup."""
    if value is None:
        return Text("-")
    if isinstance(value, dict):
        return Text(", ".join(f"{name} {one:g}" for name, one in value.items()))
    if isinstance(value, list):
        return Text(", ".join(map(str, value)))
    return Text(f"{value:,g}" if isinstance(value, float) else one_line(str(value), 10_000))
