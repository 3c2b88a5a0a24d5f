"""What Argo CD and Flux lay over a folder in the object that brings it."""

from __future__ import annotations

import pytest

from tests.manifest.samples import DEPLOYMENT
from trimtab.fleet import Serving
from trimtab.manifest import EditResult, Refusal, Tree, edit, inspect

APP = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: chat}
spec:
  destination: {name: eu, namespace: llm}
  source:
    path: apps/chat
    repoURL: https://git.example/gitops
    kustomize:
      namePrefix: eu-
      images: ["vllm/vllm-openai=mirror.example:5000/vllm:v0.20.0"]
      replicas: [{name: chat, count: 3}]
      patches:
      - target: {kind: Deployment}
        patch: |
          - {op: add, path: /spec/template/spec/priorityClassName, value: high}
"""
FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: NAME}
spec:
  path: ./apps
  patches:
  - target: {kind: Deployment, name: chat}
    patch: |
      - {op: add, path: /spec/replicas, value: COUNT}
"""


def tree(**files: str) -> Tree:
    """Return a Deployment beside files whose names have `__` for `/`."""
    named = {name.replace("__", "/") + ".yaml": text for name, text in files.items()}
    found = {"apps/chat/chat.yaml": DEPLOYMENT, **named}
    return Tree({path: text.encode() for path, text in found.items()})


def served(found: Tree) -> Serving:
    """Return the only serving."""
    (serving,) = inspect(found).servings
    return serving


def test_fields_of_an_application_win() -> None:
    """Its images, replicas, patches and prefix lie over the folder's kustomization, and are edited where they stand."""
    found = tree(apps__chat__kustomization="resources: [chat.yaml]\n", argo__chat=APP)
    settings = served(found).settings
    result = edit(found, served(found).subject, {"engine_version": "v0.21.0", "replicas": 2})

    assert served(found).name == "eu-chat"
    said = {field: settings[field].value for field in ("engine_version", "replicas", "priority_class")}
    assert said == {"engine_version": "v0.20.0", "replicas": 3, "priority_class": "high"}
    assert isinstance(result, EditResult)
    assert result.files == {"argo/chat.yaml": APP.replace("0.20", "0.21").replace("count: 3", "count: 2").encode()}


def test_an_override_in_the_folder_wins_over_the_application() -> None:
    """What an image updater writes beside the files lies over the Application's own list, and is edited there."""
    found = tree(apps__chat__kustomization="resources: [chat.yaml]\n", argo__chat=APP)
    over = 'kustomize:\n  images: ["vllm/vllm-openai:v0.22.0"]\n'
    found = Tree({**found, "apps/chat/.argocd-source-chat.yaml": over.encode()})
    result = edit(found, served(found).subject, {"engine_version": "v0.23.0"})

    assert served(found).settings["engine_version"].value == "v0.22.0"
    assert served(found).settings["replicas"].value == 3
    assert isinstance(result, EditResult)
    assert result.files == {"apps/chat/.argocd-source-chat.yaml": over.replace("v0.22.0", "v0.23.0").encode()}


def test_fields_of_many_applications_are_not_edited_for_one() -> None:
    """What an ApplicationSet lays over every folder that it finds is the value of each, and of none alone."""
    template = APP.replace("kind: Application", "kind: ApplicationSet").replace("path: apps/chat", "path: '{{path}}'")
    head, _, spec = template.partition("spec:\n")
    inner = "".join(f"    {line}\n" for line in spec.splitlines())
    made = f"{head}spec:\n  generators: [{{git: {{directories: [{{path: apps/*}}]}}}}]\n  template:\n    spec:\n{inner}"
    folder = "resources: [chat.yaml]\n"
    found = tree(
        apps__chat__kustomization=folder, apps__talk__kustomization=folder, apps__talk__chat=DEPLOYMENT, a=made
    )
    replicas = [serving.settings["replicas"] for serving in inspect(found).servings]

    assert [(one.value, one.editable) for one in replicas] == [(3, False), (3, False)]


def test_a_folder_without_a_kustomization_is_patched_too() -> None:
    """Flux makes one for the folder that it points at, so its patches reach every manifest below."""
    text = FLUX.replace("COUNT", "4")
    found = tree(flux=text)
    result = edit(found, served(found).subject, {"replicas": 5})

    assert served(found).subject == "apps/chat/chat.yaml#Deployment/llm/chat/server"
    assert isinstance(result, EditResult)
    assert result.files == {"flux.yaml": text.replace("value: 4", "value: 5").encode()}


@pytest.mark.parametrize("other", [FLUX.replace("COUNT", "5"), FLUX.partition("  patches")[0]])
def test_a_folder_of_two_clusters_is_patched_for_one(other: str) -> None:
    """Two objects that bring a folder and do not agree have no one value, so it is found and not edited."""
    found = tree(one=FLUX.replace("COUNT", "4"), two=other.replace("NAME", "two"))
    serving = served(found)

    assert serving.settings["replicas"].value in {4, 5}
    assert isinstance(edit(found, serving.subject, {"replicas": 6}), Refusal)
    assert isinstance(edit(found, serving.subject, {"max_model_len": 16}), EditResult)
