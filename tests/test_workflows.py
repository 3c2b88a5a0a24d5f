"""What runs in other people's pipelines: the action, the workflows, the component, and what `init` writes."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.tools import tool
from trimtab.cli.app import run
from trimtab.manifest import Plain, plain_documents

ROOT = Path(__file__).resolve().parent.parent
ACTION = ROOT / ".github" / "action.sh"
WORKFLOWS = [ROOT / "action.yml", *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]


@pytest.fixture(scope="module")
def gitops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout from GitHub, for which `init` has written what it writes."""
    folder = tmp_path_factory.mktemp("gitops")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    address = "https://github.com/acme/gitops.git"
    subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", address], check=True)
    assert run(["init", str(folder), "--no-pull-request"]) == 0
    return folder


def parsed(path: Path) -> dict[str, Plain]:
    """Return the last document of a YAML file."""
    found = plain_documents(path.read_bytes(), str(path))[-1]
    assert isinstance(found, dict)
    return found


def audited(*paths: Path) -> subprocess.CompletedProcess[str]:
    """Return what zizmor says, asking nobody, at its strictest persona that gates."""
    given = [tool("zizmor"), "--offline", "--pedantic", "--no-progress", "--color=never", *map(str, paths)]
    return subprocess.run(given, capture_output=True, text=True, check=False)


def linted(*paths: Path) -> subprocess.CompletedProcess[str]:
    """Return what actionlint says, without the linters of shell and Python that may or may not be there."""
    given = [tool("actionlint"), "-no-color", "-shellcheck=", "-pyflakes=", *map(str, paths)]
    return subprocess.run(given, capture_output=True, text=True, check=False)


def test_own_workflows_pass_the_audit() -> None:
    """The action and the workflows have no finding, none of them suppressed."""
    done = audited(ROOT / ".github", ROOT / "action.yml")

    assert done.returncode == 0, done.stdout
    assert "ignored" not in done.stdout


def test_what_init_writes_passes_the_audit(gitops: Path) -> None:
    """The one finding is that comments start it, which is what it is for; the file says why that is safe."""
    done = audited(gitops)

    assert done.returncode == 0, done.stdout
    assert "1 ignored" in done.stdout


def test_workflows_pass_the_linter(gitops: Path) -> None:
    """Every expression, event and key is one that GitHub knows."""
    done = linted(*(path for path in WORKFLOWS if path.name != "action.yml"), gitops / ".github/workflows/trimtab.yml")

    assert done.stdout == ""
    assert done.returncode == 0


def test_the_audit_can_fail(gitops: Path, tmp_path: Path) -> None:
    """An action that is taken by a tag is found."""
    text = (gitops / ".github/workflows/trimtab.yml").read_text()
    (tmp_path / "spoilt.yml").write_text(re.sub(r"checkout@\w{40}", "checkout@v5", text))

    assert audited(tmp_path / "spoilt.yml").returncode != 0


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_shell_is_constant(path: Path) -> None:
    """Actions stand at a full commit with their release beside it, and no expression is written into a script."""
    text = path.read_text()
    used = re.findall(r"^\s*(?:- )?uses: (.*)$", text, re.MULTILINE)
    scripts = re.findall(r"run: (?:\|\n((?:[ ]{10,}.*\n)+)|(.*))", text)

    assert used
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used)
    assert scripts
    assert not any("${{" in part for parts in scripts for part in parts)


def test_what_init_writes_holds_what_makes_it_safe(gitops: Path) -> None:
    """Nothing is granted at the top, no token stays in the checkout, no other ref is checked out, no run is cut off."""
    path = gitops / ".github/workflows/trimtab.yml"
    text, workflow = path.read_text(), parsed(path)

    assert workflow["permissions"] == {}
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")
    assert "ref:" not in text
    assert "cancel-in-progress: false" in text
    assert workflow["on"] == {
        "workflow_dispatch": None,
        "schedule": [{"cron": "17 5 * * 1-5"}],
        "issue_comment": {"types": ["created"]},
        "issues": {"types": ["edited"]},
    }


