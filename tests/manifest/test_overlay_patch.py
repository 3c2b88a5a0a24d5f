"""Where and how a kustomization says a setting of its base: in patches that stand, fields, generators; in any style."""

from __future__ import annotations

import pytest

from tests.manifest.overlays import BASE, MERGE, OVERLAY, PROD, built, changed, files, patched

OPERATIONS = """\
- op: test
  path: /spec/template/spec/containers/1/name
  value: server
- op: replace
  path: /spec/template/spec/containers/1/resources/limits/memory
  value: 64Gi
"""
AS_JSON = (
    '{"op": "test", "path": "/spec/template/spec/containers/1/name", "value": "server"}, '
    '{"op": "replace", "path": "/spec/template/spec/containers/1/resources/limits/memory", "value": "64Gi"}'
)


@pytest.mark.parametrize(
    ("overlay", "patch", "old", "new"),
    [
        (
            OVERLAY + "patches:\n- path: patch.yaml\n",
            MERGE,
            "value: b}]\n",
            "value: b}]\n        resources:\n          limits:\n            memory: 64Gi\n",
        ),
        (
            OVERLAY + "patchesStrategicMerge: [patch.yaml]\n",
            MERGE.replace("env: [{name: A, value: b}]", "resources: {limits: {cpu: 8}}"),
            "{cpu: 8}",
            "{cpu: 8, memory: 64Gi}",
        ),
        (
            OVERLAY + "patches:\n- path: patch.yaml\n  target: {kind: Deployment}\n",
            "- op: add\n  path: /spec/template/spec/priorityClassName\n  value: high\n",
            "high\n",
            "high\n" + OPERATIONS,
        ),
        (
            OVERLAY + "patches:\n- path: patch.yaml\n  target: {kind: Deployment}\n",
            '[{"op": "add", "path": "/spec/template/spec/priorityClassName", "value": "high"}]\n',
            "]",
            f", {AS_JSON}]",
        ),
    ],
)
def test_a_patch_that_stands_goes_on(overlay: str, patch: str, old: str, new: str) -> None:
    """The overlay's own patch of the object says it too, in its own style."""
    texts = files(overlay) | {f"overlays/{one}/patch.yaml": patch for one in ("dev", "prod")}
    after = patched(texts, {"memory_limit": "64Gi"})
    assert after == {**texts, "overlays/prod/patch.yaml": patch.replace(old, new)}
    assert changed(texts, after) == (["memory: 32Gi"], ["memory: 64Gi"])


def test_what_a_merge_is_to_replace_stays() -> None:
    """An item of that name is left as it was by kustomize, so what the patch says of it is no setting."""
    patch = MERGE.replace("- name: server", "- name: server\n        $patch: replace\n        image: q:v1")
    texts = files(OVERLAY + "patches:\n- path: patch.yaml\n")
    texts |= {f"overlays/{one}/patch.yaml": patch for one in ("dev", "prod")}
    after = patched(texts, {"memory_limit": "64Gi", "engine_version": "v0.12.0"})
    assert after["overlays/prod/patch.yaml"] == patch
    gone, new = changed(texts, after)
    assert (gone[1:], new[1:]) == (["memory: 32Gi"], ["memory: 64Gi"])


def test_a_kustomization_has_a_third_name() -> None:
    """An overlay whose file has no ending is patched, and its base not edited for another."""
    texts = files()
    texts["overlays/prod/Kustomization"] = texts.pop(PROD)
    assert changed(texts, patched(texts, {"memory_limit": "64Gi"})) == (["memory: 32Gi"], ["memory: 64Gi"])
    other = patched(texts, {"memory_limit": "64Gi"}, "overlays/dev")
    assert built(other, "overlays/prod") == built(texts, "overlays/prod")


