"""Packed charts, plugins and templates that try to leave the fence."""

from __future__ import annotations

import io
import itertools
import tarfile
from pathlib import Path

import pytest

from tests.render.trees import write
from tests.tools import tool
from trimtab.manifest import Tree
from trimtab.render import Rendered, Target, Tools, Unrendered, Workspace
from trimtab.render.fence import run

CHART = {
    "c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "c/templates/a.yaml": "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {x: plain}\n",
}
BUILT = "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies: [{name: d, version: 1.0.0}]\n"
PART = ("d/Chart.yaml", b"apiVersion: v2\nname: d\nversion: 1.0.0\n")


def rendered(root: Path) -> Rendered | Unrendered:
    """Return what the chart becomes."""
    with Workspace(root, Tree.read(root), Tools(tool("helm"), tool("kustomize"))) as workspace:
        return workspace.render(Target("helm", "c", "r"))


def packed(place: Path, *members: tuple[str, bytes], link: tuple[str, str, bytes] | None = None) -> None:
    """Write a package with members as they are named, and perhaps a link of a kind."""
    place.parent.mkdir(parents=True)
    with tarfile.open(place, "w:gz") as package:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            package.addfile(info, io.BytesIO(data))
        if link is not None:
            info = tarfile.TarInfo(link[0])
            info.linkname, info.type = link[1], link[2]
            package.addfile(info)


@pytest.mark.parametrize("name", ["../../../evil", "d/../../../evil", "/EVIL"])
def test_a_package_writes_nothing_beside_itself(tmp_path: Path, name: str) -> None:
    """Members whose names lead upwards, or begin at the root, come to lie nowhere."""
    root = write(tmp_path / "root", {**CHART, "c/Chart.yaml": BUILT})
    outside = str(tmp_path / "evil")
    packed(root / "c/charts/d-1.0.0.tgz", PART, (name.replace("/EVIL", outside), b"kind: Evil\n"))
    found = rendered(root)

    assert isinstance(found, Unrendered) or [key.kind for key in found.objects] == ["ConfigMap"]
    assert not [one for one in tmp_path.rglob("*") if one.name == "evil"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_in_a_package_leads_nowhere(tmp_path: Path, kind: bytes) -> None:
    """What a link in a package points at is not read as one of its templates."""
    root = write(tmp_path / "root", {**CHART, "c/Chart.yaml": BUILT})
    secret = tmp_path / "secret.yaml"
    secret.write_text("kind: Secret\napiVersion: v1\nmetadata: {name: stolen}\n")
    packed(root / "c/charts/d-1.0.0.tgz", PART, link=("d/templates/x.yaml", str(secret), kind))
    found = rendered(root)

    assert isinstance(found, Rendered)
    assert [key.kind for key in found.objects] == ["ConfigMap"]


def test_a_link_in_a_chart_folder_leads_nowhere(tmp_path: Path) -> None:
    """A template that is a link to a file of the machine is not there when the chart is rendered."""
    root = write(tmp_path / "root", CHART)
    secret = tmp_path / "secret.yaml"
    secret.write_text("kind: Secret\napiVersion: v1\nmetadata: {name: stolen}\n")
    (root / "c/templates/x.yaml").symlink_to(secret)
    found = rendered(root)

    assert isinstance(found, Rendered)
    assert [key.kind for key in found.objects] == ["ConfigMap"]


def test_a_package_that_unpacks_to_too_much_is_a_reason(tmp_path: Path) -> None:
    """A few hundred kilobytes that would become hundreds of megabytes are not unpacked."""
    root = write(tmp_path / "root", {**CHART, "c/Chart.yaml": BUILT})
    packed(root / "c/charts/d-1.0.0.tgz", PART, ("d/files/zeros", bytes(120_000_000)))
    found = rendered(root)

    assert isinstance(found, Unrendered)
    assert "larger than the maximum" in found.reason


def test_plugins_of_the_user_are_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that would download values for a made-up protocol, and leave a trace, is not there for a rendering."""
    plugin = write(
        tmp_path / "plugins/evil",
        {
            "plugin.yaml": "name: evil\nversion: 1.0.0\ncommand: ./run.sh\n"
            "downloaders: [{command: run.sh, protocols: [evil]}]\n",
            "run.sh": f"#!/bin/sh\ntouch {tmp_path}/ran\necho 'a: 1'\n",
        },
    )
    (plugin / "run.sh").chmod(0o755)
    monkeypatch.setenv("HELM_PLUGINS", str(tmp_path / "plugins"))
    root = write(tmp_path / "root", CHART)
    found = run([tool("helm"), "template", "r", "c", "--values", "evil://x"], root)

    assert isinstance(found, Unrendered)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("x: {{ lookup `v1` `Secret` `default` `token` | toJson }}\n", "{}"),
        ("x: {{ .Capabilities.APIVersions.Has `evil.example.com/v1` }}\n", "False"),
    ],
)
def test_a_template_sees_no_cluster(tmp_path: Path, template: str, said: str) -> None:
    """What templates ask of a cluster has the empty answer, whatever the user's own configuration reaches."""
    found = rendered(write(tmp_path, {**CHART, "c/templates/a.yaml": template}))

    assert isinstance(found, Rendered)
    assert [str(one["x"]) for one in found.objects.values() if isinstance(one, dict)] == [said]


def test_aliases_that_multiply_are_a_reason(tmp_path: Path) -> None:
    """Seven lines of aliases that stand for half a million items end in a reason, not in memory."""
    layers = "abcdefg"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{to}: &{to} [{', '.join(9 * [f'*{of}'])}]" for of, to in itertools.pairwise(layers)]
    found = rendered(write(tmp_path, {**CHART, "c/templates/a.yaml": "\n".join(lines)}))

    assert isinstance(found, Unrendered)
