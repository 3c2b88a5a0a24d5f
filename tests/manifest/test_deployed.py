"""Where a declaration goes live: the object of Argo CD or Flux that brings it, the cluster and the namespace."""

from __future__ import annotations

from tests.manifest.samples import DEPLOYMENT
from trimtab.fleet import Destination, Serving
from trimtab.manifest import Tree, inspect

OPEN = DEPLOYMENT.replace("  namespace: llm\n", "")


def application(name: str, destination: str, source: str) -> str:
    """Return an Application."""
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\n"
        f"spec:\n  destination: {{{destination}}}\n  source: {{{source}}}\n"
    )


def kustomization(name: str, spec: str) -> str:
    """Return a Kustomization of Flux."""
    return (
        f"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}}}\n"
        f"spec: {{{spec}}}\n"
    )


def served(**files: str) -> list[Serving]:
    """Return the servings of files, whose names have `__` for `/`."""
    tree = Tree({name.replace("__", "/") + ".yaml": text.encode() for name, text in files.items()})
    return list(inspect(tree).servings)


def test_an_application_brings_the_folder_it_points_at() -> None:
    """Name, namespace and cluster of the destination are known for the files in its path, and for no other."""
    app = application("chat", "name: eu, namespace: llm", "path: apps/chat")
    here, below, beside = served(
        argo__chat=app, apps__chat__chat=OPEN, apps__chat__more__chat=OPEN, apps__chatty__chat=OPEN
    )

    assert here.destinations == (Destination("argo", "chat", "llm", "eu", "argo/chat.yaml"),)
    assert here.clusters == ("eu",)
    assert (below.destinations, beside.destinations) == ((), ())


def test_folders_below_count_where_the_application_says_so() -> None:
    """`directory.recurse` takes in what lies deeper."""
    app = application("chat", "server: 'https://kubernetes.default.svc'", "path: apps, directory: {recurse: true}")
    (serving,) = served(argo__chat=app, apps__chat__chat=OPEN)

    assert serving.destinations == (Destination("argo", "chat", "", "", "argo/chat.yaml"),)
    assert serving.clusters == ()


def test_patterns_of_a_directory_leave_files_out() -> None:
    """`include` and `exclude` are of a plain folder's files, below it too, and know `{a,b}`."""
    patterns = "directory: {recurse: true, include: '{c*,*/chat.yaml}', exclude: '*old*'}"
    app = application("chat", "name: eu", f"path: apps, {patterns}")
    names = ("apps__chat", "apps__more__chat", "apps__more__talk", "apps__old__chat")
    found = served(argo__chat=app, **dict.fromkeys(names, OPEN))

    assert [serving.path for serving in found if serving.clusters] == ["apps/chat.yaml", "apps/more/chat.yaml"]


def test_an_overlay_is_brought_by_what_points_at_it() -> None:
    """Two Applications that point at two overlays of one base bring one serving each."""
    base = OPEN.replace("name: chat\n", "name: chat\n", 1)
    files = {"base__kustomization": "resources: [chat.yaml]\n", "base__chat": base}
    for name in ("eu", "us"):
        files[f"over__{name}__kustomization"] = f"resources: [../../base]\nnameSuffix: -{name}\n"
        files[f"argo__{name}"] = application(name, f"name: {name}, namespace: llm", f"path: over/{name}")

    assert [(one.name, one.clusters) for one in served(**files)] == [("chat-eu", ("eu",)), ("chat-us", ("us",))]


def test_an_application_set_names_a_cluster_for_each_element() -> None:
    """A list's elements, and the folders that a pattern finds, fill name, path and destination."""
    listed = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: chat}
spec:
  generators: [{list: {elements: [{cluster: eu}, {cluster: us}]}}]
  template:
    metadata: {name: 'chat-{{cluster}}'}
    spec:
      destination: {name: '{{cluster}}', namespace: llm}
      source: {path: 'apps/{{cluster}}'}
