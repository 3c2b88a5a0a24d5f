from __future__ import annotations

import pytest

from trimtab.errors import UsageError
from trimtab.manifest import plain


def test_a_document_becomes_plain_python() -> None:
    """Values mean what YAML 1.2 says; merge keys and aliases are followed, own keys win."""
    data, _ = plain(b"base: &b {x: 1, y: on}\nz: {<<: *b, x: 2.5, n: ~, t: true, s: '3', l: [0x10, 0o17, .inf]}\n")

    assert data == {
        "base": {"x": 1, "y": "on"},
        "z": {"x": 2.5, "y": "on", "n": None, "t": True, "s": "3", "l": [16, 15, float("inf")]},
    }


def test_lines_of_keys_are_told() -> None:
    """The line of a key, of an item, and of the nearest parent of what is missing."""
    _, line_of = plain(b"a:\n  - x: 1\n\n  - y: 2\nb: 3\n")

    assert [line_of(where) for where in ((), ("a",), ("a", 1), ("a", 1, "y"), ("a", 1, "z"), ("b",), ("c",))] == [
        1,
        1,
        4,
        4,
        4,
        5,
        1,
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: [1\n", "f.yaml:"),
        (b"a: 1\n---\nb: 2\n", "f.yaml:2: a second document"),
        (b"a: 1\nb: 2\na: 3\n", "f.yaml:3: the key `a` is written twice"),
        (b"a: &a [*a]\n", "f.yaml:1: the alias *a"),
    ],
)
def test_what_cannot_be_read_names_file_and_line(data: bytes, message: str) -> None:
    """Bad files are a user's error with a place, never a traceback."""
    with pytest.raises(UsageError) as caught:
        plain(data, "f.yaml")

    assert message in caught.value.message


def test_an_alias_bomb_is_refused() -> None:
    """Expansion is bounded."""
    lines = ["a0: &a0 x"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    with pytest.raises(UsageError, match="aliases"):
        plain("\n".join(lines).encode())


def test_an_empty_file_is_nothing() -> None:
    """Comments alone say nothing."""
    assert plain(b"# nothing\n")[0] is None
