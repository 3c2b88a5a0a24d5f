"""`mode: report`: the dashboard is all that is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.forges.fake_github import FakeGitHub
from tests.forges.fake_gitlab import FakeGitLab
from tests.forges.manifests import MANIFEST
from tests.forges.server import TOKEN, Api, serve
from tests.forges.state import ForgeState, git, make_repository
from trimtab.cli.app import run


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_the_dashboard_alone_is_written(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No branch, no pull request and no ledger entry; the issue says what would be proposed, and is written once."""
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
    monkeypatch.setenv("TRIMTAB_PACE", "0")
    state = ForgeState(make_repository(tmp_path / "gitops.git", {"deploy.yaml": MANIFEST}))
    api: Api = FakeGitHub(state) if kind == "github" else FakeGitLab(state)
    with serve(tmp_path, api) as served:
        url = f"{served.url}/api/v3" if kind == "github" else served.url
        forge = f"{{kind: {kind}, repository: acme/gitops, api_url: {url}}}"
        config = tmp_path / "trimtab.yaml"
        config.write_text(
            f"mode: report\nclusters:\n  - {{name: eu}}\nrepositories:\n"
            f"  - url: {served.url}/gitops.git\n    forge: {forge}\n"
        )
        assert run(["run", "--config", str(config)]) == 0
        writes = len(served.log.writes)
        assert run(["run", "--config", str(config)]) == 0

        (board,) = state.issues.values()
        assert "### Would be proposed (1)" in board.body
        assert "out-of-memory-risk" in board.body
        assert "- [ ]" not in board.body
        assert state.all() == []
        assert git(state.bare, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
        assert len(served.log.writes) == writes
