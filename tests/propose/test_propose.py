from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.propose import samples
from tests.tools import tool
from trimtab.config import Config, Policy, build_config
from trimtab.fleet import Found, Place, Unknown
from trimtab.manifest import Tree, inspect
from trimtab.propose import Source, propose
from trimtab.recommendation import Plan, Priced, Proof, Proposal
from trimtab.render import Tools, Workspace, live_names
from trimtab.rule import Change

NO_TOOLS = Tools("", "")
CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: chat\nversion: 1.0.0\n",
    "chart/values.yaml": """\
replicaCount: 1
image: {repository: vllm/vllm-openai, tag: v0.19.0}
model: mistralai/Mistral-7B-Instruct-v0.3
nodeSelector:
  nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3 # keep in step
resources:
  requests: {cpu: "2"}
  limits: {nvidia.com/gpu: 1}
extraArgs:
  - --model=mistralai/Mistral-7B-Instruct-v0.3
  - --max-model-len=8192
""",
    "chart/templates/deploy.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: chat-mistral
  namespace: llm
  annotations: {checksum/values: {{ toYaml .Values | sha256sum }}}
spec:
  replicas: {{ .Values.replicaCount }}
  selector: {matchLabels: {app: chat}}
  template:
    metadata: {labels: {app: chat}}
    spec:
      nodeSelector: {{- toYaml .Values.nodeSelector | nindent 8 }}
      containers:
        - name: server
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          args: {{- toYaml .Values.extraArgs | nindent 12 }}
          resources: {{- toYaml .Values.resources | nindent 12 }}
""",
}


def config(*, unproven: bool = False) -> Config:
    """Return the smallest configuration."""
    made = build_config({"clusters": [{"name": "eu"}]}, lambda _: 1, "trimtab.yaml")
    return made.model_copy(update={"policy": Policy(unproven=unproven)})


def written(folder: Path, files: dict[str, str]) -> Source:
    """Write files and return them as a repository that was read."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return Source("gitops", "c0ffee", folder, Tree.read(folder))


def proposed(source: Source, priced: Priced, tools: Tools = NO_TOOLS, *, unproven: bool = False) -> Proposal:
    """Return the one proposal for a change of the one serving that the repository holds."""
    with Workspace(source.root, source.tree, tools) as workspace:
        servings = live_names(inspect(source.tree, "gitops").servings, workspace)
    assert servings, "nothing is served"
    place = Found(Place(servings[0], "same kind, namespace and name", 0.99))
    fleet = samples.fleet(samples.workload(place))
    plan = Plan((priced,), ())
    (proposal,) = propose(plan, {"gitops": source}, fleet, config(unproven=unproven), tools)
    return proposal


def plain(folder: Path) -> Source:
    """Return a repository with the plain manifest."""
    return written(folder, {"apps/chat.yaml": samples.MANIFEST.decode()})


def test_a_plain_manifest_is_edited_and_proven_by_itself(tmp_path: Path) -> None:
    """A plain manifest's edit changes one value, keeps the comment, and is proven by the object itself."""
    made = proposed(plain(tmp_path), samples.priced())
    assert made.publishable
    changed = samples.MANIFEST.replace(b"H100-80GB-HBM3", b"L40S").replace(b"NVIDIA-L40S #", b"NVIDIA-L40S #")
    assert made.files == {"apps/chat.yaml": changed}
    assert isinstance(made.proof, Proof)
    assert made.proof.tool == "the object itself"
    assert (made.proof.fields, made.proof.objects) == (1, 1)
    assert '+  spec.template.spec.nodeSelector["nvidia.com/gpu.product"]: NVIDIA-L40S' in made.proof.rendered_diff
    assert made.base_commit == "c0ffee"
    assert "The change: 1 value in 1 file" in made.body
    assert made.edits[0].line == 13


@pytest.mark.parametrize(
    "changes",
    [
        (Change("max_model_len", 8192, 4096),),
        (Change("max_num_seqs", "", 64),),
        (Change("enable_prefix_caching", before="", after=True),),
        (Change("cpu_request", "", "8"), Change("cpu_limit", "", "8")),
        (Change("gpu_count", 1, 2), Change("tensor_parallel_size", "", 2)),
        (Change("replicas", 1, 0),),
        (Change("kv_cache_dtype", "", "fp8"), Change("gpu_memory_utilization", "", 0.95)),
    ],
    ids=lambda changes: "+".join(change.field for change in changes),
)
def test_settings_of_every_kind_are_proven(tmp_path: Path, changes: tuple[Change, ...]) -> None:
    """Values that are swapped and values that are put in are found again in the object, and nothing else is."""
    made = proposed(plain(tmp_path), samples.priced(*changes))
    assert made.refused == ""
    assert made.publishable, made.proof


