"""No shape fails on a file that says something of another type than its schema has."""

from __future__ import annotations

import pytest

from tests.manifest.samples import DEPLOYMENT
from tests.manifest.shapes.test_custom_resources import SAID
from tests.manifest.shapes.test_kserve_runtime import RUNTIME, SERVICE
from tests.manifest.shapes.test_roles_and_workloads import GROUPS
from tests.manifest.shapes.test_values_any import KUBEAI, NESTED, NIM_BLUEPRINT, OLLAMA, SPLIT
from trimtab.manifest import Tree, inspect
from trimtab.manifest.nodes import MappingNode, Node, ScalarNode, SequenceNode
from trimtab.manifest.parse import parse

OTHERS = ("null", '""', "[]", "{}", "[a, [b], {c: d}]", "{a: {b: [c]}}", "7", "true", '"{{ .x }}"', "*none")
TEXTS = {
    **{name: text for name, (text, _, _) in SAID.items()},
    **GROUPS,
    "deployment": DEPLOYMENT,
    "kserve": SERVICE + "---\n" + RUNTIME,
    **{f"values-{at}": text for at, text in enumerate((KUBEAI, NESTED, NIM_BLUEPRINT, OLLAMA, SPLIT))},
}


def nodes(node: Node | None) -> list[Node]:
    """Return the values of a document that stand on one line, at any depth."""
    if isinstance(node, MappingNode):
        return [node, *(inner for _, value in node.pairs for inner in nodes(value))]
    if isinstance(node, SequenceNode):
        return [node, *(inner for item in node.items for inner in nodes(item))]
    return [node] if isinstance(node, ScalarNode) else []


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_any_value_may_be_of_another_type(name: str) -> None:
    """Each value in turn becomes null, a list, a mapping, a number or a template; the rest is still read."""
    text = TEXTS[name]
    path = "values.yaml" if name.startswith("values") else "a.yaml"
    places = [node for document in parse(text) for node in nodes(document.root)]
    for at, node in enumerate(places):
        end = node.start + len(text[node.start : node.end].rstrip())
        changed = text[: node.start] + OTHERS[at % len(OTHERS)] + text[end:]
        found = inspect(Tree({path: changed.encode()}))
        assert found.files_read == 1
        for serving in found.servings:
            for setting in serving.settings.values():
                where = setting.location
                assert changed.encode()[where.start : where.end].decode() == setting.raw
