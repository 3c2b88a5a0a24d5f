"""Whole runs, each told by one text file in `tests/scenarios/`.

A file starts with prose; `-- NAME --` begins a file's text. `fleet.yaml` is turned into metrics and served by a real
Prometheus, whose address stands where a file says `PROMETHEUS`. The section `run` holds commands (`$ trimtab …`,
`$ git …`) and, below each, what must hold of it:

    exit N              the exit code (0 where unsaid)
    has TEXT            standard output contains it
    lacks TEXT          standard output does not
    says TEXT           standard error contains it
    same [N]            standard output is that of the command before (of the Nth before)
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
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.exposition import expose_clusters
from tests.prometheus import serve
from tests.specs import NodeSpec, WorkloadSpec
from trimtab.cli.app import run

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))
ENDED_AT = 1_794_614_400  # 2026-11-14T00:00:00Z
ENVIRONMENT = {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "TRIMTAB_PACE": "0",
    "NO_COLOR": "1",
    "COLUMNS": "200",
}


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    stdout: str
    stderr: str


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A whole run does what its scenario's file says."""
    monkeypatch.chdir(tmp_path)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    sections = _sections(path.read_text())
    script = sections.pop("run")
    fleet = sections.pop("fleet.yaml", "")
    with serve(_metrics(fleet)) if fleet else nullcontext("http://127.0.0.1:9") as url:
        _write(sections, tmp_path, url)
        printed: list[str] = []
        for block in re.split(r"^\$ ", script, flags=re.MULTILINE)[1:]:
            command, *expected = [line.strip() for line in block.strip().splitlines() if line.strip()]
            done = _run(command, capsys)
            _check(done, expected, f"$ {command}\n{done.stdout}\n{done.stderr}", printed)
            printed.append(done.stdout)


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


def _write(sections: dict[str, str], folder: Path, url: str) -> None:
    """Write the files, and commit the repository."""
    for name, text in sections.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace("PROMETHEUS", url))
    if (folder / "gitops").is_dir():
        _git(folder / "gitops", "init", "-q", "-b", "main")
        _git(folder / "gitops", "add", "-A")
        _git(folder / "gitops", "commit", "-q", "-m", "What runs")


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Dev", "-c", "user.email=dev@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def _run(command: str, capsys: pytest.CaptureFixture[str]) -> Done:
    """Run one command of the script; ours without a process of its own, which would take a second to start."""
    words = shlex.split(command)
    if words[0] == "trimtab":
        code = run(words[1:])
        return Done(code, *capsys.readouterr())
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


def _check(done: Done, expected: list[str], shown: str, printed: list[str]) -> None:
    """Hold a command's result to the lines below it."""
    exits = [int(line.split()[1]) for line in expected if line.startswith("exit ")]
    assert done.code == (exits[0] if exits else 0), shown
    for line in expected:
        verb, _, rest = line.partition(" ")
        if verb == "says":
            assert rest in done.stderr, f"{line}\n{shown}"
        elif verb == "same":
            assert done.stdout == printed[-int(rest or 1)], f"{line}\n{shown}"
        elif verb != "exit":
            assert CHECKS[verb](done.stdout, rest), f"{line}\n{shown}"


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
