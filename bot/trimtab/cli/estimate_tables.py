"""Comparisons and searches of `trimtab estimate` as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from rich.table import Table
from rich.text import Text

from trimtab.cli.console import console_for_tables
from trimtab.text.clean import one_line

_Rows: TypeAlias = Sequence[Mapping[str, object]]
_SHORT = {"oom_weights": "weights", "oom_kv": "KV cache", "oom_runtime": "warm-up"}
"""What is too large, by outcome."""
_COMPARED = (
    ("KV tokens", "kv_cache_tokens", ",.0f"),
    ("TTFT ms", "ttft_ms", ",.0f"),
    ("TPOT ms", "tpot_ms", ",.1f"),
    ("tokens/s", "output_tokens_per_s", ",.0f"),
    ("$/month", "usd_per_month", ",.0f"),
    ("$/1M tokens out", "usd_per_million_output_tokens", ",.2f"),
)
_FOUND = (
    ("replicas", "replicas", ",.0f"),
    ("$/month", "usd_per_month", ",.0f"),
    ("$/1M tokens out", "usd_per_million_output_tokens", ",.2f"),
    ("requests/s each", "sure_requests_per_s_per_replica", ",.2f"),
    ("TTFT p95 ms", "ttft_p95_ms", ",.0f"),
    ("TPOT p95 ms", "tpot_p95_ms", ",.1f"),
)
_NO_PRICE = "no price"
_MOST_OPTIONS = 10
_MOST_REASONS = 12


def print_comparison(document: Mapping[str, object]) -> None:
    """Print a comparison as a table, and where its prices are from."""
    rows = _rows(document, "rows")
    table = _table(_title(document), "fits", _COMPARED)
    for row in rows:
        sure = Text("at risk", "yellow") if row.get("risk") else Text("yes", "green")
        fits = sure if row["fits"] else Text(_SHORT.get(str(row["outcome"]), "no"), "red")
        table.add_row(_gpus(row), fits, *(_cell(row, name, form) for _, name, form in _COMPARED))
    console = console_for_tables()
    console.print(table)
    if any(row.get("usd_per_month") is not None for row in rows):
        note = "prices: the GPUs' share of the cheapest instance that has them, on demand; --format json names each"
        console.print(Text(note, "dim"), soft_wrap=True)


def print_search(document: Mapping[str, object]) -> None:
    """Print what does it, the cheapest first, and why the rest does not."""
    options, rejected = _rows(document, "options"), _rows(document, "rejected")
    console = console_for_tables()
    if not options:
        console.print(Text("nothing that was tried keeps the objective", "bold red"))
    else:
        table = _table(_title(document), "", _FOUND)
        for number, option in enumerate(options[:_MOST_OPTIONS]):
            mark = Text("cheapest", "bold green") if number == 0 else Text()
            table.add_row(_gpus(option), mark, *(_cell(option, name, form) for _, name, form in _FOUND))
        console.print(table)
        console.print(Text(one_line(f"price: {options[0]['price']}"), "dim"), soft_wrap=True)
    reasons = _reasons(options, rejected)
    for reason in reasons[:_MOST_REASONS]:
        console.print(Text(reason, "dim"), soft_wrap=True)
    unpriced = {str(one["gpu"]) for one in rejected if _NO_PRICE in str(one["reason"])}
    if unpriced:
        console.print(Text(f"not {len(unpriced)} GPUs that have no price here; --format json says why of each", "dim"))


def _reasons(options: _Rows, rejected: _Rows) -> list[str]:
    """Return why GPUs that do nothing of it, in whatever number, are out: the reason of the most that were tried."""
    possible = {option["gpu"] for option in options}
    last = {
        str(one["gpu"]): one for one in rejected if one["gpu"] not in possible and _NO_PRICE not in str(one["reason"])
    }
    return [one_line(f"not {_gpus(one)}: {one['reason']}") for one in last.values()]


def _title(document: Mapping[str, object]) -> Text:
    return Text(one_line(f"{document['model']}, {document['engine']}"), "bold")


def _table(title: Text, mark: str, columns: Sequence[tuple[str, str, str]]) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_column("GPU", no_wrap=True)
    table.add_column(mark)
    for name, _, _ in columns:
        table.add_column(name, justify="right")
    return table


def _gpus(row: Mapping[str, object]) -> str:
    name = one_line(str(row["gpu"])).removeprefix("NVIDIA-")
    return name if row["gpus"] == 1 else f"{row['gpus']} x {name}"


def _rows(document: Mapping[str, object], name: str) -> _Rows:
    listed = document[name]
    return listed if isinstance(listed, list) else []


def _cell(row: Mapping[str, object], name: str, form: str) -> str:
    value = row.get(name)
    return format(value, form) if isinstance(value, int | float) else "-"
