"""Layers of a release that are found by patterns or filled by generators, and those that nobody sees."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.manifest.samples import said
from tests.manifest.test_release_layers import APP, FILES, RELEASE, by_wrapper, tree
from tests.tools import tool
from trimtab.fleet import Serving, Setting
from trimtab.manifest import EditResult, Tree, edit, inspect

SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: chat}
spec:
  goTemplate: true
  generators:
  - GENERATOR
  template:
    metadata: {name: 'chat-{{ .name }}'}
    spec:
      destination: {name: '{{ .name }}', namespace: llm}
      source: {path: charts/chat, helm: {valueFiles: ['../../envs/{{.name}}.yaml']}}
"""


def default(found: Tree, field: str = "max_model_len") -> Setting:
    """Return what the chart's own values say, as their file's serving has it."""
    return by_wrapper(found)["helm-values"].settings[field]


def release(found: Tree) -> Serving:
    """Return the Application's serving."""
    return by_wrapper(found)["argo-application"]


def test_files_of_a_pattern_are_laid_in_order() -> None:
    """`envs/**/*.yaml` gives a folder's own files before deeper ones; a file that is named comes where it is named."""
    app = APP.replace("$repo/envs/prod.yaml", "$repo/envs/a.yaml, $repo/envs/**/*.yaml")
    envs = {"envs__a": 1, "envs__z": 2, "envs__deep__b": 3}
    found = tree(apps__chat=app, **{name: f"model: {{maxModelLen: {value}}}\n" for name, value in envs.items()})
    setting = release(found).settings["max_model_len"]

    assert (setting.value, setting.location.path) == (3, "envs/deep/b.yaml")


def test_files_win_over_parameters_as_in_helm(tmp_path: Path) -> None:
    """`fileParameters` come after `parameters`, of which forced strings come last, as the real tool takes them."""
    parameters = (
        "      - {name: image.tag, value: v3, forceString: true}\n      - {name: image.tag, value: v4}\n"
        "      - {name: model.maxModelLen, value: '64'}\n"
        "      fileParameters:\n      - {name: model.maxModelLen, path: ../../length.txt.yaml}\n"
    )
    app = APP.replace("      - {name: image.tag, value: v0.11.0}\n", parameters)
    files = {**FILES, "apps/chat.yaml": app, "length.txt.yaml": "128"}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    sets = ["--set-string=image.tag=v3", "--set=image.tag=v4", "--set=model.maxModelLen=64"]
    sets += [f"--set-file=model.maxModelLen={tmp_path / 'length.txt.yaml'}"]
    (tmp_path / "inline.yaml").write_text("replicaCount: 3\nextraArgs: [--max-num-seqs=16]\n")
    values = [f"--values={tmp_path / name}" for name in ("envs/prod.yaml", "inline.yaml")]
    command = [tool("helm"), "template", "chat", tmp_path / "charts/chat", *values, *sets]
    built = subprocess.run(command, check=True, capture_output=True)

    expected = said(inspect(Tree({"built.yaml": built.stdout})).servings[0])
    assert said(release(Tree({path: text.encode() for path, text in files.items()}))) == expected


def test_overrides_beside_a_chart_win() -> None:
    """What Argo CD's image updater writes into the source's folder takes the place of the Application's own list."""
    override = "helm:\n  parameters:\n  - {name: image.tag, value: v0.13.0}\n"
    files = {**FILES, "charts/chat/.argocd-source-chat.yaml": override}
    found = Tree({path: text.encode() for path, text in files.items()})
    result = edit(found, release(found).subject, {"engine_version": "v0.14.0"})

    assert release(found).settings["engine_version"].value == "v0.13.0"
    assert isinstance(result, EditResult)
    assert result.files == {"charts/chat/.argocd-source-chat.yaml": override.replace("13.0", "14.0").encode()}


