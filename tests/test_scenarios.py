"""Whole runs, each told by one text file in `tests/scenarios/`.

A file starts with prose; `-- NAME --` begins a file's text. `fleet.yaml` is turned into metrics and served by a real
Prometheus, whose address stands where a file says `PROMETHEUS`. The section `run` holds commands (`$ trimtab …`,
`$ git …`) and, below each, what must hold of it:

    exit N              the exit code (0 where unsaid)
    has TEXT            standard output contains it
    lacks TEXT          standard output does not
    finds RULE NAME     the scan recommends it for that workload or node
    only N              the scan recommends exactly N
    silent RULE NAME: TEXT   the scan holds a silence of that rule about it, with the text in its reason
    json PATH == VALUE  a value of the printed document, such as `recommendations.0.risk == low`
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.exposition import expose_clusters
from tests.prometheus import serve
from tests.specs import NodeSpec, WorkloadSpec

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))
ENDED_AT = 1_794_614_400  # 2026-11-14T00:00:00Z
TRIMTAB = [sys.executable, "-m", "trimtab"]


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path, tmp_path: Path) -> None:
    """A whole run does what its scenario's file says."""
    sections = _sections(path.read_text())
    script = sections.pop("run")
    fleet = sections.pop("fleet.yaml", "")
    if not fleet:
        _play(sections, script, tmp_path, "http://127.0.0.1:9")
        return
    with serve(_metrics(fleet)) as url:
        _play(sections, script, tmp_path, url)


def _sections(text: str) -> dict[str, str]:
    """Return the text of each section by its name."""
    parts = re.split(r"^-- (\S+) --\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _metrics(text: str) -> str:
    """Return the exposition of a described fleet, or of several by name under `clusters`."""
    described = yaml.safe_load(text)
    return expose_clusters(
        {
            name: (_nodes(fleet), _workloads(fleet))
            for name, fleet in described.get("clusters", {"": described}).items()
        },
        ENDED_AT,
    )


def _nodes(described: dict[str, list[dict[str, object]]]) -> tuple[NodeSpec, ...]:
    return tuple(NodeSpec(**node) for node in described.get("nodes", ()))  # type: ignore[arg-type]  # YAML's own types


def _workloads(described: dict[str, list[dict[str, object]]]) -> tuple[WorkloadSpec, ...]:
    return tuple(
        WorkloadSpec(**{key: tuple(value) if isinstance(value, list) else value for key, value in workload.items()})  # type: ignore[arg-type]  # YAML's own types
        for workload in described.get("workloads", ())
    )


def _play(sections: dict[str, str], script: str, folder: Path, url: str) -> None:
    """Write the files, commit the repository, and run the commands."""
    for name, text in sections.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace("PROMETHEUS", url))
    if (folder / "gitops").is_dir():
        _git(folder / "gitops", "init", "-q", "-b", "main")
        _git(folder / "gitops", "add", "-A")
        _git(folder / "gitops", "commit", "-q", "-m", "What runs")
    for block in re.split(r"^\$ ", script, flags=re.MULTILINE)[1:]:
        command, *expected = [line.strip() for line in block.strip().splitlines() if line.strip()]
        _check(_run(command, folder), expected, command)


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Dev", "-c", "user.email=dev@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one command of the script in the scenario's folder."""
    words = shlex.split(command)
    if words[0] == "trimtab":
        words = [*TRIMTAB, *words[1:]]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "TRIMTAB_PACE": "0", "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def _check(result: subprocess.CompletedProcess[str], expected: list[str], command: str) -> None:
    """Hold a command's result to the lines below it."""
    shown = f"$ {command}\n{result.stdout}\n{result.stderr}"
    exits = [int(line.split()[1]) for line in expected if line.startswith("exit ")]
    assert result.returncode == (exits[0] if exits else 0), shown
    for line in expected:
        verb, _, rest = line.partition(" ")
        if verb != "exit":
            assert CHECKS[verb](result.stdout, rest), f"{line}\n{shown}"


def _finds(output: str, rest: str) -> bool:
    rule, name = rest.split()
    found = json.loads(output)["recommendations"]
    return any(one["rule"] == rule and one["subject"]["name"] == name for one in found)


def _silent(output: str, rest: str) -> bool:
    about, _, text = (part.strip() for part in rest.partition(":"))
    rule, name = about.split()
    return any(
        one["rule"] == rule and one["subject"].get("name") == name and text in one["reason"]
        for one in json.loads(output)["silences"]
    )


def _json(output: str, rest: str) -> bool:
    path, _, value = rest.partition(" == ")
    found = json.loads(output)
    for part in path.split("."):
        found = found[int(part)] if part.lstrip("-").isdigit() else found[part]
    return str(found) == value


CHECKS = {
    "has": lambda output, rest: rest in output,
    "lacks": lambda output, rest: rest not in output,
    "finds": _finds,
    "only": lambda output, rest: len(json.loads(output)["recommendations"]) == int(rest),
    "silent": _silent,
    "json": _json,
}
