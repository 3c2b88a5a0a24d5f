from __future__ import annotations

from tests.render.trees import APPLICATION, CHART, DEPLOYMENT
from trimtab.manifest import Tree
from trimtab.render import Target, which_targets


def tree(files: dict[str, str]) -> Tree:
    """Return files as a tree."""
    return Tree({path: text.encode() for path, text in files.items()})


def test_a_plain_manifest_feeds_only_itself() -> None:
    """A manifest that no overlay names is rendered as the object it is."""
    found = which_targets(tree({"apps/chat.yaml": DEPLOYMENT}), "apps/chat.yaml")

    assert found == (Target("object", "apps/chat.yaml"),)


def test_values_feed_the_chart_above_them() -> None:
    """A chart that no release names is rendered under its folder's name; other values files are given in addition."""
    files = tree({**CHART, "charts/chat/values-eu.yaml": "replicas: 1\n"})

    assert which_targets(files, "charts/chat/values.yaml") == (Target("helm", "charts/chat", "chat"),)
    assert which_targets(files, "charts/chat/values-eu.yaml") == (
        Target("helm", "charts/chat", "chat", values_files=("charts/chat/values-eu.yaml",)),
    )


def test_an_application_names_release_namespace_and_values() -> None:
    """What an Argo CD Application says of a chart is what is rendered, from whichever of its files."""
    files = tree({**CHART, "charts/chat/values-prod.yaml": "replicas: 4\n", "apps/support.yaml": APPLICATION})
    for path in ("apps/support.yaml", "charts/chat/values.yaml", "charts/chat/values-prod.yaml"):
        (found,) = which_targets(files, path)

        assert (found.kind, found.path, found.release, found.namespace) == ("helm", "charts/chat", "support", "prod")
        assert found.values_files == ("charts/chat/values-prod.yaml",)


def test_an_object_beside_a_chart_is_no_values_file() -> None:
    """A manifest in a chart's folder, outside its templates, stands for itself."""
    files = tree({**CHART, "charts/chat/samples/deploy.yaml": DEPLOYMENT})

    assert which_targets(files, "charts/chat/samples/deploy.yaml") == (
        Target("object", "charts/chat/samples/deploy.yaml"),
    )


def test_a_chart_elsewhere_is_said_to_be_missing() -> None:
    """A release of a chart that is not in the repository has its reason, and its values feed it all the same."""
    files = tree({"apps/support.yaml": APPLICATION.replace("path: charts/chat", "chart: vllm-stack")})
    (found,) = which_targets(files, "apps/support.yaml")

    assert "vllm-stack" in found.missing


def test_the_outermost_overlays_are_rendered() -> None:
    """A base's file feeds every overlay that reaches it, through components and patches, and not the base itself."""
    files = tree(
        {
            "base/chat.yaml": DEPLOYMENT,
            "base/kustomization.yaml": "resources: [chat.yaml]\n",
            "gpu/kustomization.yaml": "kind: Component\npatches: [{path: more.yaml}]\n",
            "gpu/more.yaml": DEPLOYMENT,
            "eu/kustomization.yaml": "resources: [../base]\ncomponents: [../gpu]\n",
            "us/kustomization.yaml": "resources: [../base]\n",
        }
    )

    assert [found.path for found in which_targets(files, "base/chat.yaml")] == ["eu", "us"]
    assert [found.path for found in which_targets(files, "gpu/more.yaml")] == ["eu"]