def test_a_file_of_another_repository_may_win() -> None:
    """What lies under a file that is not in the tree is found and locked; what lies over it is not."""
    settings = release(tree(apps__chat=APP.replace("$repo/envs/prod.yaml", "$other/prod.yaml"))).settings

    assert "$other/prod.yaml" in settings["max_model_len"].reason
    assert settings["replicas"].editable


def test_a_secret_may_win_over_what_lies_under_it() -> None:
    """Values of a Secret lock the chart's own; those of one path only what stands there."""
    unseen = RELEASE.replace("  - {kind: ConfigMap, name: chat-values}\n", "  - {kind: Secret, name: more}\n")
    path = RELEASE.replace("targetPath: token", "targetPath: replicaCount")
    under = by_wrapper(tree(apps__chat=unseen))["flux-helmrelease"].settings
    one = by_wrapper(tree(apps__chat=path))["flux-helmrelease"].settings

    assert "Secret more" in under["max_model_len"].reason
    assert under["replicas"].editable
    assert "Secret token" in one["replicas"].reason


def test_clusters_are_told_by_the_files_that_they_name() -> None:
    """Which clusters there are only Argo CD knows; a default that the file of each overrides is locked all the same."""
    clusters = SET.replace("GENERATOR", "clusters: {selector: {matchLabels: {gpu: 'yes'}}}")
    all_of_them = tree(apps__chat=clusters, envs__test="model: {maxModelLen: 1024}\n")
    some = tree(apps__chat=clusters, envs__test="replicaCount: 2\n")

    assert not default(all_of_them).editable
    assert default(some).editable


def test_a_matrix_with_clusters_keeps_its_other_side() -> None:
    """Elements of a list are filled in although the clusters beside them are not known."""
    pair = "matrix: {generators: [{clusters: {}}, {list: {elements: [{name: prod}]}}]}"
    found = tree(apps__chat=SET.replace("GENERATOR", pair))

    assert "envs/prod.yaml" in default(found).reason


def test_a_merge_overrides_elements_of_the_same_key() -> None:
    """The second generator says what the first one left to it, and only for the key that it names."""
    first = "{list: {elements: [{id: a, name: gone}, {id: b, name: missing}]}}"
    merged = f"merge: {{mergeKeys: [id], generators: [{first}, {{list: {{elements: [{{id: a, name: prod}}]}}}}]}}"
    found = tree(apps__chat=SET.replace("GENERATOR", merged))

    names = {one.name for serving in inspect(found).servings for one in serving.destinations}
    assert names == {"chat-prod", "chat-missing"}


def test_a_selector_leaves_elements_out() -> None:
    """What a generator's selector does not take makes no Application."""
    elements = "list: {elements: [{name: prod, gpu: 'yes'}, {name: test, gpu: 'no'}, {name: dev}]}"
    selector = "    selector: {matchExpressions: [{key: gpu, operator: In, values: ['yes']}]}"
    found = tree(apps__chat=SET.replace("GENERATOR", f"{elements}\n{selector}"))

    assert {one.name for serving in inspect(found).servings for one in serving.destinations} == {"chat-prod"}


def test_a_patch_of_the_template_may_say_otherwise() -> None:
    """A `templatePatch` that speaks of values locks the release; one of the sync policy does not."""
    made = SET.replace("GENERATOR", "list: {elements: [{name: prod}]}")
    syncing = made + "  templatePatch: |\n    spec: {syncPolicy: {automated: {}}}\n"
    setting = made + "  templatePatch: |\n    spec: {source: {helm: {valueFiles: ['{{ .other }}']}}}\n"

    assert default(tree(apps__chat=syncing), "model").editable
    assert "templatePatch" in default(tree(apps__chat=setting), "model").reason


def test_more_parameters_than_are_followed_lock_the_release() -> None:
    """Thousands of values set by name are not laid over one another one by one, and nothing under them is edited."""
    many = "".join(f"      - {{name: other.n{number}, value: x}}\n" for number in range(3000))
    app = APP.replace("      - {name: image.tag, value: v0.11.0}\n", many)
    settings = release(tree(apps__chat=app)).settings

    assert settings
    assert not any(one.editable for one in settings.values())
