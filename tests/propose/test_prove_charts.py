from __future__ import annotations

from pathlib import Path

import pytest

from tests.render.trees import CHART, write
from tests.tools import tool
from trimtab.fleet import Unknown
from trimtab.manifest import Plain, Tree, edit
from trimtab.manifest.editing import EditResult
from trimtab.propose.prove import Bench, Take, prove
from trimtab.propose.showing import show
from trimtab.propose.verdict import Disproof, Meant
from trimtab.recommendation import Proof
from trimtab.render import ObjectId, Tools, Workspace
from trimtab.render.compare import FieldChange
from trimtab.rule import Change

GENERATED = """\
apiVersion: v1
kind: Secret
metadata: {name: key, annotations: {made: {{ now | unixEpoch | quote }}}}
stringData: {password: {{ randAlphaNum 12 | quote }}, replicas: {{ .Values.replicas | quote }}}
"""
RANDOM_NAME = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: job-{{ randAlpha 8 | lower }}}\n"


def proven(root: Path, more: dict[str, str], take: Take | None = None) -> Proof | Disproof | Unknown:
    """Return the proof of two replicas becoming one, in a chart with more templates."""
    tree = Tree.read(write(root, {**CHART, **{f"charts/chat/templates/{name}": text for name, text in more.items()}}))
    (serving,) = [path for path in tree if path.endswith("values.yaml")]
    result = edit(tree, f"{serving}#//chat/chat", {"replicas": 1})
    assert isinstance(result, EditResult), result
    with Workspace(root, tree, Tools(tool("helm"), tool("kustomize"))) as workspace:
        meant = Meant((Change("replicas", 2, 1),), "vllm", "chat", ("chat",), "")
        return prove(Bench(tree, workspace), result, meant, take)


def test_what_is_made_anew_each_time_is_no_difference(tmp_path: Path) -> None:
    """A generated password is left out of the comparison, and the proof says so without showing it."""
    found = proven(tmp_path, {"secret.yaml": GENERATED.replace(", replicas: {{ .Values.replicas | quote }}", "")})

    assert isinstance(found, Proof), found
    assert "/stringData/password is made anew each time" in found.rendered_diff
    assert found.fields == 1


def test_a_new_name_each_time_proves_nothing(tmp_path: Path) -> None:
    """Where an object is named by chance, two renderings cannot be compared, and the reason is given."""
    found = proven(tmp_path, {"job.yaml": RANDOM_NAME})

    assert isinstance(found, Unknown)
    assert "another name each time" in found.reason


def test_a_second_place_that_follows_is_shown(tmp_path: Path) -> None:
    """A value that reaches a Secret, too, is a changed field of the proof; what it is stays hidden."""
    found = proven(tmp_path, {"secret.yaml": GENERATED})

    assert isinstance(found, Proof), found
    assert (found.fields, found.objects) == (2, 2)
    assert "+  stringData.replicas: (hidden: a secret)" in found.rendered_diff


def test_a_result_that_the_api_refuses_is_no_proof(tmp_path: Path) -> None:
    """A chart that turns a number into text is found out before the cluster does."""
    template = CHART["charts/chat/templates/deployment.yaml"].replace(
        "replicas: {{ .Values.replicas }}",
        "replicas: {{ ternary (quote .Values.replicas) .Values.replicas (eq (int .Values.replicas) 1) }}",
    )
    found = proven(tmp_path, {"deployment.yaml": template})

    assert isinstance(found, Disproof)
    assert "is no whole number" in found.reason


def test_secrets_are_not_shown() -> None:
    """Of a Secret the pull request shows which field changed, never what stands in it."""
    key = ObjectId("v1", "Secret", "llm", "token")
    shown = show(
        [
            FieldChange(key, "/data/token", '"b2xk"', '"bmV3"'),
            FieldChange(key, "", '{"data": {"a": "b2xk"}}', "(absent)"),
            FieldChange(key, "/metadata/labels/a", '"1"', '"2"'),
        ]
    )

    assert "b2xk" not in shown
    assert "bmV3" not in shown
    assert "data.token: (hidden: a secret)" in shown
    assert "+  metadata.labels.a: 2" in shown


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        ("", Proof, "was tried on the cluster, which would take it"),
        ("quota exceeded", Disproof, "the cluster would refuse Deployment default/chat: quota exceeded"),
        (Unknown("no right to patch"), Proof, "was not tried on the cluster: no right to patch"),
    ],
)
def test_the_cluster_has_its_say(tmp_path: Path, said: str | Unknown, kind: type, told: str) -> None:
    """Only what changes is tried on the cluster, never a Secret; what it refuses is not proposed."""
    tried: list[str] = []

    def take(found: Plain, _namespace: str) -> str | Unknown:
        tried.append(str(found.get("kind")) if isinstance(found, dict) else "")
        return said

    found = proven(tmp_path, {"secret.yaml": GENERATED}, take)
    assert tried == ["Deployment"]
    assert isinstance(found, kind)
    assert told in (found.rendered_diff if isinstance(found, Proof) else found.reason)
