from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO

import pytest
from hypothesis import HealthCheck, given, settings
from rich.console import Console

from tests.propose import samples as fleet_samples
from tests.report import samples
from tests.text.hostile import NAMES, texts
from tests.text.reading import acts, read
from trimtab.errors import UsageError
from trimtab.recommendation import Plan
from trimtab.report import Scan, fails, html, markdown, sarif, table
from trimtab.rule import Silence, SilenceKind, Subject


def shown(scan: Scan) -> str:
    """Return the table as a terminal of 160 columns shows it."""
    screen = StringIO()
    Console(file=screen, width=160, no_color=True).print(table(scan))
    return screen.getvalue()


def hostile(name: str) -> Scan:
    """Return a scan in which one text stands in every place that foreign text can reach."""
    name = name.encode("utf-8", "replace").decode()
    about = Subject(name, name, "Deployment", name)
    one = samples.edited()
    finding = replace(one.priced.finding, subject=about, diagnosis=name, advice=name, otherwise=name, rule=name)
    priced = replace(one.priced, finding=finding, rate_source=name)
    proposal = replace(one, priced=priced, title=name, diff=f"+{name}")
    scan = samples.scan(proposal)
    silences = (Silence("rule", about, SilenceKind.MISSING, name),)
    gaps = tuple(replace(gap, reason=name, what=name) for gap in scan.fleet.gaps)
    return replace(scan, silences=silences, fleet=replace(scan.fleet, gaps=gaps))


def test_the_table_reads_from_money_to_gaps() -> None:
    """The table has recommendations with dollars first, then what is held, silent and unread, then sums."""
    text = shown(samples.scan())
    order = ["$3,660", "2,920 GPU h", "Held back", "pool L40S", "Silent", "Not read", "no such branch", "can be saved"]
    places = [text.find(part) for part in order]
    assert -1 not in places, text
    assert places == sorted(places)
    assert "gpu_product: H100 80GB HBM3 → L40S" in text


def test_nothing_found_is_said() -> None:
    """A scan without recommendations says so instead of showing an empty table."""
    empty = replace(samples.scan(), proposals=(), plan=Plan((), ()))
    assert "Nothing to recommend." in shown(empty)
    assert "nothing to recommend" in markdown(empty)
    assert "Nothing to recommend" in html(empty)


def test_rich_reads_no_markup_in_names() -> None:
    """A name with square brackets is shown, not styled."""
    assert "[red]x[/red]" in shown(hostile("[red]x[/red]"))


@pytest.mark.parametrize("width", range(0, 130, 13))
def test_no_line_of_the_table_commands_a_runner(width: int) -> None:
    """Wherever a terminal breaks a line, none begins with what a runner of jobs takes for a command."""
    for line in shown(hostile(f"{'x' * width} ::error::forged ##[add-mask]y")).splitlines():
        assert not line.strip().startswith("::")
        assert "##[" not in line


def test_markdown_shows_each_recommendation() -> None:
    """The Markdown report has a row for each recommendation."""
    page = read(markdown(samples.scan()))
    assert "$3,660 a month can be saved" in page.text
    assert "Give the node back." in page.text
    assert "1 without a known price" in " ".join(page.text.split()).replace("more ", "")


@settings(max_examples=100, deadline=None)
@given(texts)
def test_no_name_escapes_from_markdown(name: str) -> None:
    """Hostile names become no tag, mention or comment in the Markdown report."""
    text = markdown(hostile(name))
    page = read(text)
    allowed = {"h2", "h3", "p", "br", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "sub"}
    assert page.tags <= allowed | {"details", "summary", "strong"}
    assert not page.comments
    assert not acts(text)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts)
def test_no_name_escapes_from_html(name: str) -> None:
    """Hostile names become no tag and no attribute in the HTML report."""
    page, plain = _Page(), _Page()
    page.feed(html(hostile(name)))
    plain.feed(html(hostile("name")))
    assert page.tags <= plain.tags
    assert page.attributes <= plain.attributes


def test_the_html_fetches_and_runs_nothing() -> None:
    """The HTML report has no script, no style attribute, no address, and a policy that forbids them."""
    text = html(samples.scan())
    assert "default-src 'none'" in text
    assert not re.search(r"<script|\sstyle=|\son\w+=|https?://|url\(", text)
    assert "sha256-" in text


def test_the_html_draws_what_was_seen() -> None:
    """The HTML report draws savings, GPUs and loads."""
    text = html(samples.scan())
    assert fleet_samples.QUERY in text.replace("&#34;", '"')
    for part in ("Largest savings", "busy 34 % on average", 'class="spark"', "The bill", "H100 80GB HBM3"):
        assert part in text


def test_sarif_points_at_each_edit() -> None:
    """SARIF has a result at each edited line, and one for advice that has no line."""
    log = json.loads(sarif(samples.scan()))
    assert log["version"] == "2.1.0"
    run = log["runs"][0]
    first, second = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "apps/chat.yaml"}, "region": {"startLine": 13, "endLine": 13}}
    assert "physicalLocation" not in second["locations"][0]
    assert second["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "eu/Node/h100-b"
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in (first, second)] == ["oversized-gpu", "unallocated-gpu"]
    assert rules[0]["help"]["markdown"].startswith("oversized-gpu")


@pytest.mark.parametrize("name", NAMES)
def test_sarif_and_table_take_any_name(name: str) -> None:
    """SARIF stays JSON and the table prints without control characters, whatever a name holds."""
    scan = hostile(name)
    assert json.loads(sarif(scan))["runs"]
    assert "\x1b" not in shown(scan)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("none", False),
        ("any", True),
        ("oversized-gpu", True),
        ("3000", True),
        ("$3,664.60", True),
        ("4000 USD", False),
        ("none,5000", False),
        ("5000,unallocated-gpu", True),
    ],
)
def test_fail_on(spec: str, *, expected: bool) -> None:
    """`--fail-on` knows none, any, rules that recommend something, and an amount that is reached."""
    assert fails(samples.scan(), spec) is expected


@pytest.mark.parametrize(
    ("spec", "hint"), [("oversize-gpu", "oversized-gpu"), ("", "any"), ("-5", "any"), ("any,,none", "any")]
)
def test_fail_on_nonsense(spec: str, hint: str) -> None:
    """Nonsense after `--fail-on` is wrong usage, with the nearest known word."""
    with pytest.raises(UsageError) as error:
        fails(samples.scan(), spec)
    assert hint in error.value.hint
