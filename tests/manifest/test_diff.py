from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.manifest.samples import DEPLOYMENT, SUBJECT
from tests.tools import tool
from trimtab.manifest import EditResult, Tree, edit
from trimtab.manifest.diff import unified


@pytest.mark.parametrize("name", ["chat.yaml", "a b/chat.yaml", 'qu"ote/ché.yaml', "tab\there.yaml", "\udcff.yaml"])
@pytest.mark.parametrize("text", [DEPLOYMENT, DEPLOYMENT.rstrip("\n"), DEPLOYMENT.replace("\n", "\r\n")])
def test_git_applies_the_diff(tmp_path: Path, name: str, text: str) -> None:
    """`git apply` turns the file into exactly the new bytes, whatever its name and line ends."""
    tree = Tree({name: text.encode()})
    values = {"max_model_len": 4096, "replicas": 2, "gpu_count": 2, "max_num_seqs": 4, "cpu_request": "4"}
    result = edit(tree, SUBJECT.replace("chat.yaml", name), values)
    assert isinstance(result, EditResult)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(text.encode())
    subprocess.run([tool("git"), "init", "-q"], cwd=tmp_path, check=True)

    subprocess.run([tool("git"), "apply", "-"], cwd=tmp_path, input=result.diff.encode(), check=True)

    assert (tmp_path / name).read_bytes() == result.files[name]


def test_git_applies_an_edit_across_files(tmp_path: Path) -> None:
    """Settings that stand in several files change in one diff, all of them or none."""
    text = DEPLOYMENT.replace("8192   # tokens", "$(LEN)").replace(
        "          resources:", "          envFrom: [{configMapRef: {name: run}}]\n          resources:"
    )
    files = {
        "chat.yaml": text.encode(),
        "run.env": b"# measured\nLEN=8192\nOTHER=1",
        "kustomization.yaml": b"resources: [chat.yaml]\nconfigMapGenerator:\n- name: run\n  envs: [run.env]\n",
    }
    result = edit(Tree(files), SUBJECT, {"max_model_len": 4096, "gpu_count": 2})
    assert isinstance(result, EditResult), result
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    subprocess.run([tool("git"), "init", "-q"], cwd=tmp_path, check=True)

    subprocess.run([tool("git"), "apply", "-"], cwd=tmp_path, input=result.diff.encode(), check=True)

    assert (tmp_path / "run.env").read_bytes() == b"# measured\nLEN=4096\nOTHER=1"
    assert (tmp_path / "chat.yaml").read_text() == text.replace("nvidia.com/gpu: 1", "nvidia.com/gpu: 2")


@pytest.mark.parametrize(
    ("before", "after", "hunks"),
    [
        ("a: 1\n" + "# x\n" * 2_000 + "b: 1\n", "a: 2\n" + "# x\n" * 2_000 + "b: 2\n", 2),
        ("a: 1\n" + "# x\n" * 2_000 + "b: 1\n", "a: 2\n" + "# x\n" * 2_001 + "b: 2\n", 1),
        ("a: |\n" + "  x\n" * 200_001 + "b: 1", "a: y\nb: 1", 1),
        ("x: 1\n" * 9 + "a: |\n" + "  x\n" * 200_001, "x: 1\n" * 9 + "a: y", 1),
    ],
)
def test_git_applies_a_diff_of_many_lines_that_are_alike(tmp_path: Path, before: str, after: str, hunks: int) -> None:
    """What would take a line by line comparison hours is compared otherwise, and Git takes it all the same."""
    diff = unified({"f": before.encode()}, {"f": after.encode()})
    (tmp_path / "f").write_text(before)
    subprocess.run([tool("git"), "init", "-q"], cwd=tmp_path, check=True)

    subprocess.run([tool("git"), "apply", "-"], cwd=tmp_path, input=diff.encode(), check=True)

    assert (tmp_path / "f").read_text() == after
    assert diff.count("\n@@ ") == hunks
