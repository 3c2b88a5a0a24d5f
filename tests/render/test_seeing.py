"""What a rendering with marks shows, held against the one without."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.manifest import Plain
from trimtab.render.marks import Mark, leaves, marked, marks_for, seen_in, unmarked
from trimtab.render.objects import identified
from trimtab.render.seeing import Driven, look

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**6),
    st.floats(0.001, 100).filter(lambda one: not one.is_integer()),
    st.sampled_from(["", "16Gi", "500m", "0.92", "8192", "/models", "--seed=7", "--dtype", "a b", "{{ .x }}", "a\nb"]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=8),
)
KEYS = st.sampled_from(["a", "b", "c/d", "e~f"])
VALUES: st.SearchStrategy[dict[str, Plain]] = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3))
    ),
)


def by_number(values: Plain) -> dict[int, Mark]:
    """Return the marks of what is full, by number."""
    return {one.number: one for one in marks_for(values) if not one.is_filling}


@given(VALUES)
def test_a_mark_is_known_again_wherever_it_comes_out(values: dict[str, Plain]) -> None:
    """Copied as they are, all full leaves but switches and negative numbers are exact, and nothing has moved."""
    marks = by_number(values)
    objects = [identified(({"apiVersion": "v1", "kind": "A", "metadata": {"name": "n"}, "x": one},)) for one in (
        values,
        marked(values, tuple(marks.values())),
    )]  # fmt: skip
    if list(seen_in(str(values))):
        return
    sight = look(objects[0], objects[1], marks)
    assert not sight.moved
    (key,) = objects[0]
    for number, mark in marks.items():
        pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in ("x", *mark.leaf))
        assert sight.exact[number] == frozenset({Driven(key, pointer)})


@given(VALUES)
def test_every_leaf_but_switches_can_be_marked(values: dict[str, Plain]) -> None:
    """What has no mark is a boolean or a number below zero."""
    borne = {one.leaf for one in marks_for(values)}
    for leaf, was in leaves(values):
        bare = isinstance(was, bool) or (isinstance(was, int) and was < 0)
        assert (leaf in borne) == (not bare)


@pytest.mark.parametrize(
    ("was", "out", "without"),
    [
        ("8192", "--max-model-len=700000", "--max-model-len=8192"),
        ("16Gi", "700000Gi", "16Gi"),
        ("--seed=7", "--seed=700000", "--seed=7"),
        (2, 700_000, 2),
        (0.92, 0.5000001, 0.92),
        ("a/b", "x-tm00000x-y", "x-a/b-y"),
    ],
)
def test_without_its_mark_a_text_is_what_it_was(was: Plain, out: Plain, without: Plain) -> None:
    """The part of a value that a mark stands for comes back where the mark stood, of its own kind."""
    (mark,) = marks_for({"a": was})
    assert unmarked(out, {0: mark}) == without


def test_namesakes_keep_their_order() -> None:
    """Two objects of one name are the same two when a mark stands in the name of both, or of one."""
    values: dict[str, Plain] = {"name": "n"}
    marks = by_number(values)

    def objects(*names: Plain) -> list[Plain]:
        return [{"kind": "A", "metadata": {"name": name}, "x": index} for index, name in enumerate(names)]

    before = identified(tuple(objects("n", "n")))
    for names in (("tm00000x", "tm00000x"), ("n", "tm00000x")):
        assert not look(before, identified(tuple(objects(*names))), marks).moved


def test_a_mark_in_another_text_is_no_copy() -> None:
    """A field that holds the mark and is, without it, another one counts as moved."""
    marks = by_number({"a": "Word"})
    before, after = ({"kind": "A", "x": text} for text in ("word", "tm00000x"))
    sight = look(identified((before,)), identified((after,)), marks)
    assert sight.exact == {}
    assert [one.pointer for one in sight.moved] == ["/x"]
    assert [one.pointer for one in sight.shown[0]] == ["/x"]
