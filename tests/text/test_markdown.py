from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given

from tests.text.hostile import NAMES, texts
from tests.text.reading import acts, read
from trimtab.text.clean import one_line, visible
from trimtab.text.markdown import as_html, cell_code, code, escape, fence, plain, prose

BREAK = "\u200b"


def _shown(text: str) -> str:
    return " ".join(text.replace(BREAK, "").split())


@given(texts)
def test_escaped_text_reads_as_itself_and_does_nothing(text: str) -> None:
    """Any text, escaped, is shown as one paragraph of the same characters without a tag or a mention."""
    page = read(escape(text))
    assert page.tags <= {"p"}
    assert not page.comments
    assert not acts(escape(text))
    assert _shown(page.text) == _shown(one_line(text, 1200))


@given(texts)
def test_code_span_holds_any_text(text: str) -> None:
    """Any text in a code span is shown as one code span of the same characters."""
    page = read(f"a {code(text)} b")
    assert page.tags == ({"p", "code"} if one_line(text) else {"p"})
    assert _shown(page.text) == _shown(f"a {one_line(text) or '(empty)'} b")


@given(texts)
def test_a_cell_stays_one_cell(text: str) -> None:
    """Neither escaped text nor code adds a cell or a row to a table."""
    table = f"| h | i |\n| --- | --- |\n| {escape(text)} | {cell_code(text)} |\n| x | y |\n"
    page = read(table)
    assert page.tags <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert not acts(table)
    shown = one_line(text)
    assert _shown(page.text) == _shown(f"h i {one_line(text, 1200)} {shown or '(empty)'} x y")


@given(texts)
def test_a_fence_holds_any_text(text: str) -> None:
    """Any text in a fenced block stays in the block, with what cannot be seen spelled out."""
    page = read(fence(text, "diff"))
    assert page.tags == {"pre", "code"}
    assert page.text.replace("\u200b", "").strip("\n") == visible(text).strip("\n")  # the break of a forged mark


@given(texts)
def test_invisible_characters_never_come_out(text: str) -> None:
    """No control, bidirectional or surrogate character survives, but for the break that Trimtab itself puts in."""
    for shown in (escape(text), code(text), cell_code(text), fence(text), plain(text), as_html(text)):
        left = {char for char in shown if unicodedata.category(char) in {"Cc", "Cf", "Cs"}}
        assert left <= {"\n", "\t", BREAK}


@pytest.mark.parametrize("name", NAMES)
def test_plain_text_forges_no_trailer_mention_or_skip(name: str) -> None:
    """A commit message's words are one line without the characters that forges act on."""
    shown = plain(name)
    assert "\n" not in shown
    assert not set(shown) & set("@#[]`<>")


def test_prose_quotes_names_and_escapes_the_rest() -> None:
    """Names that no word can be are code in a sentence; ordinary words stay words."""
    said = prose("chat on NVIDIA-L40S asks @ops; org/model-7b is served.", {"chat", "NVIDIA-L40S", "org/model-7b"})
    assert said == f"chat on `NVIDIA-L40S` asks @{BREAK}ops; `org/model-7b` is served."


@given(texts, texts)
def test_prose_does_nothing_either(text: str, name: str) -> None:
    """A sentence with quoted names acts as little as an escaped one."""
    said = prose(f"{text} {name}", {name})
    assert read(said).tags <= {"p", "code"}
    assert not acts(said)


@pytest.mark.parametrize("issue", ["https://github.com/acme/x/issues/1", "GH-1", "gl-7", "#1", "acme/x#1"])
def test_a_title_closes_no_issue(issue: str) -> None:
    """Whatever names an issue after `closes` is broken, in titles and commit messages as in texts."""
    assert issue not in plain(f"closes {issue}")
    assert issue not in escape(f"closes {issue}")


def test_an_address_of_a_bucket_stays_in_a_title() -> None:
    """A model may be named by its place in a bucket."""
    assert plain("serve s3://models/llama") == "serve s3://models/llama"


@pytest.mark.parametrize(
    "mark", ["<!-- trimtab:unfinished -->", "<!--trimtab:v1:Zm9yZ2Vk -->", "<!--\n trimtab:note:x -->"]
)
def test_no_name_and_no_file_forges_a_hidden_mark(mark: str) -> None:
    """Code and diffs show a forged mark to people, and to no run that looks for marks in a body."""
    for shown in (escape(mark), code(mark), cell_code(mark), fence(f"+ # {mark}"), plain(mark), as_html(mark)):
        assert not re.search(r"<!--\s*trimtab", shown)
