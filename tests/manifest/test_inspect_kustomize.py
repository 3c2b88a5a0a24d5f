from __future__ import annotations

from tests.manifest.samples import DEPLOYMENT, said
from trimtab.fleet import Scalar
from trimtab.manifest import EditResult, Tree, edit, inspect

BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: vllm}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: server
        image: vllm
        command: [vllm, serve]
        args: ["$(MODEL)", "--max-model-len=$(LEN)"]
        envFrom: [{configMapRef: {name: runtime}}]
        resources: {limits: {nvidia.com/gpu: "1"}}
"""
OVERLAY = """\
resources: [../../base]
namespace: llm-NAME
namePrefix: NAME-
images: [{name: vllm, newName: vllm/vllm-openai, newTag: v0.11.0}]
configMapGenerator:
- name: runtime
  envs: [runtime.env]
patches:
- path: resources.yaml
"""
PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: vllm}
spec:
  template:
    spec:
      containers:
      - name: server
        resources: {limits: {nvidia.com/gpu: "4"}}
"""


def files(*names: str) -> dict[str, bytes]:
    """Return a base and an overlay for each name."""
    found = {"base/deployment.yaml": BASE.encode(), "base/kustomization.yaml": b"resources: [deployment.yaml]\n"}
    for name in names:
        found[f"overlays/{name}/kustomization.yaml"] = OVERLAY.replace("NAME", name).encode()
        found[f"overlays/{name}/runtime.env"] = b"# what runs\nMODEL=org/" + name.encode() + b"\nLEN=8192\n"
        found[f"overlays/{name}/resources.yaml"] = PATCH.encode()
    return found


def subject(name: str) -> str:
    """Return an overlay's address."""
    return f"overlays/{name}/kustomization.yaml#Deployment/llm-{name}/{name}-vllm/server"


def test_each_overlay_is_a_serving_of_its_own() -> None:
    """Names, namespace, image, patch and generated variables are the overlay's; the base is none by itself."""
    servings = inspect(Tree(files("eu", "us"))).servings

    assert [serving.subject for serving in servings] == [subject("eu"), subject("us")]
    assert {serving.wrapper for serving in servings} == {"kustomize"}
    expected: dict[str, Scalar] = {
        "engine_version": "v0.11.0",
        "gpu_count": 4,
        "gpu_resource": "nvidia.com/gpu",
        "max_model_len": 8192,
        "model": "org/eu",
        "replicas": 1,
    }
    assert said(servings[0]) == expected
    places = {field: (setting.location.path, setting.via) for field, setting in servings[0].settings.items()}
    assert places["max_model_len"] == ("overlays/eu/runtime.env", "dotenv")
    assert places["gpu_count"] == ("overlays/eu/resources.yaml", "field")
    assert places["replicas"] == ("base/deployment.yaml", "field")


def test_an_edit_lands_in_the_layer_that_wins() -> None:
    """A value of the generator's file and one of the patch change where they stand, and nowhere else."""
    tree = Tree(files("eu", "us"))
    result = edit(tree, subject("eu"), {"max_model_len": 4096, "gpu_count": 2})

    assert isinstance(result, EditResult)
    assert sorted(result.files) == ["overlays/eu/resources.yaml", "overlays/eu/runtime.env"]
    assert result.files["overlays/eu/runtime.env"] == b"# what runs\nMODEL=org/eu\nLEN=4096\n"


def test_a_folder_that_only_lists_a_file_leaves_it_the_serving() -> None:
    """A kustomization that adds no more than a namespace, and folders that gather others, change no address."""
    found = {
        "kustomization.yaml": b"resources: [chat]\n",
        "chat/kustomization.yaml": b"namespace: llm\nresources: [chat.yaml]\n",
        "chat/chat.yaml": DEPLOYMENT.replace("  namespace: llm\n", "").encode(),
    }
    serving = inspect(Tree(found)).servings[0]

    assert serving.subject == "chat/chat.yaml#Deployment/llm/chat/server"
    assert serving.wrapper == "plain"


def test_inline_patches_and_json_patches_are_followed() -> None:
    """A patch inside the kustomization is edited there; replicas of a JSON patch win."""
    kustomization = """\
resources: [chat.yaml]
patches:
- patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: chat}
    spec:
      template:
        spec:
          containers:
          - name: server
            resources: {requests: {cpu: "8"}}
- target: {kind: Deployment, name: chat}
  patch: |
    - {op: replace, path: /spec/replicas, value: 3}
"""
    tree = Tree({"kustomization.yaml": kustomization.encode(), "chat.yaml": DEPLOYMENT.encode()})
    serving = inspect(tree).servings[0]
    result = edit(tree, serving.subject, {"cpu_request": "12", "replicas": 2})

    assert (serving.settings["cpu_request"].value, serving.settings["replicas"].value) == ("8", 3)
    assert isinstance(result, EditResult)
    assert result.files["kustomization.yaml"].decode() == kustomization.replace('"8"', '"12"').replace(
        "value: 3", "value: 2"
    )


def test_a_new_flag_goes_where_the_list_is() -> None:
    """A patch's list of arguments would replace the base's, so a flag that nothing says goes into the base's list."""
    result = edit(Tree(files("eu")), subject("eu"), {"max_num_seqs": 64})

    assert isinstance(result, EditResult)
    assert set(result.files) == {"base/deployment.yaml"}
    assert b'"--max-model-len=$(LEN)", "--max-num-seqs=64"]' in result.files["base/deployment.yaml"]


def test_a_knot_of_kustomizations_ends() -> None:
    """Folders that include each other in every direction are built to a limit, as are patches upon patches."""
    names = [f"k{index}" for index in range(12)]
    knot = {
        f"{name}/kustomization.yaml": f"resources: [{', '.join(f'../{other}' for other in names)}]\n".encode()
        for name in names
    }
    patch = "- patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: vllm}, spec: {replicas: 2}}'\n"
    found = {**files("eu"), **knot}
    found["overlays/eu/kustomization.yaml"] += b"".join([patch.encode()] * 200)
    found["root/kustomization.yaml"] = b"resources: [../k0, ../k1]\n"
    serving = inspect(Tree(found)).servings[0]

    for field in ("replicas", "gpu_resource"):
        assert not serving.settings[field].editable
        assert "more patches" in serving.settings[field].reason
