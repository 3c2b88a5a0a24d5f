from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.forges.state import git
from trimtab.cli.app import run
from trimtab.cli.init_found import contexts_of
from trimtab.cli.init_remote import find_remote
from trimtab.cli.init_source import Origin, find_source, given_source
from trimtab.cli.load import load_config
from trimtab.config import Mode
from trimtab.errors import UsageError

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
        ("http://gitlab.acme.example:8080/a/b.git", "gitlab", "http://gitlab.acme.example:8080", "a/b"),
        ("git@github.acme.example:a/b.git", "github", "https://github.acme.example/api/v3", "a/b"),
        ("https://forgejo.acme.example/a/b.git", "gitea", "https://forgejo.acme.example", "a/b"),
        ("https://codeberg.org/a/b.git", "gitea", "https://codeberg.org", "a/b"),
    ],
)
def test_remote_tells_the_forge(checkout: Path, address: str, kind: str, api_url: str, repository: str) -> None:
    """The forge, its API and the repository come from `origin`, without credentials."""
    set_remote(checkout, address)

    remote = find_remote(checkout, "", {})

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


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"GITHUB_SERVER_URL": "https://git.acme.example"}, "github"),
        ({"CI_SERVER_URL": "https://git.acme.example"}, "gitlab"),
        ({"GITHUB_SERVER_URL": "https://git.acme.example", "GITEA_ACTIONS": "true"}, "gitea"),
        ({"GITHUB_SERVER_URL": "https://github.com"}, ""),
    ],
)
def test_job_tells_the_forge(checkout: Path, environ: dict[str, str], kind: str) -> None:
    """Where the host's name says nothing, the job does, if it is a job of that host."""
    set_remote(checkout, "https://git.acme.example/a/b.git")

    assert find_remote(checkout, "", environ).kind == kind


@pytest.mark.parametrize(("name", "kind"), [(".gitlab-ci.yml", "gitlab"), (".gitea", "gitea"), (".github", "github")])
def test_pipelines_tell_the_forge(checkout: Path, name: str, kind: str) -> None:
    """Where nothing else says, what stands in the repository for its forge does."""
    set_remote(checkout, "https://git.acme.example/a/b.git")
    (checkout / name).mkdir()

    assert find_remote(checkout, "", {}).kind == kind


def test_what_is_there_stays(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that exists is kept and said to be, the others are written, and a second call writes nothing."""
    set_remote(checkout, "https://github.com/acme/gitops.git")
    workflow = checkout / ".github/workflows/trimtab.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text("mine")

    assert run(["init", str(checkout)]) == 0
    first = capsys.readouterr().out
    written = (checkout / "trimtab.yaml").read_bytes()
    assert run(["init", str(checkout), "--format", "json"]) == 0

    second = json.loads(capsys.readouterr().out)
    assert workflow.read_text() == "mine"
    assert f"kept {workflow}" in first
    assert (second["written"], len(second["kept"])) == ([], 2)
    assert (checkout / "trimtab.yaml").read_bytes() == written


def test_force_writes_anew(checkout: Path) -> None:
    """Only `--force` replaces a file."""
    (checkout / "trimtab.yaml").write_text("mine")

    run(["init", str(checkout), "--force"])

    assert load_config(checkout / "trimtab.yaml").mode is Mode.REPORT


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_links_are_not_followed(checkout: Path, tmp_path: Path, force: list[str]) -> None:
    """A link in place of a file, or of its folder, is refused before anything is written."""
    set_remote(checkout, "https://github.com/acme/gitops.git")
    (tmp_path / "elsewhere").mkdir()
    (checkout / ".github").symlink_to(tmp_path / "elsewhere")

    assert run(["init", str(checkout), *force]) == 4
    assert not (checkout / "trimtab.yaml").exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []


ARGO = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: chat, namespace: argocd}
spec:
  source: {repoURL: https://github.com/acme/gitops.git, path: apps}
  destination: {name: eu-prod, namespace: llm}
"""


def test_clusters_are_those_that_servings_go_to(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Argo CD's destination names the cluster; a context of the kubeconfig for it is offered, others are not told."""
    (checkout / "apps").mkdir()
    (checkout / "chat.yaml").rename(checkout / "apps/chat.yaml")
    (checkout / "argo.yaml").write_text(ARGO)
    kubeconfig = checkout.parent / "kubeconfig"
    kubeconfig.write_text("contexts: [{name: eu-prod}, {name: private}]\nusers: [{name: a, user: {token: secret}}]\n")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))

    run(["init", str(checkout)])

    text = (checkout / "trimtab.yaml").read_text()
    assert [one.name for one in load_config(checkout / "trimtab.yaml").clusters] == ["eu-prod"]
    assert '# kubernetes: {context: "eu-prod"}' in text
    assert "private" not in text
    assert "secret" not in text


