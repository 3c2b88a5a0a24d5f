"""The sample GitOps repository, unpacked into a bare Git repository with one reproducible commit."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from trimtab.demo.world import ENDED_AT_S, WEEK_S
from trimtab.errors import TrimtabError

BRANCH = "main"
_AUTHOR = "Acme Platform"
_EMAIL = "platform@acme.example"
_COMMITTED_AT = f"{ENDED_AT_S - 2 * WEEK_S} +0000"


def sample_files() -> Mapping[str, bytes]:
    """Return the sample repository's files by path, in order."""
    return dict(sorted(_walk(resources.files("trimtab.demo").joinpath("gitops"), "")))


def create(folder: Path) -> str:
    """Make a bare repository at `folder` that holds the sample, and return its commit's id.

    The same files give the same id: author, dates and message are fixed.

    Raises:
        TrimtabError: Git is not installed, or refused.
    """
    folder = folder.absolute()
    folder = folder.resolve()
    git(folder.parent, "init", "--quiet", "--bare", f"--initial-branch={BRANCH}", str(folder))
    lines = []
    for path, data in sample_files().items():
        blob = git(folder, "hash-object", "-w", "--stdin", data=data).strip()
        lines.append(f"100644 {blob}\t{path}\n")
    index = {"GIT_INDEX_FILE": str(folder / "demo-index")}
    git(folder, "update-index", "--index-info", data="".join(lines).encode(), extra=index)
    tree = git(folder, "write-tree", extra=index).strip()
    (folder / "demo-index").unlink()
    commit = git(folder, "commit-tree", tree, "-m", "What runs on the GPUs").strip()
    git(folder, "update-ref", f"refs/heads/{BRANCH}", commit)
    return commit


def merge(folder: Path, branch: str, title: str) -> str:
    """Merge a branch into the deployed one, as a reviewer's click would, and return the merge's id.

    Raises:
        TrimtabError: There is no such branch, or it conflicts.
    """
    with tempfile.TemporaryDirectory(prefix="trimtab-merge-") as work:
        tree = Path(work) / "tree"
        git(folder, "clone", "--quiet", "--shared", f"--branch={BRANCH}", str(folder.resolve()), str(tree))
        git(tree, "merge", "--quiet", "--no-ff", "-m", f"Merge {branch}\n\n{title}", f"origin/{branch}")
        git(tree, "push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
        return git(tree, "rev-parse", "HEAD").strip()


def git(folder: Path, *arguments: str, data: bytes = b"", extra: Mapping[str, str] | None = None) -> str:
    """Run Git in a folder, without the user's own configuration, and return what it printed.

    Raises:
        TrimtabError: Git is not installed, or refused; the message says what it said.
    """
    quiet = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": _AUTHOR,
        "GIT_AUTHOR_EMAIL": _EMAIL,
        "GIT_AUTHOR_DATE": _COMMITTED_AT,
        "GIT_COMMITTER_NAME": _AUTHOR,
        "GIT_COMMITTER_EMAIL": _EMAIL,
        "GIT_COMMITTER_DATE": _COMMITTED_AT,
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 -- Git with arguments of our own, no shell
            ["git", "-C", str(folder), "-c", "core.hooksPath=/dev/null", *arguments],  # noqa: S607 -- Git is found on PATH
            input=data,
            capture_output=True,
            check=True,
            env=environment | quiet | dict(extra or {}),
        )
    except FileNotFoundError:
        raise TrimtabError("git is not installed", "install it; the demo keeps its repository in Git") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip() or error.stdout.decode(errors="replace").strip()
        raise TrimtabError(f"git {arguments[0]} failed: {said}") from None
    return done.stdout.decode()


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    """Return the files below a packaged folder."""
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        found += _walk(entry, f"{path}/") if entry.is_dir() else [(path, entry.read_bytes())]
    return found
