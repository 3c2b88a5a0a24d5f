"""What Flux puts into manifests: variables of `postBuild`, and patches of its Kustomization."""

from __future__ import annotations

from tests.manifest.samples import DEPLOYMENT
from trimtab.fleet import Serving
from trimtab.manifest import EditResult, Tree, edit, inspect

CHAT = DEPLOYMENT.replace("--max-model-len=8192", "--max-model-len=${LENGTH}")
KS = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: chat, namespace: flux-system}
spec:
  path: ./apps/chat
  postBuild:
    substitute: {LENGTH: "4096"}
    substituteFrom: []
"""
FROM = KS.replace('substitute: {LENGTH: "4096"}', "substitute: {}")
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: facts, namespace: flux-system}\ndata: {LENGTH: '2048'}\n"


def tree(**files: str) -> Tree:
    """Return a Deployment with variables, and files whose names have `__` for `/`."""
    return Tree(
        {"apps/chat/chat.yaml": CHAT.encode(), **{f"{n}.yaml".replace("__", "/"): t.encode() for n, t in files.items()}}
    )


def served(found: Tree) -> Serving:
    """Return the only serving."""
    (serving,) = inspect(found).servings
    return serving


def test_a_variable_stands_in_the_kustomization() -> None:
    """The value and its place are those of `substitute`, and it is edited there."""
    found = tree(flux__chat=KS)
    setting = served(found).settings["max_model_len"]
    result = edit(found, served(found).subject, {"max_model_len": 1024})

    assert (setting.value, setting.via, setting.location.path) == (4096, "parameter", "flux/chat.yaml")
    assert isinstance(result, EditResult)
    assert {path: data.decode() for path, data in result.files.items()} == {
        "flux/chat.yaml": KS.replace("4096", "1024")
    }


def test_a_variable_stands_in_a_config_map() -> None:
    """`substituteFrom` is followed to the ConfigMap in the tree."""
    ks = FROM.replace("[]", "[{kind: ConfigMap, name: facts}]")
    setting = served(tree(flux__chat=ks, flux__facts=MAP)).settings["max_model_len"]

    assert (setting.value, setting.via, setting.location.path) == (2048, "configmap", "flux/facts.yaml")
    assert setting.editable


def test_a_secret_that_may_win_locks_the_value() -> None:
    """What a later Secret may set is found, and not edited."""
    ks = FROM.replace("[]", "[{kind: ConfigMap, name: facts}, {kind: Secret, name: hidden}]")
    setting = served(tree(flux__chat=ks, flux__facts=MAP)).settings["max_model_len"]

    assert (setting.value, setting.editable) == (2048, False)
    assert "Secret hidden" in setting.reason


def test_a_default_holds_where_nothing_sets_the_variable() -> None:
    """The default inside the braces is the setting where the variable is empty, too, and only its characters change."""
    text = CHAT.replace("memory: 32Gi", 'memory: "${MEMORY:=24Gi}"')
    ks = KS.replace("{LENGTH:", '{MEMORY: "", LENGTH:')
    found = Tree({"apps/chat/chat.yaml": text.encode(), "flux/chat.yaml": ks.encode()})
    setting = served(found).settings["memory_request"]
    result = edit(found, served(found).subject, {"memory_request": "16Gi"})

    assert (setting.value, setting.raw, setting.editable) == ("24Gi", "24Gi", True)
    assert isinstance(result, EditResult)
    assert result.files["apps/chat/chat.yaml"].decode() == text.replace("24Gi", "16Gi")


def test_a_variable_that_nothing_sets_stays_locked() -> None:
    """Without a Kustomization in the tree nobody knows the value."""
    setting = served(tree()).settings["max_model_len"]

    assert (setting.value, setting.editable) == ("${LENGTH}", False)


def test_kustomizations_that_differ_lock_the_value() -> None:
    """One file for two clusters has no one value."""
    other = KS.replace("name: chat,", "name: other,").replace("4096", "1024")
    setting = served(tree(flux__chat=KS, flux__other=other)).settings["max_model_len"]

    assert not setting.editable
    assert "${LENGTH} stands for something else" in setting.reason


def test_patches_of_a_kustomization_win() -> None:
    """Flux lays `patches` and `images` over what the folder's own kustomization makes."""
    ks = KS + (
        "  images: [{name: vllm/vllm-openai, newTag: v0.20.0}]\n  patches:\n  - target: {kind: Deployment}\n"
        "    patch: |\n      - {op: add, path: /spec/replicas, value: 3}\n"
    )
    found = tree(flux__chat=ks, apps__chat__kustomization="resources: [chat.yaml]\n")
    serving = served(found)
    result = edit(found, serving.subject, {"replicas": 2})

    assert (serving.settings["replicas"].value, serving.settings["engine_version"].value) == (3, "v0.20.0")
    assert serving.subject.startswith("apps/chat/chat.yaml#")
    assert isinstance(result, EditResult)
    assert result.files == {"flux/chat.yaml": ks.replace("value: 3", "value: 2").encode()}


def test_components_of_a_kustomization_are_laid_over_the_folder() -> None:
    """A component that Flux adds patches what the folder makes."""
    component = """\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
- target: {kind: Deployment}
  patch: |
    - {op: add, path: /spec/replicas, value: 5}
"""
    ks = KS + "  components: [../../components/many]\n"
    files = {"apps__chat__kustomization": "resources: [chat.yaml]\n", "components__many__kustomization": component}
    setting = served(tree(flux__chat=ks, **files)).settings["replicas"]

    assert (setting.value, setting.location.path) == (5, "components/many/kustomization.yaml")
