"""The same cases and the same columns for Trimtab and for other estimators (`bench/estimate.py --peers DIR`)."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from trimtab.cli.estimate_cases import deployment_of_case
from trimtab.errors import TrimtabError
from trimtab.estimate import Deployment, Impossible, memory, parameters

PEERS = Path(__file__).parent / "peers"
NAMES = ("naive", "accelerate", "vramscout", "llm_d_planner", "vramcalc", "aiconfigurator")
COLUMNS = ("weights_gib", "kv_cache_gib", "tpot_ms", "output_tokens_per_s")
_GIB = 1024**3
_ROOMY_GIB = 1e6
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Contest:
    """Cases with their truth, and where each has its configuration."""

    cases: Sequence[Record]
    folders: Sequence[Path]


def beside(contest: Contest, own: Sequence[Record], environments: Path) -> None:
    """Print one line for Trimtab and one for each peer; aiconfigurator takes about a second for each case."""
    print(f"\n{'':<16}" + "".join(f"{name:>22}" for name in (*COLUMNS, "starts or not", "answered")))
    _line("trimtab", contest.cases, {str(one["id"]): one for one in own})
    with tempfile.TemporaryDirectory() as work:
        asked = [line for case in contest.cases if (line := _asked(case, contest.folders, Path(work)))]
        for name in NAMES:
            found = _answers(name, asked, environments)
            _line(name, contest.cases, {str(one["id"]): one for one in found if "error" not in one})


def _answers(name: str, asked: Sequence[Record], environments: Path) -> list[Record]:
    """Return what a peer says, from an environment that holds nothing else."""
    python = _environment(name, environments / name)
    text = "".join(json.dumps(case) + "\n" for case in asked)
    adapter = str(PEERS / f"ask_{name}.py")
    environment = {**os.environ, **_OFFLINE}
    done = subprocess.run(
        [python, adapter], input=text, capture_output=True, text=True, check=False, env=environment, cwd=environments
    )
    if done.returncode:
        print(f"  {name} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _environment(name: str, folder: Path) -> str:
    """Return the interpreter of a peer's environment, made if it is not there; the naive rule needs none."""
    wanted = PEERS / f"{name}.txt"
    if not wanted.exists():
        return sys.executable
    python = folder / "bin" / "python"
    if not python.exists():
        uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "venv", "-q", str(folder)], check=True)
        subprocess.run([uv, "pip", "install", "-q", "-p", str(python), "-r", str(wanted)], check=True)
    return str(python)


def _asked(case: Record, folders: Sequence[Path], work: Path) -> Record | None:
    """Return a case as a peer gets it, without its truth; None where it has no configuration."""
    try:
        deployment = deployment_of_case(case, folders)
    except TrimtabError:
        return None
    total, stored = parameters(deployment.model), _checkpoint_bytes(deployment)
    if isinstance(total, Impossible) or not stored:
        return None
    folder = work / hashlib.sha256(deployment.model.config_json.encode()).hexdigest()[:16]
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(deployment.model.config_json, encoding="utf-8")
    return {
        "id": case["id"],
        "model": deployment.model.name,
        "folder": str(folder),
        "args": case.get("args") or {},
        "gpu": deployment.gpu.name,
        "gpu_memory_gib": deployment.gpu.memory_gib,
        "bandwidth_gb_s": deployment.gpu.bandwidth_gb_s,
        "gpus": deployment.gpus,
        "engine": deployment.engine,
        "weights_scheme": case.get("weights_scheme") or "",
        "parameters": total.total,
        "checkpoint_bytes": stored,
        "load": case.get("load") or {},
    }


def _checkpoint_bytes(deployment: Deployment) -> int:
    """Return the bytes of all weights: what the Hub would say of the files, here as Trimtab counts them."""
    kept = {name: deployment.settings[name] for name in ("quantization", "dtype") if name in deployment.settings}
    roomy = replace(deployment.gpu, memory_gib=_ROOMY_GIB)
    found = memory(replace(deployment, gpu=roomy, gpus=1, settings=kept))
    return 0 if isinstance(found, Impossible) else int(found.weights_gib.value * _GIB)


def _line(name: str, cases: Sequence[Record], found: Mapping[str, Record]) -> None:
    """Print one estimator's columns: median errors, right verdicts, and of how many cases it says anything measured."""
    with_config = [case for case in cases if case.get("config")]
    cells = []
    for column in COLUMNS:
        errors = _errors(with_config, found, column)
        middle = f"{100 * statistics.median(errors):.2f} % of {len(errors)}" if errors else "-"
        cells.append(middle)
    judged = [
        (case, found[str(case["id"])])
        for case in with_config
        if "outcome" in str(case.get("reliable", "")) and "fits" in found.get(str(case["id"]), {})
    ]
    right = sum((_truth(case).get("outcome") == "ok") == bool(answer["fits"]) for case, answer in judged)
    cells.append(f"{right / len(judged):.3f} of {len(judged)}" if judged else "-")
    answered = sum(_says(case, found.get(str(case["id"]), {})) for case in with_config)
    cells.append(f"{100 * answered / len(with_config):.0f} % of {len(with_config)}" if with_config else "-")
    print(f"{name:<16}" + "".join(f"{cell:>22}" for cell in cells), flush=True)


def _errors(cases: Sequence[Record], found: Mapping[str, Record], column: str) -> list[float]:
    """Return the absolute relative errors of a column where the case is reliable in it."""
    errors = []
    for case in cases:
        measured, said = _truth(case).get(column), found.get(str(case["id"]), {}).get(column)
        reliable = case.get("reliable")
        if isinstance(reliable, list) and column not in reliable:
            continue
        if isinstance(measured, int | float) and measured and isinstance(said, int | float):
            errors.append(abs(said - measured) / measured)
    return errors


def _says(case: Record, answer: Record) -> bool:
    """Whether an answer has anything that was measured."""
    truth = _truth(case)
    figures = any(truth.get(column) and answer.get(column) is not None for column in COLUMNS)
    return figures or ("outcome" in truth and "fits" in answer)


def _truth(case: Record) -> Mapping[str, object]:
    truth = case.get("truth")
    return truth if isinstance(truth, dict) else {}
