"""How far the estimate is from what was measured.

`python bench/estimate.py CASES.jsonl… [--config-dir DIR] [--worst N]`: runs `trimtab estimate --cases` on each file and
prints, for every figure of `truth` that `reliable` names, the median and 95th percentile of the absolute error, the
share inside low..high, the start verdict, the share answered, errors by group, and the worst cases.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from trimtab.cli.estimate_cases import estimate_cases

FIGURES = (
    "weights_gib",
    "activation_gib",
    "non_torch_gib",
    "cuda_graph_gib",
    "kv_cache_gib",
    "kv_cache_tokens",
    "max_concurrency",
    "ttft_ms",
    "tpot_ms",
    "output_tokens_per_s",
)
NOT_ORDERED = ("activation_gib", "non_torch_gib", "cuda_graph_gib")
"""Figures that differ between machines and are small: shown, with no aim."""

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Miss:
    """One figure of one case: how far the estimate is off, and whether its bounds hold the truth."""

    case: str
    figure: str
    group: str
    truth: float
    estimate: float
    inside: bool

    @property
    def error(self) -> float:
        """Error relative to the truth, with its sign."""
        return (self.estimate - self.truth) / abs(self.truth)


def main() -> None:
    """Print the table of each file."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("cases", nargs="+", type=Path)
    arguments.add_argument("--config-dir", type=Path)
    arguments.add_argument("--worst", type=int, default=5)
    asked = arguments.parse_args()
    for path in asked.cases:
        report(path, asked.config_dir, asked.worst)


def report(path: Path, config_dir: Path | None, worst: int) -> None:
    """Print one file's table."""
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    results = estimate_cases(path, config_dir)["results"]
    pairs = list(zip(cases, results if isinstance(results, list) else [], strict=True))
    answered = [(case, result) for case, result in pairs if "error" not in result]
    with_config = [pair for pair in pairs if pair[0].get("config")]
    known = sum("error" not in result for _, result in with_config)
    print(f"\n# {path.name}: {len(pairs)} cases, {len(answered)} answered; with a config {known}/{len(with_config)}")
    misses = [miss for case, result in answered for miss in compare(case, result)]
    print(f"{'figure':<22}{'cases':>6}{'median %':>10}{'p95 %':>8}{'inside %':>10}")
    for figure in FIGURES:
        line(figure, [miss for miss in misses if miss.figure == figure])
    verdicts(answered)
    for figure in ("weights_gib", "kv_cache_gib", "tpot_ms", "output_tokens_per_s"):
        groups(figure, [miss for miss in misses if miss.figure == figure], worst)


def compare(case: Record, result: Record) -> Iterable[Miss]:
    """Yield every figure that the case is reliable in."""
    truth, low, high = case["truth"], result["low"], result["high"]
    if not (isinstance(truth, dict) and isinstance(low, dict) and isinstance(high, dict)):
        return
    reliable = case.get("reliable", FIGURES)
    for figure in FIGURES:
        measured, estimate = truth.get(figure), result.get(figure)
        if not measured or estimate is None or not isinstance(reliable, list | tuple) or figure not in reliable:
            continue
        inside = low[figure] <= measured <= high[figure]
        group = f"{case.get('group', case.get('kind', ''))} | {case.get('engine')}"
        yield Miss(str(case["id"]), figure, group, float(measured), float(str(estimate)), inside)


def line(figure: str, misses: list[Miss]) -> None:
    """Print one figure's line."""
    if not misses:
        return
    errors = sorted(abs(miss.error) for miss in misses)
    tail = errors[min(len(errors) - 1, int(0.95 * len(errors)))]
    inside = 100 * sum(miss.inside for miss in misses) / len(misses)
    note = "  (differs by machine)" if figure in NOT_ORDERED else ""
    middle = 100 * statistics.median(errors)
    print(f"{figure:<22}{len(misses):>6}{middle:>10.3f}{100 * tail:>8.1f}{inside:>10.0f}{note}")


def verdicts(answered: list[tuple[Record, Record]]) -> None:
    """Print how often "starts" or "does not" is right, and which are wrong."""
    judged = [(case, result) for case, result in answered if "outcome" in str(case.get("reliable", ""))]
    if not judged:
        return
    wrong = [(case, result) for case, result in judged if (outcome(case) == "ok") != bool(result["fits"])]
    kinds = sum(outcome(case) == result["outcome"] for case, result in judged)
    right = len(judged) - len(wrong)
    print(
        f"start verdict: {right}/{len(judged)} = {right / len(judged):.3f}; same kind of failure {kinds}/{len(judged)}"
    )
    for case, result in wrong:
        print(f"  wrong: {case['id']}: {outcome(case)}, estimated {result['outcome']}: {result['reason']}")


def outcome(case: Record) -> str:
    """Return what happened."""
    truth = case["truth"]
    return str(truth["outcome"]) if isinstance(truth, dict) else ""


def groups(figure: str, misses: list[Miss], worst: int) -> None:
    """Print a figure's error by group, worst first, and its worst cases."""
    by_group: dict[str, list[float]] = defaultdict(list)
    for miss in misses:
        by_group[miss.group].append(abs(miss.error))
    ranked = sorted(((statistics.median(errors), len(errors), name) for name, errors in by_group.items()), reverse=True)
    for middle, count, name in ranked[:worst]:
        print(f"  {figure} worst group: {100 * middle:6.1f} %  {name} ({count})")
    for miss in sorted(misses, key=lambda one: -abs(one.error))[:worst]:
        off = f"{100 * miss.error:+6.1f} %"
        print(f"  {figure} worst case: {off}  {miss.case}: {miss.truth} estimated {miss.estimate:.4g}")


if __name__ == "__main__":
    main()