def test_component_is_one() -> None:
    """Two documents, every input declared, described and used, and jobs for the default branch alone."""
    spec, body = plain_documents((ROOT / "templates" / "trimtab.yml").read_bytes())
    assert isinstance(spec, dict)
    assert isinstance(spec["spec"], dict)
    assert isinstance(body, dict)
    inputs = spec["spec"]["inputs"]
    assert isinstance(inputs, dict)
    used = set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", str(body)))

    assert used == set(inputs)
    assert all(isinstance(one, dict) and set(one) == {"description", "default"} for one in inputs.values())
    assert set(body) == {".trimtab", "trimtab", "trimtab-comment"}
    for name in ("trimtab", "trimtab-comment"):
        job = body[name]
        assert isinstance(job, dict)
        assert set(job) <= {"extends", "resource_group", "rules", "script"}
        assert job["extends"] == ".trimtab"
        assert "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" in str(job["rules"])


STUB = """\
#!/bin/sh
echo "$*" >>"$RUNNER_TEMP/calls"
echo "::error::a name of ours"
[ "$1" != run ] || exit "${RUN_ENDS_WITH:-0}"
"""


def stepped(tmp_path: Path, **environ: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run the action's step with a command that writes down how it was called."""
    stub = tmp_path / "trimtab" / "bin" / "trimtab"
    stub.parent.mkdir(parents=True)
    stub.write_text(STUB)
    stub.chmod(0o755)
    given = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path), "CONFIG": "a b.yaml"}
    given["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary")
    done = subprocess.run(
        ["bash", str(ACTION), "run"], capture_output=True, text=True, check=False, env={**given, **environ}
    )
    calls = tmp_path / "calls"
    return done, calls.read_text().splitlines() if calls.exists() else []


@pytest.mark.parametrize(
    ("environ", "calls"),
    [
        (
            {"COMMAND": "auto", "GITHUB_EVENT_NAME": "schedule"},
            ["run --config a b.yaml --format markdown", "settle --config a b.yaml"],
        ),
        (
            {"COMMAND": "auto", "GITHUB_EVENT_NAME": "issues"},
            ["run --config a b.yaml --format markdown", "settle --config a b.yaml"],
        ),
        ({"COMMAND": "auto", "GITHUB_EVENT_NAME": "issue_comment"}, ["comment --config a b.yaml"]),
        ({"COMMAND": "scan"}, ["scan --config a b.yaml --format markdown"]),
        ({"COMMAND": "settle"}, ["settle --config a b.yaml"]),
    ],
)
def test_the_event_says_what_is_run(tmp_path: Path, environ: dict[str, str], calls: list[str]) -> None:
    """A comment is answered; every other event is a run, and then a look at what became of earlier ones."""
    done, made = stepped(tmp_path, **environ)

    assert done.returncode == 0
    assert made == calls


def test_settling_does_not_wait_for_a_good_run(tmp_path: Path) -> None:
    """A run without facts ends the step with its code, after what was merged was looked at."""
    done, made = stepped(tmp_path, COMMAND="auto", RUN_ENDS_WITH="3")

    assert done.returncode == 3
    assert [one.split()[0] for one in made] == ["run", "settle"]


def test_an_unknown_command_is_refused(tmp_path: Path) -> None:
    """What is no command is not run, whatever it says."""
    done, made = stepped(tmp_path, COMMAND="$(touch pwned)")

    assert (done.returncode, made) == (2, [])


def test_no_line_printed_is_a_command_to_the_runner(tmp_path: Path) -> None:
    """What is printed stands between a word that nobody can guess, and the report is in the summary."""
    done, _ = stepped(tmp_path, COMMAND="auto")

    first, *lines, last = done.stdout.splitlines()
    assert first.startswith("::stop-commands::")
    assert last == f"::{first.removeprefix('::stop-commands::')}::"
    assert "::error::a name of ours" in lines
    assert (tmp_path / "summary").read_text() == "::error::a name of ours\n"
