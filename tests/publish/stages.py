"""The forges that a test runs against, each over a real bare repository that people act on."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path

from tests.forges.fake_gitea import FakeGitea
from tests.forges.fake_github import FakeGitHub
from tests.forges.fake_gitlab import FakeGitLab
from tests.forges.memory import MemoryForge
from tests.forges.server import TOKEN, Api, Log, serve
from tests.forges.state import ForgeState, git, heads, make_repository, tip
from tests.publish.one_run import SIGNING, forge_of, site_of
from tests.publish.proposals import FILES
from trimtab.gitio import Remote, Repo
from trimtab.publish.forge import Forge
from trimtab.publish.local import LocalForge
from trimtab.publish.site import Site
from trimtab.record import BRANCH, Clone, Ledger

SERVED = ("github", "gitlab", "gitea")
"""Forges behind a server on loopback."""

KINDS = ("memory", "local", *SERVED)

APIS = {"github": FakeGitHub, SIGNING: FakeGitHub, "gitlab": FakeGitLab, "gitea": FakeGitea}


class People:
    """What people do on a forge that has a state."""

    def __init__(self, state: ForgeState) -> None:
        """Take the state."""
        self.state = state

    def merge(self, number: int, *, squash: bool = False) -> str:
        """Merge and return the base's new head."""
        return self.state.merge(number, squash=squash)

    def close(self, number: int) -> None:
        """Close without a merge."""
        self.state.close(number)

    def reopen(self, number: int) -> None:
        """Open again."""
        self.state.reopen(number)


class LocalPeople(People):
    """What people do with git and an editor."""

    def __init__(self, bare: Path, folder: Path) -> None:
        """Take the repository and the folder of the files."""
        self.bare = bare
        self.folder = folder

    def merge(self, number: int, *, squash: bool = False) -> str:
        """Merge with git."""
        branch = self._line(number, "branch")
        tree = git(self.bare, "merge-tree", "--write-tree", "main", branch)
        parents = ["-p", tip(self.bare, "main")] + ([] if squash else ["-p", tip(self.bare, branch)])
        commit = git(self.bare, "commit-tree", tree, *parents, "-m", "Merge")
        git(self.bare, "update-ref", "refs/heads/main", commit)
        return commit

    def close(self, number: int) -> None:
        """Write `state: closed` at the top of the file."""
        self._write(number, "state: open", "state: closed")

    def reopen(self, number: int) -> None:
        """Write `state: open`, and bring the branch back."""
        self._write(number, "state: closed", "state: open")
        git(self.bare, "update-ref", f"refs/heads/{self._line(number, 'branch')}", self._line(number, "head"))

    def _write(self, number: int, before: str, after: str) -> None:
        file = self.folder / f"{number:04d}.md"
        file.write_text(file.read_text().replace(before, after, 1))

    def _line(self, number: int, key: str) -> str:
        lines = (self.folder / f"{number:04d}.md").read_text().splitlines()
        return next(line.removeprefix(f"{key}: ") for line in lines if line.startswith(f"{key}: "))


@dataclass(frozen=True, slots=True)
class Kept:
    """What a forge held at some time: its repository, and what stood around it."""

    folder: Path
    state: ForgeState


@dataclass(slots=True)
class Stage:
    """A forge, what people do on it, and how often it was written to.

    Its API is served; Git is reached as a folder, which is much faster, unless `address` is set to `over_http`.
    """

    kind: str
    bare: Path
    root: Path
    forge: Forge
    address: str
    people: People
    state: ForgeState
    api: Api | None = None
    log: Log = field(default_factory=Log)
    url: str = ""
    made: int = 0

    @property
    def untouched(self) -> bool:
        """Return whether nothing was written: no call of the API, no branch."""
        return not self.log.writes and heads(self.bare).keys() == {"main"}

    @property
    def over_http(self) -> str:
        """Return the address of the repository on the server."""
        return f"{self.url}/gitops.git"

    def repo(self) -> Repo:
        """Return a fresh scratch repository, as a run begins with."""
        self.made += 1
        return Repo(self.root / f"scratch-{self.made}.git", Remote(self.address, TOKEN))

    def site(self) -> Site:
        """Return the site as a fresh run sees it."""
        repo = self.repo()
        forge = LocalForge(self.root / "forge", repo) if self.kind == "local" else self.forge
        return site_of(self.kind, forge, repo)

    @property
    def record(self) -> Clone:
        """Return the ledger as it lies on the forge."""
        return Clone(Repo(self.bare, Remote(str(self.bare))), heads(self.bare).get(BRANCH, ""))

    def ledger(self, now_s: int = 1_794_700_000) -> Ledger:
        """Return the ledger as a fresh run sees it."""
        return Ledger(self.repo(), now_s)

    def keep(self) -> Kept:
        """Return a copy of all that the forge holds."""
        self.made += 1
        folder = self.root / f"kept-{self.made}.git"
        shutil.copytree(self.bare, folder)
        return Kept(folder, copy.deepcopy(self.state))

    def restore(self, kept: Kept) -> None:
        """Put back what was kept."""
        shutil.rmtree(self.bare)
        shutil.copytree(kept.folder, self.bare)
        for each in fields(kept.state):
            if each.name != "bare":
                setattr(self.state, each.name, copy.deepcopy(getattr(kept.state, each.name)))

    def fingerprint(self) -> dict[str, str]:
        """Return every branch with its head: what a run without work leaves as it is."""
        return heads(self.bare)


@contextmanager
def stage(kind: str, root: Path) -> Iterator[Stage]:
    """Set up a forge of a kind."""
    bare = make_repository(root / "gitops.git", FILES)
    state = ForgeState(bare)
    if kind == "memory":
        yield Stage(kind, bare, root, MemoryForge(state), str(bare), People(state), state)
    elif kind == "local":
        repo = Repo(root / "local.git", Remote(str(bare)))
        forge = LocalForge(root / "forge", repo)
        yield Stage(kind, bare, root, forge, str(bare), LocalPeople(bare, root / "forge"), state)
    else:
        api: Api = APIS[kind](state)
        with serve(root, api) as served:
            client = forge_of(kind, served.url)
            yield Stage(kind, bare, root, client, str(bare), People(state), state, api, served.log, served.url)
            assert served.log.lies == [], "\n".join(served.log.lies)


@contextmanager
def begun(kind: str, root: Path, first: Callable[[Stage], object], kept: dict[str, Kept]) -> Iterator[Stage]:
    """Set up a forge as a first run leaves it, which is made once for each kind."""
    with stage(kind, root) as on:
        if kind in kept:
            on.restore(kept[kind])
        else:
            first(on)
            kept[kind] = on.keep()
        yield on
