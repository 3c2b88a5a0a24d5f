"""Repositories in: a folder, or a clone that runs nothing, follows nothing and takes no large file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from trimtab.config import Repository
from trimtab.errors import ForgeError, UsageError
from trimtab.facts import RepositoryFacts, Unreadable
from trimtab.fleet import Gap, Serving
from trimtab.gitio import Repo, blob_sizes, folder_for, read_blobs, remote_of
from trimtab.manifest import Tree, inspect
from trimtab.read.charts import fetch_charts
from trimtab.read.model_config import with_model_configs
from trimtab.render import Tools, Workspace, find_tools, live_names, with_rendered
from trimtab.render.wanted import wanted_charts

_LARGEST_BYTES = 2 << 20
"""Files above it are left out: no manifest is that large, and nothing larger is rendered."""
_AT_ONCE = 256
"""Files whose contents are held at the same time."""
_FILE_MODES = frozenset({"100644", "100755"})


@dataclass(frozen=True, slots=True)
class Checkout:
    """A repository as it was read.

    Attributes:
        facts: What it serves.
        root: The folder on disk that holds its files.
        tree: Its manifests, as bytes by path.
    """

    facts: RepositoryFacts
    root: Path
    tree: Tree


def read_repository(
    repository: Repository,
    base: Path,
    workdir: Path,
    commit: str = "",
    tools: Tools | None = None,
    hosts: Sequence[str] = (),
) -> Checkout:
    """Return a repository's servings at its deployed branch, or at `commit`.

    Of a checkout the committed state is read, not the work tree. What cannot be read is a gap, not an error.

    Args:
        repository: The configuration's entry.
        base: The folder that its path is relative to.
        workdir: Where clones and unpacked files go.
        commit: Hex id to read instead of the branch's head; empty for the head.
        tools: helm and kustomize; looked for in the environment unless given.
        hosts: Where charts may be downloaded from, if any may.
    """
    title = repository.title
    root = folder_for(title, workdir / "trees")
    root.mkdir(parents=True, exist_ok=True)
    try:
        head, root = _bring(repository, base, workdir, root, commit)
        whole = _restricted(Tree.read(root), repository.root)
    except (ForgeError, UsageError) as error:
        return _unread(repository, root, error.message)
    except OSError as error:
        return _unread(repository, root, f"it cannot be read: {error.strerror}")
    tree, unnamed = _named(whole)
    found = inspect(tree, title)
    tools = tools or find_tools(os.environ)
    unfetched = fetch_charts(wanted_charts(tree), hosts, Path(tools.fetched), tools.helm) if tools.fetched else ()
    servings, gaps = _completed(found.servings, root, tree, tools, title)
    facts = RepositoryFacts(
        title,
        head,
        tree_digest(tree),
        repository.clusters,
        servings,
        found.files_read,
        (*unnamed, *found.unreadable),
        (*gaps, *(Gap("", title, reason) for reason in unfetched)),
    )
    return Checkout(facts, root, tree)


def _completed(
    servings: tuple[Serving, ...], root: Path, tree: Tree, tools: Tools, title: str
) -> tuple[tuple[Serving, ...], tuple[Gap, ...]]:
    """Return the servings with those that rendering shows, the names they get, and the models that they bring."""
    with Workspace(root, tree, tools) as workspace:
        found = live_names(with_rendered(servings, workspace, title, only_new=True), workspace)
    return with_model_configs(found, root, title)


def tree_digest(tree: Mapping[str, bytes]) -> str:
    """Return `sha256:` over the paths and bytes of a tree."""
    total = hashlib.sha256()
    for path in sorted(tree):
        total.update(f"{path}\0{hashlib.sha256(tree[path]).hexdigest()}\n".encode())
    return f"sha256:{total.hexdigest()}"


def _unread(repository: Repository, root: Path, reason: str) -> Checkout:
    tree = Tree({})
    gap = Gap("", repository.title, reason, blind=True)
    return Checkout(
        RepositoryFacts(repository.title, "", tree_digest(tree), repository.clusters, (), gaps=(gap,)), root, tree
    )


def _restricted(tree: Tree, folder: str) -> Tree:
    """Return the files below a folder alone, under their full paths."""
    if not folder.strip("/"):
        return tree
    prefix = folder.strip("/") + "/"
    return Tree({path: data for path, data in tree.items() if path.startswith(prefix)})


def _named(tree: Tree) -> tuple[Tree, tuple[Unreadable, ...]]:
    """Return the files whose names are text, and the others: no fact, report or diff could name them."""
    odd = [path for path in tree if not _is_text(path)]
    if not odd:
        return tree, ()
    spelled = (path.encode(errors="backslashreplace").decode() for path in odd)
    kept = Tree({path: data for path, data in tree.items() if path not in odd})
    return kept, tuple(Unreadable(path, 1, "its name is not UTF-8") for path in spelled)


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bring(repository: Repository, base: Path, workdir: Path, root: Path, commit: str) -> tuple[str, Path]:
    """Return the commit and the folder with its files; a folder without Git is taken as it is."""
    folder = (base / repository.path).resolve()
    if repository.path and not folder.is_dir():
        raise UsageError(f"{repository.path} is no folder")
    kind = repository.forge.kind if repository.forge else ""
    remote = remote_of(repository.title, repository.url or str(folder), kind, os.environ)
    repo = Repo(folder_for(repository.title, workdir / "clones"), remote)
    if repository.path and not _is_git(folder, repo):
        return "", folder
    wanted = commit or (f"refs/heads/{repository.base}" if repository.base else "HEAD")
    filtered = f"--filter=blob:limit={_LARGEST_BYTES}" if "://" in repo.remote.address else "--no-filter"
    repo.run("fetch", "-q", "--depth=1", "--no-tags", "--no-recurse-submodules", filtered, "origin", wanted)
    head = repo.run("rev-parse", "--verify", "FETCH_HEAD^{commit}").decode().strip()
    _unpack(repo, head, root)
    return head, root


def _is_git(folder: Path, repo: Repo) -> bool:
    """Return whether a folder is a checkout or a bare repository with at least one commit."""
    if not ((folder / ".git").exists() or ((folder / "HEAD").is_file() and (folder / "objects").is_dir())):
        return False
    return repo.attempt("ls-remote", "--exit-code", "--", str(folder), "HEAD").returncode == 0


def _unpack(repo: Repo, commit: str, root: Path) -> None:
    """Write a commit's regular files below `root`; links, submodules and large files are left out."""
    printed = repo.run("rev-list", "--objects", "--missing=print", "--no-object-names", commit).decode()
    missing = {line[1:] for line in printed.splitlines() if line.startswith("?")}
    here = {path: blob for path, blob in _files(repo, commit) if blob not in missing}
    small = [path for path, size in blob_sizes(repo, here).items() if size <= _LARGEST_BYTES]
    for start in range(0, len(small), _AT_ONCE):
        batch = {path: here[path] for path in small[start : start + _AT_ONCE]}
        for path, content in read_blobs(repo, batch).items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def _files(repo: Repo, commit: str) -> Iterator[tuple[str, str]]:
    """Yield path and object name of the regular files whose paths stay inside."""
    for entry in repo.run("ls-tree", "-r", "-z", commit).split(b"\0"):
        about, _, raw = entry.partition(b"\t")
        if not raw:
            continue
        mode, _, name = about.decode().split(" ")
        path = os.fsdecode(raw)
        if mode in _FILE_MODES and _is_safe(path):
            yield path, name


def _is_safe(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return not path.startswith("/") and not any(part in {"", ".", ".."} or part.lower() == ".git" for part in parts)
