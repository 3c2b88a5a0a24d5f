"""The folder that the demo lives in: made afresh, never over somebody's own files."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from trimtab.demo import repository
from trimtab.demo.world import CLUSTER, PROVIDER, REGION
from trimtab.errors import RefusedError, UsageError

_MARKER = ".trimtab-demo"
_BRANCH = re.compile(r"^branch: (trimtab/\S+)$", re.MULTILINE)
_TITLE = re.compile(r"^title: (.+)$", re.MULTILINE)

_CONFIG = f"""\
# The demo's configuration. Its cluster has no Prometheus: the facts beside it are judged instead.
clusters:
  - name: {CLUSTER}
    provider: {PROVIDER}
    region: {REGION}
repositories:
  - path: gitops.git
    clusters: [{CLUSTER}]
    forge: {{kind: local, path: pull-requests}}
"""


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """Where the demo's things are."""

    root: Path

    @property
    def config(self) -> Path:
        """Return the configuration."""
        return self.root / "trimtab.yaml"

    @property
    def repository(self) -> Path:
        """Return the bare GitOps repository, which holds the ledger's branch too."""
        return self.root / "gitops.git"

    @property
    def facts(self) -> Path:
        """Return the recorded facts."""
        return self.root / "facts"

    @property
    def pulls(self) -> Path:
        """Return the folder with a Markdown file for each pull request."""
        return self.root / "pull-requests"

    @property
    def report(self) -> Path:
        """Return the HTML report."""
        return self.root / "report.html"

    @property
    def dashboard(self) -> Path:
        """Return the file that stands for the dashboard issue."""
        return self.pulls / "dashboard.md"

    @property
    def merged(self) -> tuple[int, ...]:
        """Return the numbers of the pull requests that the demo merged, in order; each is followed by a week."""
        return tuple(int(line) for line in (self.root / _MARKER).read_text(encoding="utf-8").split())

    def file_of(self, number: int) -> Path:
        """Return the file of a pull request."""
        return self.pulls / f"{number:04d}.md"

    def note_merge(self, number: int) -> None:
        """Remember that a pull request was merged."""
        with (self.root / _MARKER).open("a", encoding="utf-8") as file:
            file.write(f"{number}\n")


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request of the local forge: its branch and its title."""

    branch: str
    title: str


def make(root: Path) -> DemoFolder:
    """Unpack the sample repository, the recorded week and a configuration into a fresh folder.

    Raises:
        RefusedError: The folder is there and is not the demo's own; nothing was touched.
    """
    root = root.absolute()
    if root.exists() or root.is_symlink():
        _clear(root)
    root.mkdir(parents=True)
    (root / _MARKER).touch()
    folder = DemoFolder(root)
    repository.create(folder.repository)
    with resources.as_file(resources.files("trimtab.demo").joinpath("facts")) as recorded:
        shutil.copytree(recorded, folder.facts)
    folder.config.write_text(_CONFIG, encoding="utf-8")
    return folder


def existing(root: Path) -> DemoFolder:
    """Return a folder that the demo made.

    Raises:
        UsageError: There is none.
    """
    if not (root / _MARKER).is_file():
        raise UsageError(f"{root} is no folder of the demo", f"make it first: trimtab demo --dir {root}")
    return DemoFolder(root.absolute())


def pull(folder: DemoFolder, number: int) -> Pull:
    """Return an opened pull request by its number.

    Raises:
        UsageError: There is none of that number, or it is merged.
    """
    if number in folder.merged:
        raise UsageError(f"pull request {number} is merged already", f"the others are in {folder.pulls}")
    path = folder.file_of(number)
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    branch, title = _BRANCH.search(text), _TITLE.search(text)
    if branch is None or title is None:
        raise UsageError(f"there is no pull request {number}", f"they are in {folder.pulls}")
    return Pull(branch[1], title[1])


def _clear(root: Path) -> None:
    """Remove an earlier demo, or an empty folder; anything else stays."""
    if root.is_dir() and not root.is_symlink() and not any(root.iterdir()):
        root.rmdir()
        return
    if root.is_symlink() or not (root / _MARKER).is_file():
        raise RefusedError(f"{root} exists and is no folder of the demo; nothing was touched", "name another: --dir")
    shutil.rmtree(root)
