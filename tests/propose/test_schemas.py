"""Custom resources held to the definitions that lie in the repository beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.render.trees import write
from trimtab.manifest import EditResult, Plain, Tree, edit
from trimtab.propose.prove import Bench, prove
from trimtab.propose.schemas import misfits, schemas_of
from trimtab.propose.verdict import Disproof, Meant
from trimtab.recommendation import Proof
from trimtab.render import ObjectId, Tools, Workspace
from trimtab.rule import Change

DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: engines.example.com}
spec:
  group: example.com
  names: {kind: Engine, plural: engines}
  versions:
    - name: v1
      schema:
        openAPIV3Schema:
          type: object
          required: [spec, metadata]
          properties:
            spec:
              type: object
              required: [model]
              properties:
                model: {type: string, maxLength: 40}
                replicas: {type: integer, minimum: 1, maximum: 8}
                share: {type: number}
                fast: {type: boolean}
                mode: {type: string, enum: [chat, batch]}
                args: {type: array, maxItems: 2, items: {type: string}}
                port: {x-kubernetes-int-or-string: true}
                labels: {type: object, additionalProperties: {type: string}}
                template: {type: object, x-kubernetes-preserve-unknown-fields: true}
    - name: v2
"""
SOUND: Mapping[str, Plain] = {
    "model": "m",
    "replicas": 2,
    "share": 1,
    "fast": True,
    "mode": "chat",
    "args": ["a"],
    "port": "http",
    "labels": {"a": "b"},
    "template": {"any": [1]},
}
KEY = ObjectId("example.com/v1", "Engine", "llm", "chat")


def engine(**fields: Plain) -> Mapping[ObjectId, Plain]:
    """Return an object with some fields of its spec set otherwise."""
    spec: dict[str, Plain] = {**SOUND, **fields}
    return {KEY: {"apiVersion": "example.com/v1", "kind": "Engine", "metadata": {"name": "chat"}, "spec": spec}}


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("model", None, ".spec.model is missing"),
        ("model", "m" * 41, "is above 40"),
        ("replicas", 0, ".spec.replicas: 0 is below 1"),
        ("replicas", "2", "'2' is no integer"),
        ("replicas", True, "True is no integer"),
        ("share", "0.9", "is no number"),
        ("fast", "true", "is no boolean"),
        ("mode", "idle", "'idle' is none of chat, batch"),
        ("args", ["a", 1], ".spec.args[1]: 1 is no string"),
        ("args", ["a", "b", "c"], "is above 2"),
        ("port", 1.5, "neither a whole number nor a text"),
        ("labels", {"a": 1}, ".spec.labels.a: 1 is no string"),
        ("spare", 1, ".spec.spare is no field"),
    ],
)
def test_what_a_definition_does_not_take_is_said(field: str, value: Plain, reason: str) -> None:
    """Types, bounds, lists of words, missing fields and unknown ones are told with their place."""
    (found,) = misfits(schemas_of(Tree({"crd.yaml": DEFINITION.encode()})), engine(), engine(**{field: value}))
    assert reason in found
    assert found.startswith("Engine llm/chat ")


def test_what_was_wrong_before_is_no_fault_of_the_change() -> None:
    """An object that never fitted its definition may be changed elsewhere."""
    schemas = schemas_of(Tree({"crd.yaml": DEFINITION.encode()}))
    assert misfits(schemas, engine(mode="idle"), engine(mode="idle", replicas=3)) == ()
    assert misfits(schemas, engine(), engine()) == ()


def test_a_definition_of_another_version_says_nothing() -> None:
    """A schema holds for its own group, version and kind, and a version without one for nothing."""
    schemas = schemas_of(Tree({"crd.yaml": DEFINITION.encode()}))
    assert list(schemas) == [("example.com/v1", "Engine")]
    other = {ObjectId("example.com/v2", "Engine", "llm", "chat"): {"spec": {"replicas": 0}}}
    assert misfits(schemas, {}, other) == ()


SERVICE = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: chat, namespace: llm}
spec:
  predictor:
    minReplicas: 2
    model:
      modelFormat: {name: huggingface}
      args: [--model_name=qwen]
"""


@pytest.mark.parametrize(("least", "kind"), [(1, Proof), (2, Disproof)])
def test_an_edit_below_a_definitions_bound_is_no_proof(tmp_path: Path, least: int, kind: type) -> None:
    """A count that the cluster would refuse is found out before it is proposed."""
    definition = f"""\
kind: CustomResourceDefinition
spec:
  group: serving.kserve.io
  names: {{kind: InferenceService}}
  versions:
    - name: v1beta1
      schema: {{openAPIV3Schema: {{properties: {{spec: {{properties: {{predictor: {{
        x-kubernetes-preserve-unknown-fields: true,
        properties: {{minReplicas: {{type: integer, minimum: {least}}}}}}}}}}}}}}}}}
"""
    tree = Tree.read(write(tmp_path, {"chat.yaml": SERVICE, "crd.yaml": definition}))
    result = edit(tree, "chat.yaml#InferenceService/llm/chat/kserve-container", {"min_replicas": 1})
    assert isinstance(result, EditResult), result
    meant = Meant((Change("min_replicas", 2, 1),), "vllm", "chat", ("chat",), "llm")
    with Workspace(tmp_path, tree, Tools("", "")) as workspace:
        assert isinstance(prove(Bench(tree, workspace), result, meant), kind)
