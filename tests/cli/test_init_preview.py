"""What the onboarding pull request shows of a first scan, with a real Prometheus behind it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exposition import expose
from tests.forges.server import TOKEN
from tests.forges.state import commit_to, git
from tests.prometheus import serve
from tests.publish.stages import Stage, stage
from tests.specs import NodeSpec, WorkloadSpec
from trimtab.cli.app import run
from trimtab.gitio import TOKENS
from trimtab.publish.onboarding import ONBOARDING

MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: chat
  namespace: llm
  annotations: {trimtab.dev/slo-ttft-p95: 500ms, trimtab.dev/slo-tpot-p95: 60ms}
spec:
  replicas: 4
  template:
    spec:
      containers:
        - name: server
          image: vllm/vllm-openai:v0.19.0
          args: [--model=Qwen/Qwen2.5-7B-Instruct, --max-model-len=8192]
          resources: {limits: {nvidia.com/gpu: 1}}
"""
CHAT = WorkloadSpec(
    "chat",
    nodes=("h100-a",),
    replicas=4,
    model="Qwen/Qwen2.5-7B-Instruct",
    requests_per_s=1,
    running=2,
    kv_usage=0.05,
    kv_tokens=900_000,
    ttft_ms=45,
    tpot_ms=6,
)
"""Four replicas for a light load: two would do."""


@pytest.fixture
def prometheus() -> Iterator[str]:
    """Serve the week up to the present hour: `init` looks at the last one."""
    hour_s = int(time.time()) // 3600 * 3600
    with serve(expose((NodeSpec("h100-a", "NVIDIA-H100-80GB-HBM3"),), (CHAT,), hour_s)) as url:
        yield url


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A forge with a repository that says what runs."""
    for name, _ in TOKENS.values():
        monkeypatch.setenv(name, TOKEN)
    monkeypatch.setenv("TRIMTAB_PACE", "0")
    with stage("github", tmp_path) as served:
        (tmp_path / "acme").mkdir()
        (tmp_path / "acme" / "gitops.git").symlink_to(served.bare)
        commit_to(served.bare, "main", {"chat.yaml": MANIFEST}, "Serve")
        yield served


def test_a_first_scan_is_shown(forge: Stage, prometheus: str) -> None:
    """The pull request lists what Trimtab would propose from the last week, with its worth, and opens nothing else."""
    folder = forge.root / "checkout"
    git(forge.root, "clone", "-q", str(forge.bare), str(folder))
    git(folder, "remote", "set-url", "origin", f"{forge.url}/acme/gitops.git")

    code = run(["init", str(folder), "--forge", "github", "--pull-request", "--prometheus", prometheus])

    (pull,) = forge.site().forge.pulls(ONBOARDING)
    assert code == 0
    assert f"`{prometheus}` was asked about the last week." in pull.body
    assert "surplus-replicas" in pull.body
    assert "GPU hours" in pull.body or "$" in pull.body
    assert [one.branch for one in forge.site().forge.pulls()] == [ONBOARDING]
