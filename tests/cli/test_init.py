from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from trimtab.cli.app import run
from trimtab.cli.init import find_remote
from trimtab.cli.load import load_config
from trimtab.config import Mode

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat, namespace: llm}
spec:
  template:
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai:v0.11.0
          args: [--model=org/model, --max-model-len=4096]
          resources: {limits: {nvidia.com/gpu: 1}}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A Git checkout with one serving."""
    folder = tmp_path / "gitops"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    (folder / "chat.yaml").write_text(DEPLOYMENT)
    return folder


def set_remote(folder: Path, address: str) -> None:
    """Give a checkout its origin."""
    subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", address], check=True)


@pytest.mark.parametrize(
    ("address", "kind", "api_url", "repository"),
    [
        ("https://github.com/acme/gitops.git", "github", "", "acme/gitops"),
        ("git@github.com:acme/gitops.git", "github", "", "acme/gitops"),
        ("https://user:secret@github.com/acme/gitops", "github", "", "acme/gitops"),
        ("ssh://git@gitlab.com:22/group/sub/gitops.git", "gitlab", "", "group/sub/gitops"),
        ("https://gitlab.acme.example/group/gitops.git", "gitlab", "https://gitlab.acme.example", "group/gitops"),
        ("https://github.acme.example/a/b", "github", "https://github.acme.example/api/v3", "a/b"),
        ("https://git.acme.example/a/b.git", "", "", "a/b"),
    ],
)
def test_remote_tells_the_forge(checkout: Path, address: str, kind: str, api_url: str, repository: str) -> None:
    """The forge, its API and the repository come from `origin`, without credentials."""
    set_remote(checkout, address)

    remote = find_remote(checkout, "")

    assert (remote.kind, remote.api_url, remote.repository) == (kind, api_url, repository)


def test_written_configuration_is_one(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is written loads, reports only, and names the forge, and no secret of the remote's address is in it."""
    set_remote(checkout, "https://user:secret@github.com/acme/gitops.git")

    code = run(["init", str(checkout), "--prometheus", "http://127.0.0.1:9090"])

    config = load_config(checkout / "trimtab.yaml")
    assert code == 0
    assert config.mode is Mode.REPORT
    assert config.repositories[0].forge is not None
    assert config.repositories[0].forge.repository == "acme/gitops"
    assert "secret" not in (checkout / "trimtab.yaml").read_text()
    assert "found 1 serving\n" in capsys.readouterr().out


def test_workflow_has_least_permissions(checkout: Path) -> None:
    """The workflow grants nothing at the top, and pins every action that it can to a full commit."""
    set_remote(checkout, "https://github.com/acme/gitops.git")

    run(["init", str(checkout)])

    text = (checkout / ".github/workflows/trimtab.yml").read_text()
    workflow = yaml.safe_load(text)
    pins = re.findall(r"uses: actions/[a-z-]+@(\S+)", text)
    assert workflow["permissions"] == {}
    assert all(re.fullmatch(r"[0-9a-f]{40}", pin) for pin in pins)
    assert text.count("persist-credentials: false") == text.count("actions/checkout@") == len(workflow["jobs"])


def test_gitlab_gets_a_scheduled_job(checkout: Path) -> None:
    """For GitLab a job for scheduled pipelines is written."""
    set_remote(checkout, "https://gitlab.com/acme/gitops.git")

    run(["init", str(checkout)])

    job = yaml.safe_load((checkout / ".gitlab/trimtab.yml").read_text())["trimtab"]
    assert job["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}]


def test_nothing_is_overwritten(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where one of the files exists, none is written."""
    set_remote(checkout, "https://github.com/acme/gitops.git")
    (checkout / ".github" / "workflows").mkdir(parents=True)
    (checkout / ".github/workflows/trimtab.yml").write_text("mine")

    code = run(["init", str(checkout)])

    assert code == 4
    assert not (checkout / "trimtab.yaml").exists()
    assert (checkout / ".github/workflows/trimtab.yml").read_text() == "mine"
    assert "nothing was written" in capsys.readouterr().err


def test_folder_without_a_remote_still_gets_a_configuration(checkout: Path) -> None:
    """Without a remote the configuration judges, and says where the forge would stand."""
    code = run(["init", str(checkout)])

    assert code == 0
    assert load_config(checkout / "trimtab.yaml").repositories[0].forge is None
    assert not (checkout / ".github").exists()


def test_names_cannot_write_options(checkout: Path) -> None:
    """A file's or a cluster's name that looks like configuration stays a name."""
    (checkout / "x\nmode: propose\n#.yaml").write_text(DEPLOYMENT.replace("name: chat", "name: other"))

    run(["init", str(checkout), "--cluster", "a: [b"])

    config = load_config(checkout / "trimtab.yaml")
    assert config.mode is Mode.REPORT
    assert config.clusters[0].name == "a: [b"