def test_one_prometheus_for_several_clusters_is_told_apart(checkout: Path) -> None:
    """A server that several clusters share is asked for each by its label, so that nothing counts twice."""
    run(["init", str(checkout), "--cluster", "eu", "--cluster", 'u"s', "--prometheus", "http://127.0.0.1:9090"])

    found = [one.prometheus.matchers for one in load_config(checkout / "trimtab.yaml").clusters if one.prometheus]
    assert found == ['cluster="eu"', 'cluster="u\\"s"']


@pytest.mark.parametrize("text", ["contexts: 3", "contexts: [3, {name: 4}]", "[", ""])
def test_odd_kubeconfig_names_nothing(tmp_path: Path, text: str) -> None:
    """A kubeconfig that is none, or is not there, is passed over."""
    (tmp_path / "config").write_text(text)

    assert contexts_of({"KUBECONFIG": f"{tmp_path / 'config'}:{tmp_path / 'absent'}"}) == ()


def test_workflow_takes_trimtab_from_where_it_is_said(checkout: Path) -> None:
    """`--source` is what the workflow takes; a tag, which can be moved, is not taken."""
    set_remote(checkout, "https://github.com/acme/gitops.git")
    sha = "0123456789abcdef0123456789abcdef01234567"

    assert run(["init", str(checkout), "--source", f"acme/trimtab@{sha}"]) == 0
    assert f"uses: acme/trimtab@{sha}\n" in (checkout / ".github/workflows/trimtab.yml").read_text()
    assert given_source(f"acme/trimtab@{sha}") == Origin("acme/trimtab", sha)
    with pytest.raises(UsageError):
        given_source("acme/trimtab@v1")


class Installed:
    """An installation, of which only the record of its origin is asked."""

    def __init__(self, record: object) -> None:
        """Take the record."""
        self.record = record

    def read_text(self, name: str) -> str | None:
        """Return the record as the installer wrote it."""
        return json.dumps(self.record) if name == "direct_url.json" else None


def test_installation_tells_where_it_comes_from(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From Git the commit is recorded; of a folder it is what is checked out, if its origin has that."""

    def origin_of(record: object) -> Origin:
        monkeypatch.setattr("trimtab.cli.init_source.distribution", lambda _: Installed(record))
        return find_source("github.com")

    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "Start")
    set_remote(checkout, "git@github.com:acme/trimtab.git")
    head, folder = git(checkout, "rev-parse", "HEAD"), {"url": checkout.as_uri(), "dir_info": {"editable": True}}

    assert origin_of(folder) == Origin()
    git(checkout, "update-ref", "refs/remotes/origin/main", head)
    assert origin_of(folder) == Origin("acme/trimtab", head)
    vcs = {"url": "https://github.com/acme/trimtab.git", "vcs_info": {"vcs": "git", "commit_id": head}}
    assert origin_of(vcs) == Origin("acme/trimtab", head)
    assert origin_of({"url": "https://files.example/trimtab.whl"}) == Origin()
    assert origin_of([]) == Origin()


def test_source_of_another_host_is_no_source() -> None:
    """A workflow can take Trimtab from its own host alone."""
    assert find_source("forge.that.has.it.not.example") == Origin()


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
