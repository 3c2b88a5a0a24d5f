from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.manifest.samples import DEPLOYMENT, SUBJECT
from trimtab.cli.app import run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with one manifest."""
    (tmp_path / "chat.yaml").write_text(DEPLOYMENT)
    return tmp_path


def test_edit_prints_the_diff_and_writes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without `--write` the diff alone goes to standard output."""
    assert run(["edit", str(root), "--subject", SUBJECT, "--set", "max_model_len=4096"]) == 0

    out = capsys.readouterr().out
    assert out.startswith("diff --git a/chat.yaml b/chat.yaml\n")
    assert "+            - --max-model-len=4096   # tokens\n" in out
    assert (root / "chat.yaml").read_text() == DEPLOYMENT


def test_write_applies_and_the_same_edit_again_is_empty(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--write` the file changes once; permissions stay."""
    (root / "chat.yaml").chmod(0o640)
    arguments = ["edit", str(root), "--subject", SUBJECT, "--set", "max_model_len=4096", "--write"]

    assert run(arguments) == 0
    assert (root / "chat.yaml").read_text() == DEPLOYMENT.replace("8192", "4096")
    assert (root / "chat.yaml").stat().st_mode & 0o777 == 0o640
    capsys.readouterr()
    assert run(arguments) == 0
    assert capsys.readouterr().out == ""
    assert sorted(path.name for path in root.iterdir()) == ["chat.yaml"]


@pytest.mark.parametrize("name", ["Chart.lock", "a b/.clang-format", "values.yaml.dist"])
def test_a_file_that_is_named_need_not_be_called_yaml(root: Path, name: str) -> None:
    """Whoever names a file says that it is YAML."""
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("digest: a # c\n")

    assert run(["edit", str(root), "--file", f"./{name}", "--at", "/digest", "--value", "b", "--write"]) == 0
    assert (root / name).read_text() == "digest: b # c\n"


@pytest.mark.parametrize(
    ("path", "code"), [("out/f", 4), ("link", 4), ("a.json", 4), ("../f", 2), ("f\0", 4), ("out", 4)]
)
def test_a_name_that_leads_elsewhere_is_no_file(root: Path, path: str, code: int) -> None:
    """Neither a link on the way nor one at its end is followed, and JSON is no file of YAML."""
    outside = root / "outside"
    outside.mkdir()
    (outside / "f").write_text("a: 1\n")
    inside = root / "inside"
    inside.mkdir()
    (inside / "out").symlink_to(outside)
    (inside / "link").symlink_to(outside / "f")
    (inside / "a.json").write_text('{"a": 1}')

    assert run(["edit", str(inside), "--file", path, "--at", "/a", "--value", "2", "--write"]) == code
    assert (outside / "f").read_text() == "a: 1\n"


def test_one_scalar_of_any_file(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--file --at --value` edits any scalar."""
    assert run(["edit", str(root), "--file", "chat.yaml", "--at", "/metadata/name", "--value", "12"]) == 0

    assert '+  name: "12"\n' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--subject", SUBJECT, "--set", "max_modl_len=1"], 2),
        (["--subject", SUBJECT, "--set", "replicas=-1"], 2),
        (["--subject", SUBJECT, "--set", "replicas"], 2),
        (["--subject", SUBJECT], 2),
        ([], 2),
        (["--subject", "../a.yaml#Pod//x/y", "--set", "replicas=1"], 2),
        (["--file", "chat.yaml", "--at", "/spec"], 2),
        (["--subject", "chat.yaml#Deployment/llm/other/server", "--set", "replicas=1"], 4),
        (["--subject", "none.yaml#Deployment/llm/chat/server", "--set", "replicas=1"], 4),
        (["--file", "chat.yaml", "--at", "/nowhere", "--value", "1"], 4),
    ],
)
def test_exit_codes(root: Path, arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong use is 2, a refusal is 4; neither writes nor prints a diff."""
    assert run(["edit", str(root), *arguments, "--write"]) == code

    assert capsys.readouterr().out == ""
    assert (root / "chat.yaml").read_text() == DEPLOYMENT


def test_a_refusal_as_json_says_why(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The document of a refusal has status and reason, and the exit code is 4."""
    code = run(["edit", str(root), "--subject", SUBJECT + "x", "--set", "replicas=1", "--format", "json"])

    assert code == 4
    assert json.loads(capsys.readouterr().out)["status"] == "refused"


def test_many_edits_one_result_a_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--edits` answers every line in order, bad ones too."""
    lines = [
        {"id": "1", "subject": SUBJECT, "set": {"replicas": 2}},
        {"id": "2", "file": "chat.yaml", "at": "/kind", "value": "Pod"},
        {"id": "3", "subject": "x", "set": {"replicas": 2}},
        {"id": "4", "subject": SUBJECT, "set": {"nonsense": 2}},
    ]
    (root / "edits.jsonl").write_text("\n".join([*map(json.dumps, lines), "{broken"]))

    assert run(["edit", str(root), "--edits", str(root / "edits.jsonl")]) == 0

    results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["exit"] for one in results] == [0, 0, 4, 2, 2]
    assert [one["id"] for one in results] == ["1", "2", "3", "4", None]
    assert "+  replicas: 2" in results[0]["diff"]


def test_a_link_that_leaves_the_folder_is_never_written(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file reached through a link is refused and stays as it is."""
    outside = tmp_path_factory.mktemp("outside") / "chat.yaml"
    outside.write_text(DEPLOYMENT)
    (root / "chat.yaml").unlink()
    (root / "chat.yaml").symlink_to(outside)

    assert run(["edit", str(root), "--subject", SUBJECT, "--set", "replicas=2", "--write"]) == 4
    assert outside.read_text() == DEPLOYMENT


def test_a_bad_line_is_named_and_stops_no_other(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line whose request makes no sense keeps its own id, and the lines after it are still written."""
    lines = [
        {"id": 7, "file": "chat.yaml", "subject": "both"},
        {"id": "ok", "file": "chat.yaml", "at": "/kind", "value": "X"},
    ]
    (root / "edits.jsonl").write_text("\n".join(map(json.dumps, lines)))

    assert run(["edit", str(root), "--edits", str(root / "edits.jsonl"), "--write"]) == 0

    results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["id"], one["exit"]) for one in results] == [(7, 2), ("ok", 0)]
    assert (root / "chat.yaml").read_text() == DEPLOYMENT.replace("kind: Deployment", "kind: X")
