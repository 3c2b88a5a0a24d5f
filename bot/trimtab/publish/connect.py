"""Builds a site from the configuration: the repository's remote, its base branch, and its forge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from trimtab.config import Forge as ForgeSettings
from trimtab.config import PullRequests, Repository
from trimtab.errors import UsageError
from trimtab.gitio import TOKENS, Repo, folder_for, origin_of, remote_of
from trimtab.publish.forge import Forge
from trimtab.publish.gitea import Gitea
from trimtab.publish.github import GitHub
from trimtab.publish.github_signer import GitHubSigner, signs
from trimtab.publish.gitlab import GitLab
from trimtab.publish.local import LocalForge
from trimtab.publish.pace import Pace, pace_from
from trimtab.publish.signer import Signer
from trimtab.publish.site import AS_IT_COMES, GIT, Site


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run works, and how.

    Attributes:
        base: What paths in the configuration are relative to.
        workdir: Scratch repositories go below it.
        environ: Where tokens are looked for.
        style: What pull requests are opened with.
    """

    base: Path
    workdir: Path
    environ: Mapping[str, str]
    style: PullRequests = AS_IT_COMES


def connect(repository: Repository, place: Place) -> Site:
    """Return the site of a repository.

    Raises:
        UsageError: It has no forge, a token is missing, or an address holds credentials.
        ForgeError: The remote cannot be read.
    """
    if repository.forge is None:
        raise UsageError(
            f"repository {repository.title} has no `forge`, so nothing can be opened there",
            "add forge: {kind: github, repository: owner/name}, or kind gitlab or local",
        )
    repo = scratch(repository, place)
    pace = Pace(0.0) if repository.forge.kind == "local" else pace_from(place.environ)
    forge = _FORGES[repository.forge.kind](repository, repository.forge, repo, place, pace)
    check = forge.check if isinstance(forge, GitHub | GitLab) else _pass
    signer = _signer(repository.forge, forge, place.environ.get(TOKENS["github"][0], ""))
    return Site(
        repository.title, repository.base or repo.default_branch(), forge, repo, pace, place.style, signer, check
    )


def connect_named(repositories: Sequence[Repository], name: str, place: Place) -> Site:
    """Return the site of the repository that its forge knows as `owner/name`.

    Raises:
        UsageError: None of them is.
        ForgeError: The remote cannot be read.
    """
    for repository in repositories:
        forge = repository.forge
        if forge and forge.kind != "local" and name_of(repository, forge).lower() == name.lower():
            return connect(repository, place)
    raise UsageError(f"no repository is configured that its forge knows as {name!r}", "see `forge.repository`")


def scratch(repository: Repository, place: Place) -> Repo:
    """Return the scratch repository whose remote is where a repository's branches are.

    Of a checkout that is its origin; a local forge never leaves the machine, and takes the checkout itself.

    Raises:
        UsageError: The address holds credentials, or the folder is no git repository.
    """
    folder = (place.base / repository.path).resolve()
    local = repository.forge is not None and repository.forge.kind == "local"
    address = repository.url or origin_of(folder, itself=local)
    kind = repository.forge.kind if repository.forge else ""
    remote = remote_of(repository.title, address, kind, place.environ)
    return Repo(folder_for(repository.title, place.workdir), remote)


def _token(kind: str, repository: Repository, place: Place) -> str:
    name, _ = TOKENS[kind]
    token = place.environ.get(name, "")
    if not token:
        raise UsageError(f"repository {repository.title}: {name} is not set", f"set {name} in the environment")
    return token


def name_of(repository: Repository, settings: ForgeSettings) -> str:
    """Return `owner/name`: as configured, else the path of the address.

    Raises:
        UsageError: Neither is there.
    """
    name = settings.repository or urlsplit(repository.url).path.strip("/").removesuffix(".git")
    if "/" not in name:
        raise UsageError(f"repository {repository.title}: `forge.repository` is missing", "write owner/name")
    return name


def _pass() -> None:
    """Leave it to what is written to tell whether it may be."""


def _signer(settings: ForgeSettings, forge: Forge, token: str) -> Signer:
    """Return what makes commits where the forge does that itself: GitHub; elsewhere git does."""
    return GitHubSigner(forge, signs=signs(settings.commits, token)) if isinstance(forge, GitHub) else GIT


def _github(repository: Repository, settings: ForgeSettings, _: Repo, place: Place, pace: Pace) -> Forge:
    return GitHub(name_of(repository, settings), _token("github", repository, place), pace, settings.api_url)


def _gitlab(repository: Repository, settings: ForgeSettings, _: Repo, place: Place, pace: Pace) -> Forge:
    return GitLab(name_of(repository, settings), _token("gitlab", repository, place), pace, settings.api_url)


def _gitea(repository: Repository, settings: ForgeSettings, repo: Repo, place: Place, pace: Pace) -> Forge:
    """Return the forge at `api_url`, else at the server that the repository's address names."""
    parts = urlsplit(repo.remote.address)
    server = settings.api_url or (f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else "")
    if not server:
        raise UsageError(f"repository {repository.title}: a Gitea forge needs `api_url`", "name the server's address")
    return Gitea(name_of(repository, settings), _token("gitea", repository, place), pace, server)


def _local(repository: Repository, settings: ForgeSettings, repo: Repo, place: Place, _: Pace) -> Forge:
    if not settings.path:
        raise UsageError(f"repository {repository.title}: a local forge needs `path`", "name a folder for its files")
    return LocalForge((place.base / settings.path).resolve(), repo)


_FORGES: Mapping[str, Callable[[Repository, ForgeSettings, Repo, Place, Pace], Forge]] = {
    "github": _github,
    "gitlab": _gitlab,
    "gitea": _gitea,
    "local": _local,
}
