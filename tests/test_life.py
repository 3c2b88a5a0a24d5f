"""The life of recommendations on each forge, through the command line, with a real Prometheus that tells what runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.exposition import expose_eras
from tests.forges.fake_github import FakeGitHub
from tests.forges.fake_gitlab import FakeGitLab
from tests.forges.server import TOKEN, Api, Log
from tests.forges.server import serve as serve_forge
from tests.forges.state import BOT, ForgeState, commit_to, make_repository, show, tip
from tests.prometheus import serve as serve_prometheus
from tests.publish.stages import LocalPeople, People
from tests.specs import NodeSpec, WorkloadSpec
from trimtab.cli.app import run
from trimtab.gitio import Remote, Repo
from trimtab.life import Entry
from trimtab.publish.mark import branch_of
from trimtab.record import Ledger

START = datetime(2026, 11, 20, tzinfo=UTC)
HOUR_S, DAY_S = 3600, 86400
GPU = "NVIDIA-H100-80GB-HBM3"
RULE = "surplus-replicas"
NAMES = ("chat", "code", "docs", "mail", "plan")
"""What becomes of each: it keeps its promise, regresses, is dismissed, snoozed, merged as a person changed it."""

MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: llm
  annotations: {{trimtab.dev/slo-ttft-p95: 500ms, trimtab.dev/slo-tpot-p95: 60ms}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
        - name: server
          image: vllm/vllm-openai:v0.19.0
          args: [--model=Qwen/Qwen2.5-7B-Instruct, --max-model-len=8192]
          resources: {{limits: {{nvidia.com/gpu: 1}}}}
"""


def fleet(**changed: WorkloadSpec) -> tuple[tuple[NodeSpec, ...], tuple[WorkloadSpec, ...]]:
    """Return the cluster, with other figures for some of its workloads."""
    nodes = tuple(NodeSpec(f"h100-{letter}", GPU, gpus=10) for letter in "ab")
    return nodes, tuple(changed.get(name, serving(name)) for name in NAMES)


def serving(name: str, replicas: int = 4, ttft_ms: float = 45) -> WorkloadSpec:
    """Return a small model under a light load."""
    return WorkloadSpec(
        name,
        nodes=("h100-a", "h100-b"),
        replicas=replicas,
        model="Qwen/Qwen2.5-7B-Instruct",
        requests_per_s=1,
        running=2,
        kv_usage=0.05,
        kv_tokens=900_000,
        ttft_ms=ttft_ms,
        tpot_ms=6,
        coarse=True,
    )


@pytest.fixture(scope="module")
def prometheus() -> Iterator[str]:
    """Serve two days of four replicas each, two of what was merged, and two days after the way back."""
    start_s = int(START.timestamp())
    merged = {"chat": serving("chat", 2), "plan": serving("plan", 3)}
    eras = {
        (start_s, 2 * DAY_S): fleet(),
        (start_s + 2 * DAY_S, 2 * DAY_S - 3 * HOUR_S): fleet(code=serving("code", 2, ttft_ms=3000), **merged),
        (start_s + 4 * DAY_S, 2 * DAY_S - HOUR_S): fleet(**merged),
    }
    with serve_prometheus(expose_eras(eras)) as url:
        yield url


