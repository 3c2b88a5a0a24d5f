"""Condenses public request traces into the traffic of the demo's fleet.

    python bench/demo_traffic.py TRACES > bot/trimtab/demo/traffic.json

TRACES holds three public files, as their projects publish them or condensed to the columns used here:

- `servegen_rates.csv.gz`: request rates of single clients over 14 days, from github.com/alibaba/ServeGen at f891d11
  (Apache-2.0); columns workload, client, time_s, rate. It gives the shapes: how traffic rises and falls.
- `azure_2023_conversation.csv.gz`, `azure_2023_code.csv.gz`: lengths of requests, from
  github.com/Azure/AzurePublicDataset at b469a11 (CC-BY-4.0, attribution: Microsoft Azure); columns ContextTokens,
  GeneratedTokens.
- `mooncake_conversation.jsonl.gz`: lengths of long-context requests, from github.com/kvcache-ai/Mooncake at 3b5a594
  (Apache-2.0); fields input_length, output_length.

A shape is 336 hourly rates, divided by the mean of its first week. How many requests a second a workload of the demo
gets is set in `bot/trimtab/demo/world.py`; no trace says it.
"""

from __future__ import annotations

import csv
import gzip
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

HOURS = 336
WEEK = 168
CLIENTS = {"diurnal": 5, "wavy": 8, "steady": 12, "evening": 13, "plateau": 36, "spiky": 38, "office": 31}
"""Client of ServeGen's `language/m-small` by the name its shape has here."""

SOURCES = (
    "shapes: github.com/alibaba/ServeGen f891d11, Apache-2.0",
    "lengths of conversation and code: github.com/Azure/AzurePublicDataset b469a11, CC-BY-4.0, Microsoft Azure",
    "lengths of documents: github.com/kvcache-ai/Mooncake 3b5a594, Apache-2.0",
)


def main() -> None:
    """Print the condensed traffic as JSON."""
    folder = Path(sys.argv[1])
    document = {
        "sources": SOURCES,
        "shapes": shapes(folder / "servegen_rates.csv.gz"),
        "lengths": {
            "conversation": lengths(azure(folder / "azure_2023_conversation.csv.gz")),
            "code": lengths(azure(folder / "azure_2023_code.csv.gz")),
            "documents": lengths(mooncake(folder / "mooncake_conversation.jsonl.gz")),
        },
    }
    print(json.dumps(document, indent=1))


def shapes(path: Path) -> dict[str, list[float]]:
    """Return hourly rates by shape, relative to the first week's mean."""
    wanted = {str(number): name for name, number in CLIENTS.items()}
    rates: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            if row["workload"] == "language/m-small" and row["client"] in wanted:
                rates[wanted[row["client"]]][int(float(row["time_s"])) // 3600].append(float(row["rate"] or 0))
    return {name: _relative(rates[name]) for name in sorted(rates)}


def _relative(by_hour: dict[int, list[float]]) -> list[float]:
    """Return one rate for each hour, relative to the first week's mean."""
    hourly = [statistics.fmean(by_hour.get(hour, [0.0])) for hour in range(HOURS)]
    mean = statistics.fmean(hourly[:WEEK])
    return [round(rate / mean, 3) for rate in hourly]


def azure(path: Path) -> Iterator[tuple[int, int]]:
    """Yield prompt and answer lengths, tokens."""
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            yield int(row["ContextTokens"]), int(row["GeneratedTokens"])


def mooncake(path: Path) -> Iterator[tuple[int, int]]:
    """Yield prompt and answer lengths, tokens."""
    with gzip.open(path, "rt") as file:
        for line in file:
            record = json.loads(line)
            yield int(record["input_length"]), int(record["output_length"])


def lengths(pairs: Iterator[tuple[int, int]]) -> dict[str, float]:
    """Return means and quantiles of prompt and answer lengths, tokens."""
    prompts, answers = zip(*pairs, strict=True)
    return {
        "input_mean": round(statistics.fmean(prompts), 1),
        "input_p95": _quantile(prompts, 0.95),
        "input_p99": _quantile(prompts, 0.99),
        "output_mean": round(statistics.fmean(answers), 1),
    }


def _quantile(values: Sequence[int], q: float) -> float:
    """Return the value below which the share `q` lies."""
    return float(sorted(values)[int(q * len(values))])


if __name__ == "__main__":
    main()
