"""Settings in the file that `--config` names, wherever that file stands."""

from __future__ import annotations

import pytest

from tests.manifest.samples import said
from trimtab.manifest import EditResult, Tree, edit, inspect

POD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat, namespace: llm}
spec:
  template:
    spec:
      containers:
      - name: server
        image: vllm/vllm-openai:v0.11.0
        command: [vllm, serve]
        args: COMMAND
        resources: {limits: {nvidia.com/gpu: 1}}
        volumeMounts: [{name: conf, MOUNT}]
      volumes:
      - name: conf
        configMap: {name: settings}
"""
MAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: llm}
data:
  vllm.yaml: |
    model: org/m   # from the hub
    max_model_len: 8192
    gpu_memory_utilization: 0.90
    enforce_eager: true
"""
FOLDER = "mountPath: /etc/vllm"
SAID = {"model": "org/m", "max_model_len": 8192, "gpu_memory_utilization": 0.9, "enforce_eager": True}


def pod(command: str = "[--config, /etc/vllm/vllm.yaml]", mount: str = FOLDER) -> bytes:
    """Return a Deployment that reads a file."""
    return POD.replace("COMMAND", command).replace("MOUNT", mount).encode()


@pytest.mark.parametrize(
    ("command", "mount"),
    [
        ("[--config, /etc/vllm/vllm.yaml]", FOLDER),
        ("[--config=/etc/vllm/vllm.yaml]", FOLDER),
        ("[--config, /srv/run.yaml]", "mountPath: /srv/run.yaml, subPath: vllm.yaml"),
    ],
)
def test_a_config_file_of_a_config_map_is_read(command: str, mount: str) -> None:
    """The keys of the text are settings, found through the mount, with their places in the ConfigMap's file."""
    serving = inspect(Tree({"chat.yaml": pod(command, mount), "settings.yaml": MAP.encode()})).servings[0]

    assert said(serving).items() >= SAID.items()
    place = serving.settings["max_model_len"]
    assert (place.via, place.location.path, place.raw) == ("configmap", "settings.yaml", "8192")


def test_the_command_wins_over_its_config_file() -> None:
    """A flag that the command gives itself is the setting."""
    command = "[--max-model-len, '4096', --config, /etc/vllm/vllm.yaml]"
    serving = inspect(Tree({"chat.yaml": pod(command), "settings.yaml": MAP.encode()})).servings[0]

    assert (serving.settings["max_model_len"].value, serving.settings["max_model_len"].via) == (4096, "flag")


def test_a_config_file_is_edited_and_added_to_in_its_own_style() -> None:
    """A key that stands there changes in place; one that does not is added with the hyphens of the rest."""
    tree = Tree({"chat.yaml": pod(), "settings.yaml": MAP.encode()})
    result = edit(tree, inspect(tree).servings[0].subject, {"gpu_memory_utilization": 0.85, "max_num_seqs": 64})

    assert isinstance(result, EditResult)
    expected = MAP.replace("0.90", "0.85") + "    max_num_seqs: 64\n"
    assert {path: data.decode() for path, data in result.files.items()} == {"settings.yaml": expected}


def test_a_config_file_of_a_generator_is_read() -> None:
    """A file that kustomize packs into a ConfigMap is the place of its settings; the overlay's come first."""
    files = {
        "base/kustomization.yaml": b"resources: [chat.yaml]\n"
        b"configMapGenerator: [{name: settings, files: [vllm.yaml]}]\n",
        "base/chat.yaml": pod(),
        "base/vllm.yaml": b"model: org/base\n",
        "eu/kustomization.yaml": b"resources: [../base]\nnamePrefix: eu-\nconfigMapGenerator:\n"
        b"- {name: settings, behavior: replace, files: [vllm.yaml=conf/eu.yaml]}\n",
        "eu/conf/eu.yaml": b"model: org/eu\nmax-model-len: 1024\n",
    }
    serving = inspect(Tree(files)).servings[0]

    assert (serving.settings["model"].value, serving.settings["max_model_len"].value) == ("org/eu", 1024)
    assert serving.settings["model"].location.path == "eu/conf/eu.yaml"


def test_a_config_file_that_is_not_in_the_tree_says_nothing() -> None:
    """Without the ConfigMap the command alone speaks."""
    serving = inspect(Tree({"chat.yaml": pod()})).servings[0]

    assert "max_model_len" not in serving.settings


def test_app_template_mounts_its_own_config_map() -> None:
    """Values that carry the text of the file and mount it are read the same way."""
    values = """\
controllers:
  chat:
    containers:
      main:
        image: {repository: vllm/vllm-openai, tag: v0.11.0}
        command: [vllm, serve, --config, /conf/a.yaml]
        resources: {limits: {nvidia.com/gpu: 1}}
configMaps:
  conf:
    data:
      a.yaml: |
        max-model-len: 8192
persistence:
  conf: {type: configMap, identifier: conf, advancedMounts: {chat: {main: [{path: /conf}]}}}
"""
    serving = inspect(Tree({"values.yaml": values.encode()})).servings[0]

    assert serving.settings["max_model_len"].value == 8192


def test_a_chart_that_makes_the_file_of_a_list_is_read() -> None:
    """Keys and values of flags in a list are what the chart writes into the file."""
    values = """\
app-template:
  controllers:
    chat:
      containers:
        main:
          image: {repository: vllm/vllm-openai, tag: v0.11.0}
          command: [vllm, serve, --config, /conf/a.yaml]
          resources: {limits: {nvidia.com/gpu: 1}}
config:
- {key: max-model-len, value: 8192}
- {key: gpu-memory-utilization, value: 0.8}
"""
    serving = inspect(Tree({"values.yaml": values.encode()})).servings[0]

    assert said(serving).items() >= {"max_model_len": 8192, "gpu_memory_utilization": 0.8}.items()
