"""Repositories on several forges: trouble at one holds up no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.forges.fake_github import FakeGitHub
from tests.forges.fake_gitlab import FakeGitLab
from tests.forges.server import TOKEN, Answer, Fault, Served, serve
from tests.forges.state import ForgeState, make_repository
from tests.publish.stages import stage
from tests.publish.test_secrets import MANIFEST
from trimtab.cli.app import run
from trimtab.errors import ForgeError
from trimtab.gitio import Remote, Repo
from trimtab.publish import RateLimitedError, Site, Turns


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return one site."""
    with stage("memory", tmp_path) as on:
        yield on.site()


def at(site: Site, folder: Path, name: str, address: str) -> Site:
    """Return a site of another repository."""
    return replace(site, name=name, repo=Repo(folder / f"{name}.git", Remote(address)))


@pytest.mark.parametrize(
    ("error", "left"),
    [(RateLimitedError("slow down"), ["c", "d"]), (ForgeError("no"), ["b", "c", "d"])],
    ids=["rate limit", "another"],
)
def test_a_rate_limit_is_one_of_its_host(site: Site, error: ForgeError, left: list[str], tmp_path: Path) -> None:
    """A rate limit leaves every repository of its host to the next run, any other trouble its own alone."""
    addresses = {
        "a": "https://github.com/acme/a",
        "b": "git@github.com:acme/b.git",
        "c": "https://gitlab.example/acme/c",
        "d": "/srv/git/d.git",
    }
    turns = Turns([at(site, tmp_path, name, address) for name, address in addresses.items()])

    def act(one: Site) -> str:
        if one.name == "a":
            raise error
        return one.name

    assert [told for _, told in turns.each(act)] == left
    assert [told for _, told in turns.each(lambda one: one.name)] == left
    assert turns.troubles == [error]


def test_where_no_repository_is_left_the_run_ends(site: Site, tmp_path: Path) -> None:
    """With nothing left to work at the first trouble is the error of the run."""
    turns = Turns([at(site, tmp_path, "a", "https://github.com/acme/a")])

    def act(_: Site) -> None:
        raise RateLimitedError("slow down")

    with pytest.raises(RateLimitedError, match="slow down"):
        turns.each(act)


@pytest.fixture
def forges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Served, ForgeState, ForgeState]]:
    """Serve one repository on GitHub and one on GitLab, with something to recommend in each."""
    for name in ("GITHUB_TOKEN", "GITLAB_TOKEN"):
        monkeypatch.setenv(name, TOKEN)
    monkeypatch.setenv("TRIMTAB_PACE", "0")
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    first = ForgeState(make_repository(folders[0] / "gitops.git", {"deploy.yaml": MANIFEST}))
    second = ForgeState(
        make_repository(folders[1] / "gitops.git", {"deploy.yaml": MANIFEST.replace("name: chat", "name: code")})
    )
    with serve(folders[0], FakeGitHub(first)) as github, serve(folders[1], FakeGitLab(second)) as gitlab:
        (tmp_path / "trimtab.yaml").write_text(
            "clusters:\n  - {name: eu}\nrepositories:\n"
            f"  - {{name: one, url: '{github.url}/gitops.git', "
            f"forge: {{kind: github, repository: acme/gitops, api_url: '{github.url}/api/v3'}}}}\n"
            f"  - {{name: two, url: '{gitlab.url}/gitops.git', "
            f"forge: {{kind: gitlab, repository: acme/gitops, api_url: '{gitlab.url}'}}}}\n"
            "ledger: two\n"
        )
        yield github, first, second


def test_a_rate_limit_at_one_forge_ends_nothing_at_another(
    forges: tuple[Served, ForgeState, ForgeState], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the other forge has is opened, the run says what it left and ends with 3, and the next one finishes it."""
    github, first, second = forges
    limit = Answer(403, {"message": "You have exceeded a secondary rate limit."})
    github.log.faults.append(Fault("acme/gitops", limit, times=99))

    assert run(["run", "--config", str(tmp_path / "trimtab.yaml")]) == 3

    assert (len(first.pulls), len(second.pulls)) == (0, 1)
    assert "left to the next run: rate limit" in capsys.readouterr().err
    github.log.faults.clear()
    run(["run", "--config", str(tmp_path / "trimtab.yaml")])
    assert (len(first.pulls), len(second.pulls)) == (1, 1)
