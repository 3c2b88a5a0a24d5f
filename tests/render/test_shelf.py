from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from tests.render.trees import CHART, write
from tests.tools import tool
from trimtab.manifest import Tree
from trimtab.render import Rendered, Tools, Unrendered, Workspace, which_targets
from trimtab.render.shelf import find

RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: support, namespace: llm}
spec:
  chart: {spec: {chart: chat, version: "0.1.x", sourceRef: {kind: HelmRepository, name: acme}}}
  values: {replicas: 5}
"""
BY_REFERENCE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: support, namespace: flux-system}
spec:
  targetNamespace: llm
  chartRef: {kind: OCIRepository, name: acme-chat}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: acme-chat, namespace: flux-system}
spec: {url: oci://registry.example.com/charts/chat, ref: {tag: 0.1.0}}
"""
ARGO = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: support}
spec:
  destination: {namespace: llm}
  sources:
    - repoURL: https://charts.example.com
      chart: other
      targetRevision: 1.0.0
      helm: {valuesObject: {replicas: 9}}
    - {repoURL: https://git.example.com/gitops.git, ref: values}
    - repoURL: https://charts.example.com
      chart: chat
      targetRevision: 0.1.0
      helm: {valueFiles: [$values/eu.yaml], parameters: [{name: model, value: "a,b"}]}
"""


def packed(target: Path, files: dict[str, str]) -> Path:
    """Write a chart as `helm package` does."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(target, "w:gz") as package:
        for path, text in files.items():
            member = tarfile.TarInfo(path.removeprefix("charts/"))
            member.size = len(text.encode())
            package.addfile(member, io.BytesIO(text.encode()))
    return target


@pytest.fixture(params=["packed", "unpacked"])
def shelf(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return an operator's folder with one chart."""
    if request.param == "packed":
        packed(tmp_path / "shelf/any-name.tgz", CHART)
    else:
        write(tmp_path / "shelf", CHART)
    return tmp_path / "shelf"


def rendered(root: Path, shelf: Path | str, path: str, index: int = 0) -> Rendered | Unrendered:
    """Return what one of the targets that a file feeds becomes."""
    tree = Tree.read(root)
    with Workspace(root, tree, Tools(tool("helm"), tool("kustomize"), str(shelf))) as workspace:
        return workspace.render(which_targets(tree, path)[index])


def spec_of(found: Rendered | Unrendered) -> dict[str, object]:
    """Return the spec of the one object."""
    assert isinstance(found, Rendered), found
    (only,) = found.objects.values()
    assert isinstance(only, dict)
    spec = only["spec"]
    assert isinstance(spec, dict)
    return dict(spec)


def test_a_release_of_a_kept_chart_is_rendered(tmp_path: Path, shelf: Path) -> None:
    """What a HelmRelease names by a range of versions is found among the operator's charts, with its own values."""
    found = rendered(write(tmp_path / "repo", {"a.yaml": RELEASE}), shelf, "a.yaml")

    assert spec_of(found)["replicas"] == 5
    assert isinstance(found, Rendered)
    assert "(chart chat 0.1.0)" in found.tool
    assert [str(key) for key in found.objects] == ["Deployment llm/support"]


def test_a_reference_leads_to_the_artifact(tmp_path: Path, shelf: Path) -> None:
    """A `chartRef` means the chart that the OCIRepository of that name stands for; the release's name is composed."""
    found = rendered(write(tmp_path / "repo", {"a.yaml": BY_REFERENCE}), shelf, "a.yaml")

    assert isinstance(found, Rendered)
    assert [str(key) for key in found.objects] == ["Deployment llm/llm-support"]


def test_each_source_has_its_own_values(tmp_path: Path, shelf: Path) -> None:
    """Of several sources each is rendered with what stands at it, and one that is missing says so alone."""
    root = write(tmp_path / "repo", {"a.yaml": ARGO, "eu.yaml": "replicas: 4\n"})

    assert isinstance(rendered(root, shelf, "a.yaml", 0), Unrendered)
    spec = spec_of(rendered(root, shelf, "a.yaml", 1))
    assert spec["replicas"] == 4
    assert "--model=a,b" in str(spec)


def test_another_version_is_no_proof(tmp_path: Path, shelf: Path) -> None:
    """A chart of a version that the declaration does not mean is not taken for it."""
    found = rendered(write(tmp_path / "repo", {"a.yaml": RELEASE.replace("0.1.x", "0.2.x")}), shelf, "a.yaml")

    assert isinstance(found, Unrendered)
    assert "chart chat of acme is not in this repository" in found.reason


@pytest.mark.parametrize("data", [b"", b"no package", b"\x1f\x8b\x08\x00broken"])
def test_what_is_no_package_is_passed_over(tmp_path: Path, data: bytes) -> None:
    """A damaged file among the charts hides none of the others."""
    packed(tmp_path / "shelf/z.tgz", CHART)
    (tmp_path / "shelf/a.tgz").write_bytes(data)

    assert find(str(tmp_path / "shelf"), "chat", "") is not None
    assert find(str(tmp_path / "shelf"), "other", "") is None
    assert find(str(tmp_path / "nothing"), "chat", "") is None


UMBRELLA = {
    "apps/llm/Chart.yaml": "apiVersion: v2\nname: llm\nversion: 1.0.0\ndependencies:\n"
    "  - {name: chat, version: 0.1.x, repository: REPOSITORY}\n",
    "apps/llm/values.yaml": "chat: {replicas: 6}\n",
}


def umbrella(repository: str) -> dict[str, str]:
    """Return a chart that is built on another."""
    return {path: text.replace("REPOSITORY", repository) for path, text in UMBRELLA.items()}


def test_an_umbrella_gets_what_it_is_built_on(tmp_path: Path, shelf: Path) -> None:
    """A dependency that was never committed is taken from the operator's charts."""
    found = rendered(write(tmp_path / "repo", umbrella("https://charts.example.com")), shelf, "apps/llm/values.yaml")

    assert spec_of(found)["replicas"] == 6


def test_an_umbrella_finds_its_neighbour(tmp_path: Path) -> None:
    """A dependency beside the chart needs no shelf; the repository's own folder stays as it is."""
    root = write(tmp_path / "repo", {**umbrella("file://../../charts/chat"), **CHART})

    assert spec_of(rendered(root, "", "apps/llm/values.yaml"))["replicas"] == 6
    assert not (root / "apps/llm/charts").exists()


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """A dependency that is nowhere is named with what to do about it."""
    found = rendered(write(tmp_path / "repo", umbrella("https://charts.example.com")), "", "apps/llm/values.yaml")

    assert isinstance(found, Unrendered)
    assert "chat 0.1.x of https://charts.example.com" in found.reason
    assert "helm dependency build" in found.reason


def test_what_is_switched_off_is_not_needed(tmp_path: Path) -> None:
    """A dependency that the values switch off may be absent; switched on it is missed."""
    chart = "dependencies: [{name: far, version: 1.x.x, repository: 'oci://r.example.com/x', condition: far.enabled}]\n"
    files = {**CHART, "charts/chat/Chart.yaml": CHART["charts/chat/Chart.yaml"] + chart}
    off = {**files, "charts/chat/values.yaml": CHART["charts/chat/values.yaml"] + "far: {enabled: false}\n"}

    assert spec_of(rendered(write(tmp_path / "off", off), "", "charts/chat/values.yaml"))["replicas"] == 2
    on = rendered(write(tmp_path / "on", files), "", "charts/chat/values.yaml")
    assert isinstance(on, Unrendered)
    assert "far 1.x.x" in on.reason


def test_what_a_change_switches_on_is_missed(tmp_path: Path) -> None:
    """A dependency that was off in one rendering is asked for in the next, where the change turns it on."""
    chart = "dependencies: [{name: far, version: 1.x.x, repository: '', condition: far.enabled}]\n"
    values = CHART["charts/chat/values.yaml"] + "far: {enabled: false}\n"
    files = {"charts/chat/Chart.yaml": CHART["charts/chat/Chart.yaml"] + chart, "charts/chat/values.yaml": values}
    root = write(tmp_path, {**CHART, **files})
    tree = Tree.read(root)
    target = which_targets(tree, "charts/chat/values.yaml")[0]
    changed = {"charts/chat/values.yaml": values.replace("false", "true").encode()}
    with Workspace(root, tree, Tools(tool("helm"), tool("kustomize"))) as workspace:
        before, after = workspace.render(target), workspace.render(target, changed)

    assert isinstance(before, Rendered)
    assert isinstance(after, Unrendered)


def test_links_of_a_shelved_chart_stay_out_wherever_they_lead(tmp_path: Path) -> None:
    """A library that a chart is built on is copied without its links: a dangling one is no failure, no file leaks."""
    shelf, root = tmp_path / "shelf", tmp_path / "root"
    library = {"base/Chart.yaml": "apiVersion: v2\nname: base\nversion: 1.0.0\n", "base/secret.txt": "x"}
    write(shelf, library)
    outside = tmp_path / "outside.yaml"
    outside.write_text("kind: Secret\napiVersion: v1\nmetadata: {name: leaked}\n")
    (shelf / "base" / "LICENSE").symlink_to("../../nowhere")
    (shelf / "base" / "templates").mkdir()
    (shelf / "base" / "templates" / "leak.yaml").symlink_to(outside)
    needs = "dependencies: [{name: base, version: 1.0.0, repository: https://charts.example.com}]\n"
    write(root, {**CHART, "charts/chat/Chart.yaml": CHART["charts/chat/Chart.yaml"] + needs})
    tree = Tree.read(root)
    with Workspace(root, tree, Tools(tool("helm"), "", str(shelf))) as workspace:
        found = workspace.render(which_targets(tree, "charts/chat/values.yaml")[0])
    assert isinstance(found, Rendered), found
    assert [key.kind for key in found.objects] == ["Deployment"]
