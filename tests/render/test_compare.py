from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from trimtab.manifest import Plain
from trimtab.render import ABSENT, ObjectId, compare

KEY = ObjectId("v1", "ConfigMap", "llm", "a")
SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab/~", max_size=3)


def _nested(below: st.SearchStrategy[Plain]) -> st.SearchStrategy[Plain]:
    return st.lists(below, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), below, max_size=3)


TREES = st.recursive(SCALARS, _nested, max_leaves=8)


@given(TREES)
def test_the_same_is_the_same(tree: Plain) -> None:
    """An object does not differ from its copy."""
    assert compare({KEY: tree}, {KEY: copy.deepcopy(tree)}) == ()


@given(TREES, TREES)
def test_what_differs_is_seen(one: Plain, other: Plain) -> None:
    """Two objects without a difference are equal, to the type of each scalar."""
    if not compare({KEY: one}, {KEY: other}):
        assert repr(one) == repr(other) or sorted(repr(one)) == sorted(repr(other))


def test_an_inserted_item_is_one_change() -> None:
    """A flag put into a list of arguments shows as itself, not as a shift of all that follow."""
    before: Plain = {"args": ["--model=a", "--seed=1", "--port=8000"]}
    after: Plain = {"args": ["--model=a", "--max-num-seqs=8", "--seed=1", "--port=8000"]}
    (change,) = compare({KEY: before}, {KEY: after})

    assert (change.pointer, change.before, change.after) == ("/args/1", ABSENT, '"--max-num-seqs=8"')


def test_objects_come_and_go() -> None:
    """An object that only one side has is a change of the whole."""
    (gone,) = compare({KEY: {"a": 1}}, {})
    (come,) = compare({}, {KEY: {"a": 1}})

    assert (gone.pointer, gone.after) == ("", ABSENT)
    assert (come.pointer, come.before) == ("", ABSENT)


def test_true_is_not_one() -> None:
    """A number that became a boolean is a change."""
    assert compare({KEY: {"a": 1}}, {KEY: {"a": True}})