@dataclass(slots=True)
class Life:
    """A forge, what people do on it, and the command line at a time."""

    root: Path
    kind: str
    bare: Path
    state: ForgeState
    people: People
    printed: pytest.CaptureFixture[str]
    log: Log = field(default_factory=Log)
    hours: float = 0

    @property
    def bot(self) -> str:
        """Return the account that Trimtab runs as."""
        return "trimtab" if self.kind == "local" else BOT

    @property
    def person(self) -> str:
        """Return who merges, as the forge tells it."""
        return "Ada Person" if self.kind == "local" else "ada"

    @property
    def begun(self) -> list[tuple[str, str]]:
        """Return how each life begins."""
        return [("proposed", self.bot), ("open", self.bot)]

    def trimtab(self, *words: str) -> str:
        """Run a command and return what it prints; it must end well."""
        at = (START + timedelta(hours=self.hours)).isoformat()
        timed = [*words, "--at", at] if words[0] != "ledger" else list(words)
        self.printed.readouterr()
        code = run([*timed, "--config", str(self.root / "trimtab.yaml")])
        out, err = self.printed.readouterr()
        assert code == 0, err
        assert TOKEN not in out + err
        return out

    def entries(self) -> tuple[Entry, ...]:
        """Return the ledger."""
        repo = Repo(self.root / "read.git", Remote(str(self.bare)))
        return Ledger(repo, 0).entries()

    def steps(self, name: str, rule: str = RULE) -> list[tuple[str, str]]:
        """Return what became of a workload's recommendation: each step with who took it."""
        found = [one for one in self.entries() if (one.subject.name, one.rule) == (name, rule)]
        return [(one.step, one.actor.login) for one in found]

    def last(self, name: str, rule: str = RULE) -> Entry:
        """Return the latest entry about a workload that is no command."""
        found = [one for one in self.entries() if (one.subject.name, one.rule) == (name, rule)]
        return [one for one in found if one.recommendation][-1]

    def branch(self, name: str, rule: str = RULE) -> str:
        """Return the branch of a workload's recommendation."""
        return branch_of(rule, self.last(name, rule).recommendation)

    def number(self, name: str, rule: str = RULE) -> int:
        """Return the number of a workload's pull request."""
        branch = self.branch(name, rule)
        if self.kind != "local":
            return next(pull.number for pull in self.state.all() if pull.branch == branch)
        files = self.root.glob("forge/[0-9]*.md")
        return next(int(file.stem) for file in files if f"branch: {branch}\n" in file.read_text())

    def body(self, name: str, rule: str = RULE) -> str:
        """Return the text of a workload's pull request."""
        number = self.number(name, rule)
        if self.kind == "local":
            return (self.root / f"forge/{number:04d}.md").read_text()
        return self.state.get(number).body

    def say(self, name: str, text: str) -> None:
        """Comment on a workload's pull request, as a person."""
        number = self.number(name)
        if self.kind == "local":
            with (self.root / f"forge/{number:04d}.comments.jsonl").open("a") as file:
                file.write(json.dumps({"login": "ada", "body": text}) + "\n")
        else:
            self.state.say(number, "ada", text)

    def dashboard(self) -> str:
        """Return the dashboard's text."""
        if self.kind == "local":
            return (self.root / "forge/dashboard.md").read_text()
        (board,) = self.state.issues.values()
        return board.body


@pytest.fixture(params=["local", "github", "gitlab"])
def life(
    request: pytest.FixtureRequest,
    prometheus: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Life]:
    """Return a forge with a repository of five workloads, and a configuration."""
    monkeypatch.setenv("TRIMTAB_PACE", "0")
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
    files = {f"apps/{name}.yaml": MANIFEST.format(name=name, replicas=4) for name in NAMES}
    bare = make_repository(tmp_path / "gitops.git", files)
    state = ForgeState(bare)
    kind = request.param
    (tmp_path / "prices.csv").write_text(f"provider,region,gpu,usd_per_gpu_hour\naws,us-east-1,{GPU},2.00\n")
    if kind == "local":
        _configure(tmp_path, prometheus, "path: gitops.git", "kind: local, path: forge")
        people: People = LocalPeople(bare, tmp_path / "forge")
        yield Life(tmp_path, kind, bare, state, people, capfd)
        return
    api: Api = FakeGitHub(state) if kind == "github" else FakeGitLab(state)
    with serve_forge(tmp_path, api) as served:
        url = f"{served.url}/api/v3" if kind == "github" else served.url
        forge = f"kind: {kind}, repository: acme/gitops, api_url: {url}"
        _configure(tmp_path, prometheus, f"url: {served.url}/gitops.git", forge)
        yield Life(tmp_path, kind, bare, state, People(state), capfd, served.log)


