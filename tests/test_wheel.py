from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the built wheel unpacked in it, and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(folder.glob("trimtab-*.whl"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    subprocess.run([*pip, str(folder / "site"), str(wheel)], check=True)
    return folder / "site"


def trimtab(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command from the unpacked wheel."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-m", "trimtab", *arguments]
    return subprocess.run(command, cwd=installed, env=environment, capture_output=True, text=True, check=False)


def test_wheel_holds_one_name(installed: Path) -> None:
    """The wheel puts one name where packages are installed."""
    names = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}

    assert names - {"bin", "__pycache__"} == {"trimtab"}


def test_rules_come_with_the_wheel(installed: Path) -> None:
    """An installed command knows the same rules as the checkout."""
    listed = trimtab(installed, "rules", "list").stdout

    for path in (ROOT / "rules").glob("*.py"):
        assert path.stem.replace("_", "-") in listed


def test_demo_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """The sample repository, the recorded week and the templates are all in the wheel."""
    done = trimtab(installed, "demo", "--dir", str(tmp_path / "demo"))

    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "demo" / "pull-requests").glob("[0-9]*.md"))