"""
    found = listed.replace("list: {elements: [{cluster: eu}, {cluster: us}]}", "git: {directories: [{path: 'apps/*'}]}")
    found = found.replace("'{{cluster}}'", "'{{.path.basename}}'").replace("{{cluster}}", "{{ .path.basename }}")
    for template in (listed, found):
        servings = served(argo__chat=template, apps__eu__chat=OPEN, apps__us__chat=OPEN)
        assert [one.destinations[0].name for one in servings] == ["chat-eu", "chat-us"]
        assert [one.clusters for one in servings] == [("eu",), ("us",)]


def test_a_generator_that_only_the_tool_knows_leaves_the_cluster_open() -> None:
    """The clusters of Argo CD stand in no tree."""
    text = application("x", "name: '{{name}}'", "path: apps").replace("Application", "ApplicationSet")
    text = text.replace("spec:\n", "spec:\n generators: [{clusters: {}}]\n template:\n  spec:\n")
    text = text.replace("\n  destination", "\n   destination").replace("\n  source", "\n   source")
    (serving,) = served(argo=text, apps__chat=OPEN)

    assert serving.destinations == (Destination("argo", "", "", "", "argo.yaml"),)


def test_flux_takes_a_folder_with_what_its_kustomizations_name() -> None:
    """Without a `kustomization.yaml` all below counts; of a folder that has one only what that names."""
    files = {
        "clusters__eu__apps": kustomization("apps", "path: ./apps, targetNamespace: llm"),
        "apps__chat__chat": OPEN,
        "apps__other__kustomization": "resources: [used.yaml]\n",
        "apps__other__used": OPEN.replace("name: chat\n", "name: used\n", 1),
        "apps__other__unused": OPEN.replace("name: chat\n", "name: unused\n", 1),
    }
    found = {one.name: one.destinations for one in served(**files)}
    eu = (Destination("flux", "apps", "llm", "eu", "clusters/eu/apps.yaml"),)

    assert found == {"chat": eu, "used": eu, "unused": ()}


def test_the_cluster_of_a_kustomization_is_that_of_what_brings_it() -> None:
    """A Kustomization that lies among the apps belongs to the cluster whose own Kustomization takes that folder."""
    files = {
        "clusters__eu__flux-system__sync": kustomization("flux-system", "path: ./apps"),
        "apps__chat__ks": kustomization("chat", "path: ./apps/chat/app"),
        "apps__kustomization": "resources: [chat/ks.yaml]\n",
        "apps__chat__app__chat": OPEN,
    }
    (serving,) = served(**files)

    assert [(one.name, one.cluster) for one in serving.destinations] == [("chat", "eu")]


def test_a_remote_cluster_is_named_after_its_kubeconfig() -> None:
    """`kubeConfig` says that another cluster is meant than the one that Flux runs in."""
    spec = "path: apps, kubeConfig: {secretRef: {name: eu-kubeconfig}}"
    (serving,) = served(clusters__hub__apps=kustomization("apps", spec), apps__chat=OPEN)

    assert serving.clusters == ("eu",)


def test_replicas_that_an_application_ignores_are_not_edited() -> None:
    """With `ignoreDifferences` on the replicas Git's number is not what runs; of other objects it is."""
    app = application("chat", "namespace: llm", "path: apps") + (
        "  ignoreDifferences: [{group: apps, kind: Deployment, name: NAME, jsonPointers: [/spec/replicas]}]\n"
    )
    counted = OPEN.replace("spec:\n", "spec:\n  replicas: 2\n", 1)
    (ignored,) = served(argo=app.replace("NAME", "chat"), apps__chat=counted)
    (other,) = served(argo=app.replace("NAME", "web"), apps__chat=counted)

    assert "Application chat (argo.yaml)" in ignored.settings["replicas"].reason
    assert other.settings["replicas"].editable