def _configure(folder: Path, prometheus: str, where: str, forge: str) -> None:
    (folder / "trimtab.yaml").write_text(
        f"""\
clusters:
  - {{name: eu, provider: aws, region: us-east-1, prometheus: {{url: "{prometheus}"}}}}
repositories:
  - {where}
    name: gitops
    forge: {{{forge}}}
window: 2d
prices: {{file: prices.csv}}
"""
    )


def test_a_whole_life(life: Life) -> None:
    """Every step that people, clusters and Trimtab take is in the ledger with who took it, and the way back is gone."""
    for hours, phase in ((0, proposed), (1, answered), (2, merged), (7, live), (47, judged), (48, taken_back)):
        life.hours = hours
        phase(life)
    for hours in (54, 95):
        life.hours = hours
        life.trimtab("settle")
    assert life.steps("code", "revert")[2:] == [
        ("approved", life.person),
        ("actuated", "trimtab"),
        ("verified", "trimtab"),
    ]
    quiet(life)


def proposed(life: Life) -> None:
    """Each workload gets its pull request."""
    life.trimtab("run")
    assert all(life.steps(name) == life.begun for name in NAMES)


def answered(life: Life) -> None:
    """People approve, dismiss and snooze, and one of them commits to a branch."""
    life.say("chat", "/trimtab approve")
    life.say("docs", "/trimtab dismiss the launch is next week")
    life.say("mail", "/trimtab snooze 14d")
    commit_to(life.bare, life.branch("plan"), {"apps/plan.yaml": MANIFEST.format(name="plan", replicas=3)}, "Three")
    life.trimtab("run")
    assert life.steps("chat") == [*life.begun, ("command", "ada")]
    assert next(one.note for one in life.entries() if one.step == "command").startswith("approved ")
    assert life.steps("docs") == [*life.begun, ("dismissed", "ada")]
    assert life.steps("mail") == [*life.begun, ("snoozed", "ada")]
    assert life.steps("plan") == [*life.begun, ("open", life.bot)]
    assert life.last("docs").note == "the launch is next week"


def merged(life: Life) -> None:
    """A merge is an approval, and nothing is live yet."""
    for name in ("chat", "code", "plan"):
        life.people.merge(life.number(name))
    life.trimtab("settle")
    assert all(life.steps(name)[-1] == ("approved", life.person) for name in ("chat", "code", "plan"))


def live(life: Life) -> None:
    """What the cluster shows is live: of the one that a person changed what was merged."""
    life.trimtab("settle")
    assert all(life.steps(name)[-1] == ("actuated", "trimtab") for name in ("chat", "code", "plan"))
    assert life.last("plan").note == "the cluster shows the merged values; as merged: replicas 3 instead of 2"


def judged(life: Life) -> None:
    """A kept promise is verified with the money that is really saved; what got slower is to be taken back."""
    life.trimtab("settle")
    assert [life.steps(name)[-1] for name in ("chat", "plan")] == [("verified", "trimtab")] * 2
    assert [life.last(name).saving for name in ("chat", "plan")] == ["2920.00", "1460.00"]
    assert life.steps("code")[-1] == ("regressed", "trimtab")
    assert "time to first token" in life.last("code").note
    assert life.steps("code", "revert") == life.begun


def taken_back(life: Life) -> None:
    """The pull request that takes it back says what was seen, and its merge restores the file to the byte."""
    assert "time to first token" in life.body("code", "revert")
    life.people.merge(life.number("code", "revert"))
    life.trimtab("settle")
    assert show(life.bare, "main", "apps/code.yaml") == MANIFEST.format(name="code", replicas=4).strip()
    assert life.steps("code", "revert")[-1] == ("approved", life.person)


def quiet(life: Life) -> None:
    """Afterwards nothing is proposed again, nothing is left behind, and a second run writes nothing."""
    life.trimtab("run")
    assert life.steps("code")[-1] == ("regressed", "trimtab")
    entries, writes = life.entries(), len(life.log.writes)
    life.trimtab("run")
    assert (life.entries(), len(life.log.writes)) == (entries, writes)
    assert [name for name in NAMES if tip(life.bare, life.branch(name))] == []
    life.trimtab("ledger", "verify")
