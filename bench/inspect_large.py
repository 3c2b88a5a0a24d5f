"""How long `trimtab inspect` takes for a folder's files, copied as often as wanted, and how much memory.

    python bench/inspect_large.py FOLDER --files 10000
    python bench/inspect_large.py FOLDER --files 2500 5000 10000 20000

Measured cold, again, and again after one file was changed: a serving, a kustomization, an object of Argo CD or Flux;
then one added, renamed and removed. The last answer is compared with one of one process that knows nothing from before.
Every copy has a comment of its own in each YAML file, so that no content is met twice. The program is compiled before,
as installing does. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

_SUFFIXES = (".yaml", ".yml", ".env")


@dataclass(frozen=True, slots=True)
class Measured:
    """One call of the command.

    Attributes:
        seconds: From its start to its end.
        cpu_seconds: Of all its processes; what other work on the machine changes little.
        peak_mib: Of the process that took the most memory.
        servings: How many it found.
        files: How many YAML files it looked at.
        answer: A digest of what it said.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: int
    servings: int
    files: int
    answer: str


def main() -> None:
    """Copy, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, nargs="+", default=[10_000])
    asked = parser.parse_args()
    said = {str(files): _measured(asked.folder, files) for files in asked.files}
    print(json.dumps({"by_files": said, "cpus": os.cpu_count(), "load": os.getloadavg()[0]}, indent=2))


def _measured(folder: Path, files: int) -> dict[str, dict[str, float | str]]:
    """Return what was measured with about so many files."""
    with tempfile.TemporaryDirectory(prefix="trimtab-bench-") as spare:
        root = Path(spare) / "tree"
        _copy(folder, root, files)
        os.sync()
        places = {"XDG_CACHE_HOME": f"{spare}/cache", "PYTHONPYCACHEPREFIX": f"{spare}/compiled"}
        environment = {**os.environ, **places, "PYTHONDONTWRITEBYTECODE": ""}
        (Path(spare) / "empty").mkdir()
        _inspect(Path(spare) / "empty", environment)
        found = {name: _inspect(root, environment) for name in ("cold", "again")}
        for name, change in _changes(root):
            change()
            found[name] = _inspect(root, environment)
        found["one_process"] = _inspect(root, environment, "--no-cache", "--processes", "1")
        if found["one_process"].answer != found["removed"].answer:
            raise SystemExit("the answer after the changes differs from one that knows nothing from before")
    return {name: asdict(one) for name, one in found.items()}


def _changes(root: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield one change of one file after the other."""
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    words = (b"--max-model-len", b"kind: Deployment")
    serving = next(path for path in paths if all(word in path.read_bytes() for word in words))
    kustomization = next(path for path in paths if path.name == "kustomization.yaml")
    tools = (b"kind: Application\n", b"kustomize.toolkit.fluxcd.io")
    tool = next((path for path in paths if any(word in path.read_bytes() for word in tools)), kustomization)
    texts = {path: path.read_bytes() for path in (serving, kustomization, tool)}
    added = serving.with_name("trimtab-bench.yaml")
    yield "serving_changed", lambda: serving.write_bytes(texts[serving] + b"\n# changed\n")
    yield "kustomization_changed", lambda: kustomization.write_bytes(texts[kustomization] + b"\nnamePrefix: bench-\n")
    yield "tool_changed", lambda: tool.write_bytes(texts[tool].replace(b"name: ", b"name: bench-", 1))
    yield "added", lambda: added.write_bytes(texts[serving])
    yield "renamed", lambda: added.rename(added.with_name("trimtab-bench-2.yaml"))
    yield "removed", lambda: added.with_name("trimtab-bench-2.yaml").unlink()


def _copy(folder: Path, root: Path, files: int) -> None:
    """Copy the files that are read until there are so many; a comment at the end makes each its own."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    sources = [path for path in found if path.name.endswith(_SUFFIXES)]
    for index in range(files):
        number, at = divmod(index, len(sources))
        place = root / f"copy-{number}" / sources[at].relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        data = sources[at].read_bytes()
        place.write_bytes(data + (f"# copy {number}\n".encode() if number and data.endswith(b"\n") else b""))


def _inspect(root: Path, environment: dict[str, str], *options: str) -> Measured:
    command = [sys.executable, "-m", "trimtab", "inspect", str(root), "--format", "json", *options]
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=output)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(process.returncode)
        output.seek(0)
        said, servings, files = hashlib.sha256(), 0, 0
        for line in output:  # one by one: a process begins with the peak of the one that starts it
            said.update(line)
            servings += line.startswith(b'      "subject"')
            files = int(line.split()[1].rstrip(b",")) if line.startswith(b'  "files_read"') else files
    cpu = used.ru_utime + used.ru_stime
    peak_mib = round(used.ru_maxrss / 1024)
    return Measured(round(seconds, 2), round(cpu, 2), peak_mib, servings, files, said.hexdigest()[:16])


if __name__ == "__main__":
    main()
