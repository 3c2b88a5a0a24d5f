from __future__ import annotations

import pytest

from trimtab.manifest.shell import commands
from trimtab.manifest.text import Text


def words(script: str) -> list[list[str]]:
    """Return the commands of a script as plain words."""
    return [[word.text.value for word in command] for command in commands(Text.whole(script))]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("a 'b c' \"d e\"f", [["a", "b c", "d ef"]]),
        ("a \\\n  b # c\nd", [["a", "b"], ["d"]]),
        ("a b 2>&1 | tee /log", [["a", "b"], ["tee", "/log"]]),
        ("a > /log b 2>> /err", [["a", "b"]]),
        ("a &>/log", [["a"]]),
        ("a 2 >&1", [["a", "2"]]),
        ("a <<< word b", [["a", "b"]]),
        ("cat <<EOF > /f\na b\n EOF\nEOF\nc", [["cat"], ["c"]]),
        ("cat <<-'E'\n\tx\n\tE\nc", [["cat"], ["c"]]),
        ("cat <<E\nnever ends", [["cat"]]),
        ("a && b || c; d & e", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ("a $((1 + 2)) $(b 'c') `d` e", [["a", "$((1 + 2))", "$(b 'c')", "`d`", "e"]]),
        ('a "$(b "c d")" e', [["a", '$(b "c d")', "e"]]),
        ("a <(b c) d", [["a", "<(b c)", "d"]]),
        ("a ${B:-c d} e", [["a", "${B:-c d}", "e"]]),
        ('a "', [["a", ""]]),
        ("a '", [["a", ""]]),
        ("a\\", [["a"]]),
        ("$(", [["$("]]),
    ],
)
def test_words_of_a_script(script: str, found: list[list[str]]) -> None:
    """Quotes, continued lines, comments, redirections, here-documents and substitutions are told apart."""
    assert words(script) == found


@pytest.mark.parametrize("script", ["a 'b c' d\\ e", 'x "y"z 2>&1', "vllm serve o/m \\\n --dtype half"])
def test_a_word_knows_where_its_raw_characters_stand(script: str) -> None:
    """From `start` to `end` stand the word's own characters, quotes included, and no blank."""
    for word in commands(Text.whole(script))[0]:
        raw = script[word.start : word.end]
        assert raw == raw.strip()
        assert words(raw) == [[word.text.value]]
