"""Definitions of custom resources are read without their schemas, and nothing else is read differently."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trimtab.manifest import Tree, inspect
from trimtab.manifest.definitions import without_schemas
from trimtab.manifest.objects import things_in

DEFINITION = """\
# é: two bytes before what follows
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: things.example.com
spec:
  names: {kind: Thing}
# a comment between
  description: |
    apiVersion: apps/v1

    kind: Deployment
status: {acceptedNames: {kind: Thing}}
"""
TAIL = DEFINITION.partition("status")[0]
SERVING = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat}
spec:
  template:
    spec:
      containers:
        - name: main
          image: vllm/vllm-openai:v0.11.0
          args: [--model=a/b, --max-model-len=4096]
"""
OTHER = "kind: CustomResourceDefinition\nspec:\n  kept: |+\n    no group\n\n"
DOCUMENTS = st.lists(st.sampled_from([DEFINITION, TAIL, SERVING, OTHER, "", "spec: 1\n"]), min_size=1, max_size=5)


@given(DOCUMENTS, st.sampled_from(["\n", "\r\n"]))
def test_only_what_definitions_specify_is_left_out(documents: list[str], end: str) -> None:
    """Every other object reads as before, at the same place, whatever stands before and after it."""
    text = "---\n".join(documents).replace("\n", end)
    tree = Tree({"a.yaml": text.encode()})

    short = tree.objects("a.yaml")

    assert len(short) == len(tree.readable("a.yaml"))
    for one, whole in zip(short, tree.readable("a.yaml"), strict=True):
        if whole.document.root is not None and "description" in str(whole.document.root):
            names, left_out = one.root(), one.root()
            assert names is not None
            assert names.word("metadata", "name") == "things.example.com"
            assert left_out is not None
            assert left_out.get("spec", "names") is None
        else:
            assert one.document == whole.document


def test_what_definitions_specify_at_the_end_takes_no_room() -> None:
    """A file that ends with a schema is cut off before it; one that does not keeps its length."""
    assert without_schemas(TAIL).endswith("spec:")
    assert len(without_schemas(DEFINITION)) == len(DEFINITION)
    assert without_schemas(SERVING) == SERVING


def test_a_definition_that_cannot_be_read_without_its_schema_is_read_whole() -> None:
    """An alias after the schema to an anchor inside it leaves the definition, and what stands beside it, as it is."""
    text = TAIL.replace("{kind: Thing}", "&names {kind: Thing}") + "status: {acceptedNames: *names}\n---\n" + SERVING

    found = [thing.kind for thing in things_in(Tree({"a.yaml": text.encode()}), "a.yaml")]

    assert found == ["CustomResourceDefinition", "Deployment"]


def test_settings_beside_definitions_stand_where_they_stood() -> None:
    """In a bundle of a definition and a serving, a setting's bytes are the file's."""
    data = (DEFINITION + "---\n" + SERVING + "---\n" + TAIL).encode()

    setting = inspect(Tree({"a.yaml": data})).servings[0].settings["max_model_len"]

    assert data[setting.location.start : setting.location.end] == b"4096"
    assert data[: setting.location.start].count(b"\n") + 1 == setting.location.line


def test_the_nodes_of_what_was_asked_for_last_are_kept() -> None:
    """A file that is asked for again and again is parsed once, however many others are read between."""
    large = "".join(f"key-{number}: {number}\n" for number in range(8_000)).encode()
    tree = Tree({f"{number}.yaml": large for number in range(9)})
    first = tree.sources("0.yaml")

    for number in range(1, 9):
        tree.sources(f"{number}.yaml")
        assert tree.sources("0.yaml") is first
    assert tree.sources("1.yaml") is not first
