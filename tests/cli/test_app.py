"""What the command line does with mistakes, whatever the command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from trimtab.cli.app import COMMANDS, app, run

MANIFESTS_ONLY = "clusters: [{name: eu}]\nrepositories: [{path: ./gitops, name: gitops}]\n"
UNREACHABLE = 'clusters: [{name: eu, prometheus: {url: "http://127.0.0.1:1"}}]\n'


def _leaves() -> list[tuple[str, click.Command]]:
    """Return every command that does something, by its words."""
    found: list[tuple[str, click.Command]] = []
    context = click.Context(app)
    for name in COMMANDS:
        command = app.get_command(context, name)
        assert command is not None
        inner = command.commands if isinstance(command, click.Group) else {}
        found += [(f"{name} {word}", one) for word, one in inner.items()] or [(name, command)]
    return found


@pytest.mark.parametrize("name", [name for name, _ in _leaves()])
def test_every_command_takes_a_format_with_json(name: str) -> None:
    """Scripts can ask any command for JSON."""
    options = {option.name: option for option in dict(_leaves())[name].params if "--format" in option.opts}

    assert any("json" in option.type.choices for option in options.values() if isinstance(option.type, click.Choice))


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["scan", "--config", "absent.yaml"],
        ["scan", "--config", "."],
        ["scan", "--at", "0001-01-01"],
        ["rules", "new", "some-waste", "--folder", "file.txt/rules"],
        ["rules", "show", "nobody"],
        ["init", "file.txt"],
        ["inspect", "absent"],
    ],
)
def test_a_mistake_is_said_and_ends_with_2(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong usage, and what the system refuses, is a message on standard error and nothing on standard output."""
    (tmp_path / "file.txt").write_text("")
    (tmp_path / "trimtab.yaml").write_text(MANIFESTS_ONLY)
    monkeypatch.chdir(tmp_path)

    assert run(arguments) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.strip()


@pytest.mark.parametrize("command", ["scan", "run"])
@pytest.mark.parametrize("config", [UNREACHABLE, MANIFESTS_ONLY])
def test_who_sees_nothing_ends_with_3(
    command: str, config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server that does not answer, or a repository that is not there, leaves nothing to judge, and JSON says so."""
    (tmp_path / "trimtab.yaml").write_text(config)

    assert run([command, "--format", "json", "--config", str(tmp_path / "trimtab.yaml")]) == 3

    assert any(gap["blind"] for gap in json.loads(capsys.readouterr().out)["gaps"])


def test_manifests_alone_are_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A cluster that was never to be asked misses nothing."""
    (tmp_path / "gitops").mkdir()
    (tmp_path / "trimtab.yaml").write_text(MANIFESTS_ONLY)

    assert run(["scan", "--config", str(tmp_path / "trimtab.yaml")]) == 0
    assert "Nothing to recommend" in capsys.readouterr().out


def test_help_loads_no_command() -> None:
    """The help needs nothing but click: what a command needs is loaded when it is called."""
    code = (
        "import sys; from trimtab.cli.app import run; run(['--help']); "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'pydantic', 'rich', 'jinja2', 'requests'}), "
        "[name for name in sys.modules if name.startswith('trimtab.') and 'cli' not in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[] ['trimtab.errors']"
