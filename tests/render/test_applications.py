from __future__ import annotations

from tests.render.trees import CHART
from trimtab.manifest import Tree
from trimtab.render import Target, which_targets

SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: all}
spec:
  generators:
    - list: {elements: [{name: eu, size: {n: 2}}, {name: us, size: {n: 3}}]}
  template:
    metadata: {name: 'chat-{{name}}'}
    spec:
      destination: {namespace: '{{ .name }}'}
      source:
        path: charts/chat
        helm: {valueFiles: ['values-{{name}}.yaml'], kubeVersion: 1.34.0, apiVersions: [a/v1]}
"""


def targets(text: str) -> tuple[Target, ...]:
    """Return what an object renders."""
    files = {**CHART, "all.yaml": text}
    return which_targets(Tree({path: one.encode() for path, one in files.items()}), "all.yaml")


def test_a_set_makes_one_release_of_each_element() -> None:
    """A list's elements fill in names, namespaces and values files, in both spellings of a place."""
    eu, us = targets(SET)

    assert (eu.release, eu.namespace, eu.values_files) == ("chat-eu", "eu", ("charts/chat/values-eu.yaml",))
    assert (us.release, us.source) == ("chat-us", 1)
    assert (eu.kube_version, eu.api_versions) == ("1.34.0", ("a/v1",))


def test_what_only_the_cluster_knows_is_said() -> None:
    """A place that no list fills in leaves the release unrendered, with the place as the reason."""
    (found,) = targets(
        SET.replace("- list: {elements: [{name: eu, size: {n: 2}}, {name: us, size: {n: 3}}]}", "- clusters: {}")
    )

    assert "{{name}}" in found.missing
