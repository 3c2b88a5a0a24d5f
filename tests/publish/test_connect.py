"""From the configuration to a site, and what is wrong with some configurations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.forges.state import git, make_repository
from tests.publish.proposals import FILES
from trimtab.config import Forge, Repository
from trimtab.errors import UsageError
from trimtab.publish import Place, connect, connect_named
from trimtab.publish.gitea import Gitea
from trimtab.publish.github import GitHub
from trimtab.publish.gitlab import GitLab
from trimtab.publish.local import LocalForge
from trimtab.publish.pace import pace_from


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a folder with a repository, and both tokens."""
    make_repository(tmp_path / "gitops.git", FILES)
    tokens = {"GITHUB_TOKEN": "one", "GITLAB_TOKEN": "two", "GITEA_TOKEN": "three", "TRIMTAB_PACE": "0"}
    return Place(tmp_path, tmp_path / "work", tokens)


@pytest.mark.parametrize(
    ("forge", "kind", "token"),
    [
        (Forge(kind="local", path="forge"), LocalForge, ""),
        (Forge(kind="github", repository="acme/gitops"), GitHub, "one"),
        (Forge(kind="gitlab", repository="acme/sub/gitops"), GitLab, "two"),
        (Forge(kind="gitea", repository="acme/gitops", api_url="https://git.example"), Gitea, "three"),
    ],
)
def test_each_kind_has_its_forge(place: Place, forge: Forge, kind: type, token: str) -> None:
    """The kind decides about forge and token; the base is the default branch unless named."""
    site = connect(Repository(path="gitops.git", forge=forge), place)

    assert isinstance(site.forge, kind)
    assert (site.name, site.base, site.repo.remote.token) == ("gitops", "main", token)
    assert connect(Repository(path="gitops.git", base="live", forge=forge), place).base == "live"


def test_a_local_forge_never_pushes_to_the_origin(place: Place) -> None:
    """A checkout of a real repository tried with a local forge stays on this machine."""
    git(place.base, "clone", "-q", "gitops.git", "checkout")
    git(place.base / "checkout", "config", "remote.origin.url", "https://forge.example/acme/gitops.git")
    settings = Repository(path="checkout", forge=Forge(kind="local", path="forge"))

    assert connect(settings, place).repo.remote.address == str(place.base / "checkout")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Repository(path="gitops.git"), "has no `forge`"),
        (Repository(path="gitops.git", forge=Forge(kind="local")), "needs `path`"),
        (Repository(path="gitops.git", forge=Forge(kind="github")), "`forge.repository` is missing"),
        (Repository(path="gitops.git", forge=Forge(kind="gitea", repository="a/b")), "needs `api_url`"),
        (Repository(url="https://x:secret@forge.example/a/b", forge=Forge(kind="github")), "holds credentials"),
        (Repository(path=".", forge=Forge(kind="local", path="forge")), "no git repository"),
    ],
)
def test_what_cannot_be_connected_is_said(place: Place, settings: Repository, said: str) -> None:
    """A configuration that cannot work is a message with what to write."""
    with pytest.raises(UsageError, match=said) as error:
        connect(settings, place)
    assert error.value.hint
    assert "secret" not in error.value.message


def test_a_missing_token_is_named(place: Place) -> None:
    """Without its token a forge is not asked anything."""
    settings = Repository(path="gitops.git", forge=Forge(kind="github", repository="acme/gitops"))

    with pytest.raises(UsageError, match="GITHUB_TOKEN is not set"):
        connect(settings, Place(place.base, place.workdir, {}))


def test_an_event_names_its_repository(place: Place) -> None:
    """The repository is found by its forge's name, in any case; another one is none of ours."""
    settings = Repository(path="gitops.git", forge=Forge(kind="github", repository="acme/gitops"))

    assert connect_named([settings], "Acme/GitOps", place).name == "gitops"
    with pytest.raises(UsageError, match="mallory"):
        connect_named([settings], "mallory/gitops", place)


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "1e9", ""])
def test_a_pace_that_is_none(text: str) -> None:
    """Nonsense in TRIMTAB_PACE is said before anything is written."""
    with pytest.raises(UsageError, match="TRIMTAB_PACE"):
        pace_from({"TRIMTAB_PACE": text})


@pytest.mark.parametrize(("commits", "token", "signs"), [("auto", "ghs_one", True), ("git", "ghs_one", False)])
def test_github_makes_the_commits_where_it_is_to(place: Place, commits: str, token: str, signs: bool) -> None:
    """Who makes the commits follows from the configuration and from the kind of the token."""
    forge = Forge.model_validate({"kind": "github", "repository": "acme/gitops", "commits": commits})

    site = connect(Repository(path="gitops.git", forge=forge), replace(place, environ={"GITHUB_TOKEN": token}))

    assert site.signer.signs is signs
    assert isinstance(site.forge, GitHub)
    assert site.check == site.forge.check