def test_a_chart_is_rendered_before_and_after(tmp_path: Path) -> None:
    """An edit of a chart's values is proven by what helm renders; a checksum of the values may follow."""
    source = written(tmp_path, CHART)
    made = proposed(source, samples.priced(), Tools(tool("helm"), ""))
    assert made.refused == ""
    assert isinstance(made.proof, Proof), made.proof
    assert made.proof.tool.startswith("helm 3.")
    assert "+  spec.template.spec.nodeSelector" in made.proof.rendered_diff
    assert list(made.files) == ["chart/values.yaml"]
    assert b"NVIDIA-L40S # keep in step" in made.files["chart/values.yaml"]


def test_a_value_that_no_template_reads_is_refused(tmp_path: Path) -> None:
    """An edit that changes nothing in what is rendered is refused: merging it would do nothing."""
    deaf = CHART["chart/templates/deploy.yaml"].replace("{{- toYaml .Values.nodeSelector | nindent 8 }}", "{a: b}")
    deaf = deaf.replace("  annotations: {checksum/values: {{ toYaml .Values | sha256sum }}}\n", "")
    unread = '{{ if .Capabilities.APIVersions.Has "example.com/v1" }}{{ fail "not here" }}{{ end }}'
    more = {"chart/templates/deploy.yaml": deaf, "chart/templates/guard.yaml": unread}
    made = proposed(written(tmp_path, {**CHART, **more}), samples.priced(), helm())
    assert not made.publishable
    assert "gpu_product would change in Git and nowhere in what is rendered from it" in made.refused


def test_a_value_that_drives_something_else_is_refused(tmp_path: Path) -> None:
    """An edit that changes a field that nobody asked to change is refused, and the field is named."""
    more = CHART["chart/templates/deploy.yaml"].replace("name: server", "name: s{{ .Values.replicaCount }}")
    source = written(tmp_path, {**CHART, "chart/templates/deploy.yaml": more})
    made = proposed(source, samples.priced(Change("max_model_len", 8192, 4096)), helm())
    assert made.publishable, made.refused
    made = proposed(source, samples.priced(Change("replicas", 1, 3)), helm())
    assert not made.publishable
    assert "would change, unasked" in made.refused


def test_without_helm_nothing_is_proven(tmp_path: Path) -> None:
    """A chart's edit without helm is held with the reason, unless the policy takes what is not rendered."""
    source = written(tmp_path, CHART)
    made = proposed(source, samples.priced())
    assert made.proof == Unknown("helm is not installed, so nothing can be rendered")
    assert made.files
    assert not made.publishable
    allowed = proposed(source, samples.priced(), unproven=True)
    assert allowed.publishable
    assert isinstance(allowed.proof, Proof)
    assert "not rendered: helm is not installed" in allowed.proof.tool


def test_an_overlay_is_built_before_and_after(tmp_path: Path) -> None:
    """An edit of a base is proven by the overlay that builds on it."""
    files = {
        "base/chat.yaml": samples.MANIFEST.decode(),
        "base/kustomization.yaml": "resources: [chat.yaml]\n",
        "eu/kustomization.yaml": "namePrefix: eu-\nresources: [../base]\n",
    }
    source = written(tmp_path, files)
    made = proposed(source, samples.priced(), kustomize())
    assert isinstance(made.proof, Proof), made.refused or made.proof
    assert made.proof.tool.startswith("kustomize 5.")
    assert "Deployment llm/eu-chat-mistral" in made.proof.rendered_diff


def test_another_workload_that_shares_the_value_is_never_changed(tmp_path: Path) -> None:
    """A value from which a second workload is rendered is not edited for the first one."""
    second = CHART["chart/templates/deploy.yaml"].replace("chat-mistral", "chat-other")
    source = written(tmp_path, {**CHART, "chart/templates/other.yaml": second})
    made = proposed(source, samples.priced(), helm())
    assert not made.publishable
    assert made.refused.endswith("Deployment llm/chat-other of helm 3.18 (chart chart) would change, too")


def test_a_base_of_two_overlays_is_never_changed_for_one(tmp_path: Path) -> None:
    """What a base says from which two overlays are built is patched in the one that is meant, and proven there."""
    files = {
        "base/chat.yaml": samples.MANIFEST.decode(),
        "base/kustomization.yaml": "resources: [chat.yaml]\n",
        "eu/kustomization.yaml": "resources: [../base]\n",
        "us/kustomization.yaml": "resources: [../base]\n",
    }
    made = proposed(written(tmp_path, files), samples.priced(), kustomize())
    assert made.publishable, made.refused
    assert list(made.files) == ["eu/kustomization.yaml"]
    assert isinstance(made.proof, Proof)
    assert {edit.line for edit in made.edits} == {2}


