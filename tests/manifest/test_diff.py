from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.manifest.samples import DEPLOYMENT, SUBJECT
from tests.tools import tool
from trimtab.manifest import EditResult, Tree, edit


@pytest.mark.parametrize("name", ["chat.yaml", "a b/chat.yaml", 'qu"ote/ché.yaml', "tab\there.yaml"])
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
