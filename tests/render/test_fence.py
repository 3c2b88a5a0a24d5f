from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.render.trees import CHART, write
from tests.tools import tool
from trimtab.manifest import Tree
from trimtab.render import Rendered, Target, Tools, Unrendered, Workspace
from trimtab.render.fence import run, without_network

CONFIG_MAP = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata:\n  x: "


def rendered(root: Path, template: str, **files: str) -> Rendered | Unrendered:
    """Return what a chart with one template becomes."""
    chart = {**CHART, "charts/chat/templates/deployment.yaml": template, **files}
    write(root, chart)
    with Workspace(root, Tree.read(root), Tools(tool("helm"), tool("kustomize"))) as workspace:
        return workspace.render(Target("helm", "charts/chat", "chat"))


@pytest.mark.parametrize(
    "template",
    [
        '{{ repeat 2000000000 "x" }}',
        '{{ repeat 18000000 "x" }}',
        "{{ range untilStep 0 1000000000 1 }}x{{ end }}",
        '{{ define "t" }}{{ include "t" . }}{{ end }}{{ include "t" . }}',
    ],
)
def test_a_template_that_blows_up_is_a_reason(tmp_path: Path, template: str) -> None:
    """More memory, more output or deeper recursion than any chart needs ends in a reason, never in half a file."""
    found = rendered(tmp_path, CONFIG_MAP + template)

    assert isinstance(found, Unrendered)
    assert found.reason.startswith("helm: ")
    assert len(found.reason) < 500


@pytest.mark.parametrize(
    "template",
    [
        '{{ .Files.Get "/etc/passwd" | quote }}',
        '{{ .Files.Get "../../../../../../etc/passwd" | quote }}',
        '{{ getHostByName "localhost" | quote }}',
    ],
)
def test_a_template_reaches_nothing_outside(tmp_path: Path, template: str) -> None:
    """Files of the machine and names of its network are empty to a template."""
    found = rendered(tmp_path, CONFIG_MAP + template)

    assert isinstance(found, Rendered)
    assert [one["data"] for one in found.objects.values() if isinstance(one, dict)] == [{"x": ""}]


def test_a_release_cannot_be_an_option(tmp_path: Path) -> None:
    """A release that is named like an option of helm is refused: one of those runs programs."""
    evil = write(tmp_path, {**CHART, "evil.sh": "#!/bin/sh\ntouch ran\ncat\n"}) / "evil.sh"
    evil.chmod(0o755)
    with Workspace(tmp_path, Tree.read(tmp_path), Tools(tool("helm"), tool("kustomize"))) as workspace:
        found = workspace.render(Target("helm", "charts/chat", "--post-renderer=./evil.sh"))

    assert isinstance(found, Unrendered)
    assert "no name" in found.reason


@pytest.mark.parametrize("folder", ["-h", "github.com/acme/base", "--enable-helm"])
def test_a_folder_cannot_be_an_option_or_an_address(tmp_path: Path, folder: str) -> None:
    """An overlay in a folder with such a name is built as the folder it is."""
    write(tmp_path, {f"{folder}/kustomization.yaml": "resources: [a.yaml]\n", f"{folder}/a.yaml": CONFIG_MAP + "'1'\n"})
    with Workspace(tmp_path, Tree.read(tmp_path), Tools(tool("helm"), tool("kustomize"))) as workspace:
        found = workspace.render(Target("kustomize", folder))

    assert isinstance(found, Rendered)
    assert [key.name for key in found.objects] == ["a"]


@pytest.mark.parametrize(
    "kustomization",
    [
        "generators: [g.yaml]\n",
        "transformers: [g.yaml]\n",
        "helmCharts: [{name: a, repo: 'oci://127.0.0.1/x', version: 1.0.0}]\n",
        "configMapGenerator: [{name: a, files: [/etc/passwd]}]\n",
        "configMapGenerator: [{name: a, files: [../../../../../../etc/passwd]}]\n",
        "resources: [../outside]\nopenapi: {path: /etc/passwd}\n",
    ],
)
def test_an_overlay_runs_nothing_and_leaves_its_root_for_nothing(tmp_path: Path, kustomization: str) -> None:
    """Plugins, functions, charts from afar and files above the root each end in a reason."""
    function = (
        "apiVersion: v1\nkind: Evil\nmetadata:\n  name: e\n  annotations:\n"
        "    config.kubernetes.io/function: |\n      exec: {path: ./evil.sh}\n"
    )
    write(
        tmp_path, {"eu/kustomization.yaml": kustomization, "eu/g.yaml": function, "eu/evil.sh": "#!/bin/sh\ntouch ran"}
    )
    (tmp_path / "eu/evil.sh").chmod(0o755)
    with Workspace(tmp_path, Tree.read(tmp_path), Tools(tool("helm"), tool("kustomize"))) as workspace:
        found = workspace.render(Target("kustomize", "eu"))

    assert isinstance(found, Unrendered)


def test_what_takes_too_long_is_killed_with_all_it_started(tmp_path: Path) -> None:
    """A process that a renderer starts and leaves behind does not outlive it."""
    script = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]]); input_ = open('pid', 'r')"
    child = "import os, time; open('child', 'w').write(str(os.getpid())); os.rename('child', 'pid'); time.sleep(600)"
    os.mkfifo(tmp_path / "pid.fifo")
    waiting = script.replace("open('pid', 'r')", "open('pid.fifo', 'r')")

    found = run([sys.executable, "-c", waiting, child], tmp_path, 3)

    assert isinstance(found, Unrendered)
    assert "longer than 3 s" in found.reason
    if not (tmp_path / "pid").exists():
        pytest.skip("this machine is too busy to start a process within the limit")
    number = (tmp_path / "pid").read_text()
    state = subprocess.run(["ps", "-o", "stat=", "-p", number], capture_output=True, text=True, check=False).stdout
    assert state.strip() == "" or state.startswith("Z")


def test_no_network_is_there(tmp_path: Path) -> None:
    """Where the system can take the network away, a fenced process sees no interface that is up."""
    if not without_network():
        pytest.skip("this system lets this user make no network namespace")
    reach = "import socket; s = socket.socket(); s.settimeout(2); s.connect(('127.0.0.1', 9))"

    found = run([sys.executable, "-c", reach], tmp_path)

    assert isinstance(found, Unrendered)
    assert "unreachable" in found.reason


def test_a_talkative_failure_is_cut_short(tmp_path: Path) -> None:
    """Megabytes on standard error become one line."""
    talk = "import sys; sys.stderr.write('x' * 30_000_000); sys.exit(1)"

    found = run([sys.executable, "-c", talk], tmp_path)

    assert isinstance(found, Unrendered)
    assert len(found.reason) < 500
