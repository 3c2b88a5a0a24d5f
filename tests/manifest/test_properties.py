from __future__ import annotations

import contextlib
from typing import TypeAlias, cast

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.manifest.samples import DEPLOYMENT, SUBJECT
from trimtab.errors import UsageError
from trimtab.fleet import Scalar
from trimtab.fleet.quantity import quantity
from trimtab.manifest import EditResult, Refusal, Tree, edit, inspect, scalar_edit
from trimtab.manifest.parse import BrokenYamlError, decode, parse

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30)
COMMENTS = st.sampled_from(["", "  # why", " # é 😀", "   #: x"])
SCALARS = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.sampled_from(["0.5", "true", "no", "~", "plain", "a b", "'q: 1'", '"d\\t# x"', "1e3", "0o7", "v1.2", "''"]),
)
Strings: TypeAlias = "str | list[Strings] | dict[str, Strings]"
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "max_model_len": st.integers(1, 10**7),
        "max_num_seqs": st.integers(1, 4096),
        "gpu_memory_utilization": st.integers(1, 99).map(lambda number: number / 100),
        "tensor_parallel_size": st.integers(1, 16),
        "enable_prefix_caching": st.booleans(),
        "dtype": st.sampled_from(["half", "bfloat16", "auto"]),
        "gpu_count": st.integers(1, 16),
        "replicas": st.integers(0, 99),
        "cpu_request": st.sampled_from(["1", "500m", "2.5", "16"]),
        "memory_limit": st.sampled_from(["8Gi", "64G"]),
        "gpu_product": st.sampled_from(["NVIDIA-L40S", "NVIDIA-A10G"]),
    },
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Return a document in mixed styles and the pointers of its scalars."""
    lines: list[str] = []
    pointers: list[str] = []
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    for at in range(draw(st.integers(1, 4))):
        style = draw(st.integers(0, 2))
        first, second, comment = draw(SCALARS), draw(SCALARS), draw(COMMENTS)
        if style == 0:
            lines += [f"k{at}:   {first}{comment}"]
            pointers += [f"/k{at}"]
        elif style == 1:
            lines += [f"k{at}: {{a: {first}, b: [{second}]}}{comment}", ""]
            pointers += [f"/k{at}/a", f"/k{at}/b/0"]
        else:
            lines += [f"k{at}:", f"- {first}{comment}", "# between", f"- x: {second}"]
            pointers += [f"/k{at}/0", f"/k{at}/1/x"]
    end = draw(st.sampled_from(["", newline]))
    return draw(st.sampled_from(["", "\ufeff", "---" + newline])) + newline.join(lines) + end, pointers


@given(documents(), st.data(), TEXTS)
@settings(max_examples=300, deadline=None)
def test_a_scalar_edit_changes_one_value_alone(
    document: tuple[str, list[str]], data: st.DataObject, value: str
) -> None:
    """Read by another parser, the file says the same but for that value; every other line keeps its bytes."""
    text, pointers = document
    at = data.draw(st.sampled_from(pointers))
    tree = Tree({"f.yaml": text.encode()})
    try:
        result = scalar_edit(tree, "f.yaml", at, value)
    except UsageError:
        return
    if isinstance(result, Refusal):
        return
    after = tree.replaced(result.files)
    again = scalar_edit(after, "f.yaml", at, value)
    assert isinstance(again, EditResult)
    assert not again.files
    got = _strings(after)
    for part in at.split("/")[1:]:
        assert not isinstance(got, str)
        got = got[int(part)] if isinstance(got, list) else got[part]
    assert got == value
    lines = [one["f.yaml"].split(b"\n") for one in (tree, after)]
    assert len(lines[0]) == len(lines[1])
    assert sum(old != new for old, new in zip(*lines, strict=True)) <= 1


def _strings(tree: Tree) -> Strings:
    """Return the file as another parser reads it, every scalar as text."""
    data = tree["f.yaml"].decode("utf-8-sig")
    return cast("Strings", yaml.load(data, Loader=yaml.BaseLoader))  # noqa: S506 - it makes nothing but text


@given(VALUES, VALUES)
@settings(max_examples=150, deadline=None)
def test_settings_say_what_was_asked_and_comments_survive(first: dict[str, Scalar], second: dict[str, Scalar]) -> None:
    """After any edits the settings say the last values asked but for refused ones, and no comment is lost."""
    tree = Tree({"chat.yaml": DEPLOYMENT.encode()})
    says = {field: setting.value for field, setting in inspect(tree).servings[0].settings.items()}
    for values in (first, second):
        result = edit(tree, SUBJECT, values)
        wanted = {**says, **values}
        above = quantity(wanted["memory_request"]) > quantity(wanted.get("memory_limit", "1Ti"))
        assert isinstance(result, Refusal) is above
        if isinstance(result, Refusal):
            continue
        says, tree = wanted, tree.replaced(result.files)
        again = edit(tree, SUBJECT, values)
        assert isinstance(again, EditResult)
        assert not again.files

    assert {field: setting.value for field, setting in inspect(tree).servings[0].settings.items()} == says
    for comment in ("# one is enough at night", "# keep in step with the pool", "# measured on a Monday", "# tokens"):
        assert comment in tree["chat.yaml"].decode()


@given(st.binary(max_size=200) | TEXTS.map(str.encode))
@settings(max_examples=300, deadline=None)
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    """Any bytes are read or said to be broken, and inspecting them never fails."""
    with contextlib.suppress(BrokenYamlError):
        parse(decode(data))
    inspect(Tree({"values.yaml": data, "kustomization.yaml": data}))
