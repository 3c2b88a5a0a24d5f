"""How long one model on every GPU of the catalogue takes, warm, and how long the command takes from cold.

Usage: python bench/estimate_speed.py [MODEL …]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from trimtab.catalog import all_gpus, find_model
from trimtab.estimate import Deployment, Load, Objective, largest_rate, memory, speed
from trimtab.fleet import Found

MODELS = ("Qwen/Qwen3-8B", "meta-llama/Llama-3.1-70B-Instruct", "deepseek-ai/DeepSeek-R1", "openai/gpt-oss-120b")
ROUNDS = 15
LOAD = Load(16, 1000, 250)
OBJECTIVE = Objective(ttft_p95_ms=1000, tpot_p95_ms=50)


def main() -> None:
    """Print medians in milliseconds, and the best of five cold starts."""
    for name in sys.argv[1:] or MODELS:
        print(warm(name))
    for form in ("json", "table"):
        print(f"the command from cold, --format {form}: {cold(form):.0f} ms")


def warm(name: str) -> str:
    """Return a model's times on all GPUs, as a line."""
    found = find_model(name)
    if not isinstance(found, Found):
        sys.exit(found.reason)
    gpus = all_gpus()
    deployments = [Deployment(found.value, gpu, 8, settings={"max_model_len": 8192}) for gpu in gpus]
    estimates = median_ms(deployments, lambda one: (memory(one), speed(one, LOAD)), ROUNDS)
    rates = median_ms(deployments, lambda one: largest_rate(one, LOAD, OBJECTIVE), ROUNDS // 5)
    return f"{name}: {len(gpus)} GPUs, memory and speed {estimates:.0f} ms, largest rate {rates:.0f} ms"


def median_ms(deployments: Sequence[Deployment], work: Callable[[Deployment], object], rounds: int) -> float:
    """Return the median time of a round over all deployments."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        for one in deployments:
            work(one)
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


def cold(form: str) -> float:
    """Return the time of the command with a fresh interpreter, best of five, milliseconds."""
    command = [sys.executable, "-m", "trimtab", "estimate", MODELS[0], "--gpu", "H100", "--format", form]
    times = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return min(times) * 1e3


if __name__ == "__main__":
    main()
