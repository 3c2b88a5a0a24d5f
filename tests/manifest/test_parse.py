from __future__ import annotations

from collections.abc import Iterator

import pytest

from trimtab.manifest.decoded import scalar_text
from trimtab.manifest.nodes import AliasNode, MappingNode, Node, ScalarNode, SequenceNode
from trimtab.manifest.parse import BrokenYamlError, check, decode, parse
from trimtab.manifest.text import Text


def scalar_at(text: str, *path: str | int) -> ScalarNode:
    """Return the scalar below keys and indexes."""
    node = parse(text)[0].root
    for part in path:
        if isinstance(part, int):
            assert isinstance(node, SequenceNode)
            node = node.items[part]
        else:
            assert isinstance(node, MappingNode)
            node = next(value for key, value in node.pairs if isinstance(key, ScalarNode) and key.value == part)
    assert isinstance(node, ScalarNode)
    return node


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a: &x 8192 # c\n", "8192"),
        ("a: !!str 8192\n", "8192"),
        ("a: &x !!str '8192'\n", "'8192'"),
        ("a: é😀\n", "é😀"),
        ('a: "x\\ty"\n', '"x\\ty"'),
        ("a: {b: 1}\r\n", "{b: 1}"),
    ],
)
def test_a_span_is_the_value_without_anchor_and_tag(text: str, written: str) -> None:
    """A node's span holds its own characters, quotes included, anchors and tags excluded."""
    root = parse(text)[0].root
    assert isinstance(root, MappingNode)
    node = root.pairs[0][1]

    assert text[node.start : node.end] == written


def test_redefined_anchors_are_legal() -> None:
    """An alias means the anchor's latest definition, as YAML 1.2.2 says."""
    root = parse("a: &n one\nb: *n\nc: &n two\nd: *n\n")[0].root
    assert isinstance(root, MappingNode)
    aliases = [value.target for _, value in root.pairs if isinstance(value, AliasNode)]

    assert [node.value for node in aliases if isinstance(node, ScalarNode)] == ["one", "two"]


@pytest.mark.parametrize("data", [b"a: [x:1, y:2]\n", b"a: {file: b:c}\n"])
def test_yaml_1_2_that_libyaml_rejects_is_read(data: bytes) -> None:
    """A colon in plain text inside brackets is read by the second parser."""
    assert check(data) is None
    assert parse(decode(data))[0].root is not None


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"a: 1\nb: c: d\n", 2, "mapping values"),
        (b"a: *nowhere\n", 1, "no anchor"),
        (b"[" * 100_000, 1, "deeper"),
        (b"a:\n" + b"".join(b" " * depth + b"- \n" for depth in range(1, 400)), 201, "deeper"),
        (b"a: \xff\n", 1, "not UTF-8"),
        ("a: 1\n".encode("utf-16"), 1, "not UTF-8"),
        (b"a: {{ .Values.x }}: [\n", 1, ""),
        (b"x" * (8 * 1024 * 1024 + 1), 1, "bytes"),
    ],
)
def test_what_no_parser_takes_is_told_with_its_line(data: bytes, line: int, reason: str) -> None:
    """Broken, hostile or foreign bytes give a line and a reason, never a crash and never a long wait."""
    with pytest.raises(BrokenYamlError) as caught:
        parse(decode(data))

    assert reason in caught.value.reason
    assert caught.value.line == line or not reason


def test_an_alias_bomb_is_not_expanded() -> None:
    """Aliases stay aliases, so a bomb of them costs no more than its text."""
    lines = ["a0: &a0 x"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]

    assert parse("\n".join(lines))[0].root is not None


@pytest.mark.parametrize(
    "text",
    [
        "a: |\n  one\n   two\n\n  three\n",
        "a: |-\r\n  one\r\n  two\r\n",
        "a: |2+\n    one\n  two\n\n",
        "a: >-\n  vllm serve\n  --x 1\n\n  last\n",
        "a: >\n  one\n    more\n  two\n",
        'a: "one \\\n  two\\tthree\\u00e9"\n',
        'a: "one\n  two\n\n  three"\n',
        "a: 'it''s\n  folded'\n",
        "a: plain text\n  folded over\n\n  lines\n",
    ],
)
def test_every_character_of_a_scalar_has_its_place(text: str) -> None:
    """The decoded characters of any style line up with the characters that wrote them."""
    node = scalar_at(text, "a")
    decoded = scalar_text(Text.whole(text), node)

    assert decoded is not None
    assert decoded.value == node.value
    for char, start, end in zip(decoded.value, decoded.starts, decoded.ends, strict=True):
        assert char.isspace() or text[start:end] == char or text[start] in "\\'"


INNER_COLONS = (
    ("tags: [language:en, tier:economy]\n", ["tags", "language:en", "tier:economy"]),
    ("a: {at: http://h:80/p?x=y, when: 12:30}\n", ["a", "at", "http://h:80/p?x=y", "when", "12:30"]),
    ("- [x:y, \"q\", 's:t', b]\n- {k: v:w} # c:d\n", ["x:y", "q", "s:t", "b", "k", "v:w"]),
    ("k: |\n  a:b?\nl: [p:q,\n  r:s]\nm: 'x:y'\n", ["k", "a:b?\n", "l", "p:q", "r:s", "m", "x:y"]),
    ("a::b: [c::d]\n", ["a::b", "c::d"]),
)


@pytest.mark.parametrize(("text", "values"), INNER_COLONS)
def test_colons_inside_plain_text_are_part_of_it(text: str, values: list[str]) -> None:
    """What libyaml rejects for a colon has the values that YAML 1.2 gives it, at their places."""
    (document,) = parse(text)

    found = list(_scalars(document.root))
    assert [one.value for one in found] == values
    assert all(text[one.start : one.end] == one.value for one in found if not one.style)
    assert check(text.encode()) is None


def _scalars(node: Node | None) -> Iterator[ScalarNode]:
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, SequenceNode):
        for item in node.items:
            yield from _scalars(item)
    elif isinstance(node, MappingNode):
        for pair in node.pairs:
            for one in pair:
                yield from _scalars(one)


@pytest.mark.parametrize("text", ["[&x ::a]\n", "[a:, b:c]\n", "{a:b: }: ]\n", "[a:b\n", "[a:b] x:\n"])
def test_colons_that_parsers_take_differently_are_broken(text: str) -> None:
    """A text that is none even so, or that two parsers read in two ways, is not read."""
    assert check(text.encode()) is not None
    with pytest.raises(BrokenYamlError):
        parse(text)


def test_a_text_with_every_private_character_keeps_its_colons() -> None:
    """Where no character is free to stand for a colon, the text is broken and none of its characters is lost."""
    private = "".join(chr(code) for code in range(0xE000, 0xF900))

    assert check(f"a: '{private}'\nb: [c:d]\n".encode()) is not None
    assert check(f"a: '{private[2:]}'\nb: [c:d]\n".encode()) is None
