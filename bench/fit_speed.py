"""Fits the constants of `estimate/efficiency.py` to measured rows, and says how far they carry.

`python bench/fit_speed.py FOLDER [--left-out]`: FOLDER holds `perf_cases.jsonl` and `model_configs/`. Prints the
constants and the errors on the rows; with `--left-out` also the errors, and the percentiles of truth / estimate that
the bands of `estimate/band.py` come from, on groups (a model on a GPU), models and GPUs that a fit did not see. Takes
half a minute; ten with `--left-out`.

Least squares on the logarithms of TPOT, throughput and TTFT (the last with a third of the weight), robust (soft L1 from
10 % on), floods of requests (grade B) with 0.4 of the weight, every constant drawn towards a guess made beforehand by a
normal prior on its logarithm. Levenberg and Marquardt's method, with differences for derivatives.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from trimtab.cli.estimate_cases import deployment_of_case
from trimtab.errors import TrimtabError
from trimtab.estimate import Impossible, Load
from trimtab.estimate.efficiency import Efficiency
from trimtab.estimate.machine import Machine, machine_of
from trimtab.estimate.speed import time_load

GUESSES: dict[str, tuple[float, float]] = {
    "dense": (0.85, 0.15),
    "expert": (0.85, 0.2),
    "cache": (0.85, 0.2),
    "compute": (0.65, 0.3),
    "expert_compute": (0.5, 0.4),
    "fp4_compute": (1.2, 0.2),
    "attention": (0.5, 0.3),
    "link": (0.7, 0.3),
    "layer_s": (40e-6, 1),
    "moe_layer_s": (30e-6, 1),
    "sparse_layer_s": (60e-6, 1),
    "step_s": (0.3e-3, 1),
    "request_s": (12e-6, 1),
    "message_s": (2e-6, 1),
    "chunk_s": (3e-3, 1),
    "prefill_queue": (0.06, 0.7),
    "first_steps": (2, 0.5),
    "int4_experts": (0.5, 0.3),
    "older_release": (0.1, 1),
    "bound sglang": (1, 0.2),
    "bound tensorrt-llm": (1, 0.2),
    "first_s vllm": (0.05, 1),
    "first_s sglang": (0.05, 1),
    "first_s tensorrt-llm": (0.05, 1),
    "prefill_share vllm": (1.2, 0.3),
    "prefill_share sglang": (1.2, 0.3),
    "prefill_share tensorrt-llm": (1.2, 0.3),
}
"""Each constant (of one engine where it names one), the guess, and the prior's standard deviation as a logarithm."""
WEIGHTS = (1.0, 0.7, 0.35)
"""Of TPOT, throughput and TTFT."""
CLOSE = 0.1
FLOOD = 0.4
PRIOR = 3.0
STEPS, STEPS_LEFT_OUT = 14, 4
PERCENTILES = (4, 50, 96)

Vector = list[float]


@dataclass(frozen=True, slots=True)
class Row:
    """A measured case: the machine, the load, the three truths, its weight, and what it is left out by."""

    machine: Machine
    load: Load
    truth: tuple[float, float, float]
    weight: float
    engine: str
    keys: tuple[str, str, str]