def test_what_cannot_be_built_is_held_with_the_same_words(tmp_path: Path) -> None:
    """An overlay that cannot be built gives its reason, without the folder that it was tried in."""
    files = {
        "base/chat.yaml": samples.MANIFEST.decode(),
        "base/kustomization.yaml": "resources: [chat.yaml, gone.yaml]\n",
    }
    source = written(tmp_path, files)
    made = [proposed(source, samples.priced(), kustomize()) for _ in range(2)]
    assert isinstance(made[0].proof, Unknown)
    assert "gone.yaml" in made[0].proof.reason
    assert "trimtab-" not in made[0].proof.reason
    assert made[0] == made[1]
    assert not made[0].publishable


def test_a_generated_name_may_follow_its_content(tmp_path: Path) -> None:
    """A ConfigMap that kustomize names after its content may change its name along with the setting in it."""
    deployment = samples.MANIFEST.decode().replace(
        "[--model=mistralai/Mistral-7B-Instruct-v0.3, --max-model-len=8192]",
        (
            "[--model=mistralai/Mistral-7B-Instruct-v0.3, --max-model-len=$(MAX_LEN)]\n"
            "          envFrom: [{configMapRef: {name: chat-env}}]"
        ),
    )
    kustomization = (
        "resources: [chat.yaml]\nconfigMapGenerator:\n  - name: chat-env\n    namespace: llm\n    envs: [chat.env]\n"
    )
    files = {"eu/chat.yaml": deployment, "eu/kustomization.yaml": kustomization, "eu/chat.env": "MAX_LEN=8192\n"}
    made = proposed(written(tmp_path, files), samples.priced(Change("max_model_len", 8192, 4096)), kustomize())
    assert made.publishable, made.refused or made.proof
    assert list(made.files) == ["eu/chat.env"]
    assert isinstance(made.proof, Proof)
    assert "after its content" in made.proof.rendered_diff


def test_what_is_no_place_in_git_stays_a_recommendation(tmp_path: Path) -> None:
    """A workload that Git does not declare is still recommended on, without an edit and with the reason."""
    fleet = samples.fleet(samples.workload(Unknown("no file declares it")))
    source = plain(tmp_path)
    (made,) = propose(Plan((samples.priced(),), ()), {"gitops": source}, fleet, config(), NO_TOOLS)
    assert not made.publishable
    assert made.refused == "no file declares it"
    assert "**No edit was made:** no file declares it" in made.body


def test_a_repository_that_was_not_read_is_a_reason(tmp_path: Path) -> None:
    """A declaration in a repository that could not be read gives a reason, not an error."""
    del tmp_path
    (made,) = propose(Plan((samples.priced(),), ()), {}, samples.fleet(), config(), NO_TOOLS)
    assert made.refused == "repository gitops was not read"


def test_git_that_already_says_so_is_a_reason(tmp_path: Path) -> None:
    """An edit that would change nothing is no pull request: what runs differs from Git."""
    made = proposed(plain(tmp_path), samples.priced(Change("max_model_len", 4096, 8192)))
    assert "already says so" in made.refused


def test_a_refused_edit_gives_its_reason(tmp_path: Path) -> None:
    """What the edit refuses is a recommendation with the reason."""
    aliased = samples.MANIFEST.decode().replace("NVIDIA-H100-80GB-HBM3", "${GPU}")
    made = proposed(written(tmp_path, {"apps/chat.yaml": aliased}), samples.priced())
    assert made.refused
    assert not made.publishable


def test_the_fingerprint_ignores_the_facts(tmp_path: Path) -> None:
    """New facts that lead to the same words give the same fingerprint; another saving or change another one."""
    source = plain(tmp_path)
    first = proposed(source, samples.priced())
    place = Found(Place(inspect(source.tree, "gitops").servings[0], "same", 0.99))
    fleet = replace(samples.fleet(samples.workload(place)), facts_digest="sha256:other")
    (second,) = propose(Plan((samples.priced(),), ()), {"gitops": source}, fleet, config(), NO_TOOLS)
    assert first.fingerprint == second.fingerprint
    assert first.facts_digest != second.facts_digest
    assert first.fingerprint != proposed(source, samples.priced(Change("replicas", 1, 0))).fingerprint


def helm() -> Tools:
    """Return helm alone."""
    return Tools(tool("helm"), "")


def kustomize() -> Tools:
    """Return kustomize alone."""
    return Tools("", tool("kustomize"))
