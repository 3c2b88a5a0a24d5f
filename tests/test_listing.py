from __future__ import annotations

import os
from pathlib import Path

from trimtab.listing import entries, fingerprint, is_settled

SECOND_NS = 1_000_000_000


def test_links_are_named_and_never_followed(tmp_path: Path) -> None:
    """A link is an entry with its target, also one to a folder; folders of tools are passed over."""
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / ".git" / "config").write_text("x")
    (tmp_path / "repo" / "a").mkdir()
    (tmp_path / "repo" / "a" / "b.yaml").write_text("x")
    (tmp_path / "repo" / "out").symlink_to(tmp_path)

    found = entries(tmp_path / "repo")

    assert [(one.path, one.is_link, one.is_file) for one in found] == [
        ("a/b.yaml", False, True),
        ("out", True, False),
    ]
    assert found[1].target == str(tmp_path)


def test_every_change_changes_the_fingerprint(tmp_path: Path) -> None:
    """Content, name, permissions, number of files and a link's target all show, even where the time is set back."""
    one = tmp_path / "one.yaml"
    one.write_text("a: 1\n")
    seen = [fingerprint(entries(tmp_path))]
    stamp = one.stat()
    one.write_text("a: 2\n")
    os.utime(one, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    seen.append(fingerprint(entries(tmp_path)))
    one.rename(tmp_path / "two.yaml")
    seen.append(fingerprint(entries(tmp_path)))
    (tmp_path / "two.yaml").chmod(0o600)
    seen.append(fingerprint(entries(tmp_path)))
    (tmp_path / "link").symlink_to("two.yaml")
    seen.append(fingerprint(entries(tmp_path)))
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("one.yaml")
    seen.append(fingerprint(entries(tmp_path)))

    assert len(set(seen)) == len(seen)
    assert fingerprint(entries(tmp_path)) == seen[-1]


def test_a_file_written_just_now_is_not_settled(tmp_path: Path) -> None:
    """A second write in the same tick would leave the same stamp, so a fresh file's stamp proves nothing."""
    (tmp_path / "one.yaml").write_text("a: 1\n")
    found = entries(tmp_path)
    written = found[0].stamped_ns

    assert not is_settled(found, written)
    assert not is_settled(found, written + SECOND_NS // 1000)
    assert is_settled(found, written + 3 * SECOND_NS)
    assert is_settled((), 0) is False
