"""How long `trimtab inspect` takes for a folder's files, copied as often as wanted: cold, again, and how much memory.

    python bench/inspect_large.py FOLDER --copies 4

Every copy has a comment of its own in each YAML file, so that no content is met twice. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

_SUFFIXES = (".yaml", ".yml", ".env")


@dataclass(frozen=True, slots=True)
class Measured:
    """One call of the command.

    Attributes:
        seconds: From its start to its end.
        cpu_seconds: Of all its processes; what other work on the machine changes little.
        servings: How many it found.
        files: How many YAML files it looked at.
    """

    seconds: float
    cpu_seconds: float
    servings: int
    files: int


def main() -> None:
    """Copy, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--copies", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trimtab-bench-") as spare:
        root = Path(spare) / "tree"
        for number in range(asked.copies):
            _copy(asked.folder, root / f"copy-{number}", number)
        os.sync()
        environment = {**os.environ, "XDG_CACHE_HOME": f"{spare}/cache"}
        cold, again = (_inspect(root, environment) for _ in range(2))
        alone = _inspect(root, environment, "--no-cache", "--processes", "1")
    peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    said = {"cold": asdict(cold), "again": asdict(again), "one_process": asdict(alone), "peak_mib": round(peak_mib)}
    print(json.dumps({**said, "cpus": os.cpu_count(), "load": os.getloadavg()[0]}, indent=2))


def _copy(folder: Path, target: Path, number: int) -> None:
    """Copy the files that are read; a comment at the end makes each its own."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name.endswith(_SUFFIXES):
            place = target / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            data = path.read_bytes()
            mark = f"# copy {number}\n".encode() if number and data.endswith(b"\n") else b""
            place.write_bytes(data + mark)


def _inspect(root: Path, environment: dict[str, str], *options: str) -> Measured:
    command = [sys.executable, "-m", "trimtab", "inspect", str(root), "--format", "json", *options]
    began, used = time.perf_counter(), _cpu_seconds()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    seconds, cpu = round(time.perf_counter() - began, 2), round(_cpu_seconds() - used, 2)
    document = json.loads(done.stdout)
    return Measured(seconds, cpu, len(document["servings"]), document["files_read"])


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
