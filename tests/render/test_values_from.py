from __future__ import annotations

import json
from pathlib import Path

from tests.render.trees import CHART, write
from tests.tools import tool
from trimtab.manifest import Tree
from trimtab.render import Rendered, Tools, Unrendered, Workspace, which_targets

RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: support, namespace: llm}
spec:
  chart: {spec: {chart: ./charts/chat, sourceRef: {kind: GitRepository, name: this}}}
  valuesFrom:
    - {kind: ConfigMap, name: shared}
    - {kind: ConfigMap, name: shared, valuesKey: length, targetPath: maxModelLen}
    - {kind: Secret, name: hidden}
  values: {model: Qwen/Qwen3-4B}
"""
SHARED = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: shared, namespace: llm}
data:
  length: "2048"
  values.yaml: |
    replicas: 7
    model: Qwen/Qwen3-32B
    wishes: null
"""
FILES = {**CHART, "apps/release.yaml": RELEASE, "apps/shared.yaml": SHARED}


def said(found: Rendered | Unrendered) -> str:
    """Return the only object as JSON."""
    assert isinstance(found, Rendered), found
    (one,) = found.objects.values()
    return json.dumps(one)


def test_values_of_configmaps_lie_between_the_chart_and_the_release(tmp_path: Path) -> None:
    """A ConfigMap's values win over the chart's, a target path sets one, and the release's own win over both."""
    write(tmp_path, FILES)
    tree = Tree.read(tmp_path)
    with Workspace(tmp_path, tree, Tools(tool("helm"), "")) as workspace:
        (target,) = which_targets(tree, "apps/release.yaml")
        text = said(workspace.render(target))
    assert '"replicas": 7' in text
    assert '["--model=Qwen/Qwen3-4B", "--max-model-len=2048"]' in text


def test_a_changed_configmap_is_rendered_with_the_release_that_takes_it(tmp_path: Path) -> None:
    """The file of a ConfigMap feeds the release, so that an edit of it is proven by what the release becomes."""
    write(tmp_path, FILES)
    tree = Tree.read(tmp_path)
    changed = SHARED.replace("replicas: 7", "replicas: 5").encode()
    with Workspace(tmp_path, tree, Tools(tool("helm"), "")) as workspace:
        (target,) = which_targets(tree, "apps/shared.yaml")
        assert target.release == "support"
        assert '"replicas": 5' in said(workspace.render(target, {"apps/shared.yaml": changed}))
