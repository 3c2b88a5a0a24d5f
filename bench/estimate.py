"""How far the estimate is from what was measured.

`python bench/estimate.py CASES.jsonl… [--config-dir DIR] [--worst N] [--peers DIR]`: runs `trimtab estimate --cases` on
each file and prints, for every figure of `truth` that `reliable` names, the median and 95th percentile of the absolute
error, the share inside low..high, the start verdict, the share answered, errors by architecture, format and GPU, and
the worst groups and cases. `--peers` sets other estimators beside it (`peers/`), each in an environment of its own
under DIR, which is made where it is missing: that alone needs a package index.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from trimtab.cli.estimate_cases import estimate_cases

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.beside import Contest, beside

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
MAIN = ("weights_gib", "kv_cache_gib", "tpot_ms", "output_tokens_per_s")
NOT_ORDERED = ("activation_gib", "non_torch_gib", "cuda_graph_gib")
"""Figures that differ between machines and are small: shown, with no aim."""

Record = Mapping[str, object]


def format_of(case: Record) -> str:
    """Return how a case's weights are stored: as it says, as its engine is told, else as the checkpoint declares."""
    args = case.get("args")
    told = args.get("quantization") if isinstance(args, dict) else None
    return str(case.get("weights_scheme") or told or "as the checkpoint has it")


KINDS: Mapping[str, Callable[[Record], str]] = {
    "architecture": lambda case: str(case.get("kind") or str(case.get("group", "")).partition(" |")[0]),
    "format": format_of,
    "GPU": lambda case: str(case.get("gpu") or f"{case.get('gpu_memory_gib')} GiB"),
}


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
    arguments.add_argument("--peers", type=Path, metavar="DIR", help="folder of the peers' environments")
    asked = arguments.parse_args()
    for path in asked.cases:
        report(path, asked)


def report(path: Path, asked: argparse.Namespace) -> None:
    """Print one file's table."""
    config_dir, worst = asked.config_dir, asked.worst
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
    for name, kind_of in KINDS.items():
        kinds(name, {str(case["id"]): kind_of(case) for case in cases}, misses)
    for figure in MAIN:
        groups(figure, [miss for miss in misses if miss.figure == figure], worst)
    if asked.peers:
        folders = [config_dir] if config_dir else [path.parent, path.parent / "model_configs"]
        beside(Contest(cases, folders), [result for _, result in answered], asked.peers.resolve())


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


def kinds(name: str, kind_of: Mapping[str, str], misses: list[Miss]) -> None:
    """Print the median error of the main figures by kind of case."""
    shown = [figure for figure in MAIN if any(miss.figure == figure for miss in misses)]
    print(f"  median % (cases) by {name:<22}" + "".join(f"{figure:>22}" for figure in shown))
    for kind in sorted(set(kind_of.values())):
        cells = []
        for figure in shown:
            errors = [abs(miss.error) for miss in misses if miss.figure == figure and kind_of[miss.case] == kind]
            cells.append(f"{100 * statistics.median(errors):.2f} ({len(errors)})" if errors else "-")
        if set(cells) != {"-"}:
            print(f"    {kind:<38}" + "".join(f"{cell:>22}" for cell in cells))


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
