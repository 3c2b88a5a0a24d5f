from __future__ import annotations

import subprocess
import sys

import pytest

from trimtab.cli import app
from trimtab.errors import Exit, FactsMissingError, RefusedError, UsageError


def trimtab(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does."""
    command = [sys.executable, "-m", "trimtab", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_names_every_command_and_imports_none() -> None:
    """`--help` lists all commands without loading what they need."""
    code = "import sys; from trimtab.cli.app import run; run(['--help']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert all(name in done.stdout for name in app.COMMANDS)
    assert not any(f"'{name}'" in done.stdout for name in ("pydantic", "rich", "kubernetes", "pyarrow", "ruamel"))


@pytest.mark.parametrize("name", sorted(app.COMMANDS))
def test_every_command_has_help(name: str) -> None:
    """Each command of the table can be loaded and says what it does."""
    done = trimtab(name, "--help")

    assert done.returncode == Exit.DONE
    assert done.stdout.startswith(f"Usage: trimtab {name}")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("m", "h"), Exit.USAGE),
        (FactsMissingError("m", "h"), Exit.FACTS_MISSING),
        (RefusedError("m", "h"), Exit.REFUSED),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
    ],
)
def test_errors_become_exit_codes(
    error: BaseException, code: Exit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user's mistake is a message and a hint on standard error and its exit code, never a traceback."""

    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(app.app, "main", fail)

    assert app.run([]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err


def test_an_unknown_command_is_wrong_usage() -> None:
    """A misspelt command is exit 2 with a message on standard error."""
    done = trimtab("scna")

    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert "scna" in done.stderr