def test_arguments_are_never_repeated_in_a_merge() -> None:
    """A merge would replace the whole list, so a JSON patch stands beside it."""
    texts = files(OVERLAY + "patches:\n- path: patch.yaml\n")
    texts |= {f"overlays/{one}/patch.yaml": MERGE for one in ("dev", "prod")}
    after = patched(texts, {"max_model_len": 4096})
    assert after["overlays/prod/patch.yaml"] == MERGE
    assert changed(texts, after) == (["- --max-model-len=8192"], ["- --max-model-len=4096"])


@pytest.mark.parametrize(
    "overlay",
    [
        OVERLAY.rstrip("\n"),
        OVERLAY.replace("\n", "\r\n"),
        OVERLAY.replace("- ../", "    - ../") + "# the end\n",
        OVERLAY + "patches: []\n",
        OVERLAY + "patches:\nnameSuffix: -x\n",
        "{resources: [../../base], namePrefix: NAME-}\n",
        OVERLAY + "patches: [{target: {kind: Service}, patch: '[]'}]\n",
        OVERLAY + "patches:\n- target: {kind: Deployment}\n  patch: |\n    - op: add\n      path: /metadata/labels\n"
        "      value: {a: b}\nnameSuffix: -x\n",
    ],
)
def test_any_style_of_kustomization_takes_it(overlay: str) -> None:
    """Indentation, line breaks, brackets, comments and empty lists are followed or kept."""
    texts = files(overlay)
    after = patched(texts, {"max_model_len": 4096, "replicas": 2})
    was, now = changed(texts, after)
    assert (was, now) == (["replicas: 1", "- --max-model-len=8192"], ["replicas: 2", "- --max-model-len=4096"])
    assert ("\r\n" in after[PROD]) == ("\r\n" in overlay)
    assert after[PROD].endswith("\n") == overlay.endswith("\n")


ENV = "        envFrom: [{configMapRef: {name: cfg}}]\n        resources:"
READING = BASE.replace("        resources:", ENV).replace("=8192", "=$(LEN)")


@pytest.mark.parametrize(
    ("generator", "own"),
    [
        ("configMapGenerator:\n- name: cfg\n  literals: [LEN=8192, A=b]\n", ""),
        ("configMapGenerator:\n- name: cfg\n  envs: [len.env]\ngeneratorOptions: {disableNameSuffixHash: true}\n", ""),
        ("configMapGenerator:\n- name: cfg\n  literals: [LEN=8192]\n  options: {immutable: true}\n", ""),
        (
            "configMapGenerator:\n- name: cfg\n  literals: [LEN=8192]\n",
            "configMapGenerator:\n- name: cfg\n  behavior: merge\n  literals:\n  - A=c\n",
        ),
    ],
)
def test_a_generated_variable_is_merged_over(generator: str, own: str) -> None:
    """The overlay's generator says it, under the name and with or without the hash that it had."""
    texts = files(OVERLAY + own, READING, "resources: [app.yaml]\n" + generator) | {"base/len.env": "LEN=8192\n"}
    after = patched(texts, {"max_model_len": 4096})
    gone, new = changed(texts, after)
    assert ('LEN: "8192"' in gone, 'LEN: "4096"' in new) == (True, True)
    hashed = [line for line in new if "name: prod-cfg" in line]
    assert bool(hashed) == ("disableNameSuffixHash" not in generator)
    assert (set(new), "immutable: true" in gone) == ({'LEN: "4096"', *hashed}, False)


def test_a_name_that_two_containers_run_keeps_its_tag() -> None:
    """`images` would change both, so the one container is patched."""
    texts = files(base=BASE.replace("envoyproxy/envoy:v1.30.0", "vllm/vllm-openai:v0.11.0"))
    after = patched(texts, {"engine_version": "v0.12.0"})
    assert "images:" not in after[PROD]
    lines = built(after, "overlays/prod")
    assert sorted(line[-7:] for line in lines if "image:" in line) == ["v0.11.0", "v0.12.0"]
