from __future__ import annotations

import os
from pathlib import Path

from trimtab.manifest import Tree


def test_links_and_strange_files_are_left_out_with_their_reason(tmp_path: Path) -> None:
    """No link is followed, pipes are not opened, `.git` is not looked into."""
    inside = tmp_path / "repo"
    (inside / ".git").mkdir(parents=True)
    (inside / ".git" / "config.yaml").write_text("a: 1")
    (inside / "a.yaml").write_text("a: 1")
    (inside / "notes.txt").write_text("no")
    (tmp_path / "secret.yaml").write_text("s: 1")
    (inside / "out.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "folder").symlink_to(tmp_path)
    (inside / "in.yaml").symlink_to("a.yaml")
    os.mkfifo(inside / "pipe.yaml")

    tree = Tree.read(inside)

    assert list(tree) == ["a.yaml"]
    assert sorted(tree.left_out) == ["folder", "in.yaml", "out.yaml", "pipe.yaml"]
    assert "leaves the folder" in tree.left_out["out.yaml"]


def test_a_huge_file_is_read_no_further_than_the_limit(tmp_path: Path) -> None:
    """A file over the limit costs a bounded read and is reported."""
    with (tmp_path / "big.yaml").open("wb") as stream:
        stream.truncate(200 * 1024 * 1024)

    assert len(Tree.read(tmp_path)["big.yaml"]) == 8 * 1024 * 1024 + 1
