"""`trimtab run` where the forge declines: what is left shows in the exit code, so that a job turns red."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.forges.fake_github import FakeGitHub
from tests.forges.manifests import MANIFEST
from tests.forges.server import TOKEN, Answer, Fault, serve
from tests.forges.state import ForgeState, make_repository
from trimtab.cli.app import run


def test_what_the_forge_declined_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pull request that cannot be opened gives exit 3 and the forge's reason; the next run opens it, with exit 0."""
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("TRIMTAB_PACE", "0")
    state = ForgeState(make_repository(tmp_path / "gitops.git", {"deploy.yaml": MANIFEST}))
    with serve(tmp_path, FakeGitHub(state)) as served:
        forge = f"{{kind: github, repository: acme/gitops, api_url: {served.url}/api/v3}}"
        config = tmp_path / "trimtab.yaml"
        config.write_text(
            f"clusters:\n  - {{name: eu}}\nrepositories:\n  - url: {served.url}/gitops.git\n    forge: {forge}\n"
            "pull_requests: {dashboard: false}\n"
        )
        said = {"message": "Resource not accessible by integration"}
        served.log.faults.append(Fault("POST /repos/acme/gitops/pulls", Answer(403, said), times=9))

        assert run(["run", "--config", str(config)]) == 3
        assert "failed: " in capsys.readouterr().err
        assert state.all() == []
        served.log.faults.clear()
        assert run(["run", "--config", str(config)]) == 0
        assert len(state.all()) == 1