def main() -> None:
    """Fit, and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--left-out", action="store_true")
    asked = arguments.parse_args()
    rows = read(asked.folder)
    guess = [math.log(value) for value, _ in GUESSES.values()]
    fitted = fit(rows, guess, STEPS)
    for name, value in zip(GUESSES, fitted, strict=True):
        print(f"{name:<28}{math.exp(value):.3g}")
    report("on the rows", rows, [errors(row, fitted) for row in rows])
    for place, kind in enumerate(("groups", "models", "GPUs") if asked.left_out else ()):
        report(f"{kind} left out", rows, left_out(rows, fitted, place))


def read(folder: Path) -> list[Row]:
    """Return the rows that can be timed."""
    lines = (folder / "perf_cases.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for line in lines if (row := row_of(json.loads(line), folder / "model_configs"))]
    sizes = Counter((row.keys[0], row.engine) for row in rows)
    return [replace(row, weight=row.weight * damping(sizes[row.keys[0], row.engine])) for row in rows]


def damping(size: int) -> float:
    """Return the weight of one row of a group: large groups count for less than their number."""
    return (30 / max(30, size)) ** 0.25


def row_of(case: dict[str, dict[str, float]], configs: Path) -> Row | None:
    """Return a case as a row; None where it cannot be timed."""
    try:
        deployment = deployment_of_case(case, [configs])
    except TrimtabError:
        return None
    machine = machine_of(deployment)
    load, truth = case["load"], case["truth"]
    if isinstance(machine, Impossible) or "ttft_ms" not in truth:
        return None
    wanted = Load(load["concurrency"], load["input_tokens"], load["output_tokens"])
    if isinstance(time_load(machine, wanted), Impossible):
        return None
    group = str(case["group"])
    return Row(
        machine,
        wanted,
        (truth["tpot_ms"], truth["output_tokens_per_s"], truth["ttft_ms"]),
        FLOOD if str(case["grade"]) == "B" else 1.0,
        deployment.engine,
        (group, group.split(" | ", maxsplit=1)[0], deployment.gpu.name),
    )


def gains_of(vector: Vector, engine: str) -> Efficiency:
    """Return the constants of an engine at a point of the search."""
    values = {name: math.exp(value) for name, value in zip(GUESSES, vector, strict=True)}
    own = {name.split()[0]: value for name, value in values.items() if name.endswith(" " + engine)}
    return replace(Efficiency(), **{name: value for name, value in values.items() if " " not in name} | own)


def errors(row: Row, vector: Vector) -> tuple[float, float, float]:
    """Return log(estimate / truth) of TPOT, throughput and TTFT."""
    found = time_load(replace(row.machine, gains=gains_of(vector, row.engine)), row.load)
    if isinstance(found, Impossible):
        raise TypeError(found.reason)
    figures = (found.tpot_ms.value, found.output_tokens_per_s.value, found.ttft_ms.value)
    tpot, flow, ttft = (math.log(value / truth) for value, truth in zip(figures, row.truth, strict=True))
    return tpot, flow, ttft


def residuals(rows: Sequence[Row], vector: Vector) -> Vector:
    """Return what is squared and summed: robust errors, and how far each constant is from its guess."""
    found = [
        robust(row.weight * weight * error / CLOSE)
        for row in rows
        for weight, error in zip(WEIGHTS, errors(row, vector), strict=True)
    ]
    guesses = zip(vector, GUESSES.values(), strict=True)
    return found + [PRIOR * (value - math.log(guess)) / spread for value, (guess, spread) in guesses]


def robust(error: float) -> float:
    """Return soft L1: as it is near zero, growing with its root beyond 1."""
    return math.copysign(math.sqrt(2 * (math.sqrt(1 + error * error) - 1)), error)


def fit(rows: Sequence[Row], start: Vector, steps: int) -> Vector:
    """Return the constants that fit best, from a start."""
    vector, damp = list(start), 1e-3
    now = residuals(rows, vector)
    for _ in range(steps):
        columns = [derivative(rows, vector, now, place) for place in range(len(vector))]
        normal = [[dot(one, other) for other in columns] for one in columns]
        slope = [dot(one, now) for one in columns]
        for _ in range(6):
            damped = [
                [value * (1 + damp if i == j else 1) for j, value in enumerate(line)] for i, line in enumerate(normal)
            ]
            tried = [value - change for value, change in zip(vector, solve(damped, slope), strict=True)]
            then = residuals(rows, tried)
            if dot(then, then) < dot(now, now):
                vector, now, damp = tried, then, damp / 5
                break
            damp *= 5
    return vector


def derivative(rows: Sequence[Row], vector: Vector, now: Vector, place: int) -> Vector:
    """Return how the residuals change with one constant."""
    step = 1e-4
    moved = [value + step * (index == place) for index, value in enumerate(vector)]
    return [(then - before) / step for then, before in zip(residuals(rows, moved), now, strict=True)]


def dot(one: Vector, other: Vector) -> float:
    """Return the sum of products."""
    return sum(map(float.__mul__, one, other))


def solve(matrix: list[Vector], right: Vector) -> Vector:
    """Return the solution of a symmetric positive system (Gauss)."""
    lines = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    size = len(lines)
    for pivot in range(size):
        for below in range(pivot + 1, size):
            factor = lines[below][pivot] / lines[pivot][pivot]
            lines[below] = [value - factor * above for value, above in zip(lines[below], lines[pivot], strict=True)]
    found = [0.0] * size
    for row in reversed(range(size)):
        rest = sum(lines[row][column] * found[column] for column in range(row + 1, size))
        found[row] = (lines[row][size] - rest) / lines[row][row]
    return found


def left_out(rows: Sequence[Row], start: Vector, place: int) -> list[tuple[float, float, float]]:
    """Return each row's errors by a fit that saw no row of its kind."""
    fits = {
        key: fit([row for row in rows if row.keys[place] != key], start, STEPS_LEFT_OUT)
        for key in sorted({row.keys[place] for row in rows})
    }
    return [errors(row, fits[row.keys[place]]) for row in rows]


def report(title: str, rows: Sequence[Row], found: Sequence[tuple[float, float, float]]) -> None:
    """Print median errors, and percentiles of truth / estimate by engine."""
    print(f"\n{title}: {len(rows)} rows")
    line("all", found)
    for engine in sorted({row.engine for row in rows}):
        line(engine, [error for row, error in zip(rows, found, strict=True) if row.engine == engine])


def line(name: str, found: Sequence[tuple[float, float, float]]) -> None:
    """Print one line: for each figure the median error, and low, middle and high of truth / estimate."""
    parts = []
    for place, figure in enumerate(("tpot", "flow", "ttft")):
        values = [error[place] for error in found]
        middle = 100 * statistics.median(abs(math.exp(value) - 1) for value in values)
        cuts = statistics.quantiles([math.exp(-value) for value in values], n=100)
        spread = " ".join(f"{cuts[percentile - 1]:.2f}" for percentile in PERCENTILES)
        parts.append(f"{figure} {middle:5.1f} % ({spread})")
    print(f"{name:<14}{len(found):>5}  " + "  ".join(parts))


if __name__ == "__main__":
    main()
