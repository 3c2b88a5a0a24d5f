"""Pairs of measured rows that differ in one thing: is their order right, and what does a live correction bring?

`python bench/speed_pairs.py FOLDER`: FOLDER holds `perf_cases.jsonl` and `model_configs/`. One row of a pair is taken
for what is seen, the other for the truth (`trimtab.estimate.speed_from`). Rows of grade A alone.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from trimtab.cli.estimate_cases import deployment_of_case
from trimtab.estimate import Figure, Impossible, Load, Seen, Speed, speed, speed_from

PERCENTILES = (5, 95)
CLEAR = 1.1
"""Rows that differ by less are in no order."""
MORE = 4


@dataclass(frozen=True, slots=True)
class Row:
    """A measured case and its estimate."""

    model: str
    gpu: str
    engine: str
    release: str
    precision: str
    ranks: tuple[int, int]
    load: Load
    seen: Seen
    estimate: Speed


Pair = tuple[Row, Row]


def main() -> None:
    """Print a line for each kind of pair."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    rows = list(read(arguments.parse_args().folder))
    report("another GPU", pairs(rows, lambda row: (row.precision, row.ranks, row.load), lambda row: row.gpu))
    report(
        "another TP", pairs(rows, lambda row: (row.precision, row.gpu, row.release, row.load), lambda row: row.ranks)
    )
    report("another GPU or TP", pairs(rows, lambda row: (row.precision, row.load), lambda row: (row.gpu, row.ranks)))
    report("another precision", pairs(rows, lambda row: (row.gpu, row.ranks, row.load), lambda row: row.precision))
    setting = pairs(rows, lambda row: (row.precision, row.gpu, row.release, row.ranks, lengths(row)), requests)
    report(
        f"up to {MORE} times the load", [pair for pair in setting if 1 < requests(pair[1]) / requests(pair[0]) <= MORE]
    )


def read(folder: Path) -> Iterator[Row]:
    """Yield the rows that can be timed."""
    for line in (folder / "perf_cases.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if case["grade"] != "A":
            continue
        deployment = deployment_of_case(case, [folder / "model_configs"])
        load = Load(*(float(case["load"][name]) for name in ("concurrency", "input_tokens", "output_tokens")))
        found = speed(deployment, load)
        if isinstance(found, Impossible):
            continue
        args, truth = case["args"], case["truth"]
        yield Row(
            model=case["model"],
            gpu=case["gpu"],
            engine=case["engine"],
            release=str(case.get("engine_version")),
            precision=case["weights_scheme"],
            ranks=(args["tensor_parallel_size"], args.get("expert_parallel_size", 1)),
            load=load,
            seen=Seen(truth["ttft_ms"], truth["tpot_ms"]),
            estimate=found,
        )


def lengths(row: Row) -> tuple[float, float]:
    """Return a load's lengths."""
    return row.load.input_tokens, row.load.output_tokens


def requests(row: Row) -> float:
    """Return a load's requests in progress."""
    return row.load.concurrency


def pairs(rows: list[Row], same: Callable[[Row], object], other: Callable[[Row], object]) -> list[Pair]:
    """Return every two rows of a model and engine, both ways, that are the same in one thing and not in the other."""
    groups: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.model, row.engine, same(row)].append(row)
    both = (pair for group in groups.values() for pair in itertools.permutations(group, 2))
    return [(one, two) for one, two in both if other(one) != other(two)]


def report(title: str, found: list[Pair]) -> None:
    """Print how often the order is right, and the errors without and with the correction."""
    clear = [pair for pair in found if abs(math.log(pair[0].seen.tpot_ms / pair[1].seen.tpot_ms)) > math.log(CLEAR)]
    right = sum(
        (one.seen.tpot_ms < two.seen.tpot_ms) == (one.estimate.tpot_ms.value < two.estimate.tpot_ms.value)
        for one, two in clear
    )
    print(f"\n{title}: {len(found)} pairs; order of TPOT right in {right} of {len(clear)} that differ by a tenth")
    corrected = [speed_from(one.seen, one.estimate, two.estimate) for one, two in found]
    for name in ("tpot_ms", "ttft_ms"):
        truths = [getattr(two.seen, name) for _, two in found]
        line(f"{name} as estimated", [getattr(two.estimate, name) for _, two in found], truths)
        line(f"{name} corrected", [getattr(one, name) for one in corrected], truths)


def line(title: str, figures: list[Figure], truths: list[float]) -> None:
    """Print the median error, percentiles of truth / estimate, and the share inside the bounds."""
    ratios = [truth / figure.value for figure, truth in zip(figures, truths, strict=True)]
    middle = 100 * statistics.median(abs(1 / ratio - 1) for ratio in ratios)
    cuts = statistics.quantiles(ratios, n=100)
    low, high = (cuts[percentile - 1] for percentile in PERCENTILES)
    inside = sum(figure.low <= truth <= figure.high for figure, truth in zip(figures, truths, strict=True))
    print(f"  {title:<24}{middle:5.1f} % ({low:.2f} {high:.2f})  inside {100 * inside / len(truths):.0f} %")


if __name__ == "__main__":
    main()
