"""The dashboard: each recommendation in one group, by what asks for somebody first, whole whatever there is of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.propose import samples
from tests.record.entries import draft
from tests.report.samples import advice, edited, scan
from trimtab.life import Actor, Entry
from trimtab.recommendation import Held, Link, Plan, Proposal
from trimtab.record.codec import START, decode, seal
from trimtab.report import dashboard
from trimtab.report.dashboard import LONGEST, RELEASE

MARK = "<!-- mark -->"
FORGE = "https://forge.example/pulls"


def entry(one: Proposal, step: str, seq: int = 1, **values: object) -> Entry:
    """Return the ledger's last word on a recommendation."""
    told = replace(draft(one.id, step), **{"saving": "1200.00", "url": f"{FORGE}/{seq}", **values})  # type: ignore[arg-type]  # each field gets its own kind
    return decode(seal(told, seq, "2026-11-21T00:00:00Z", "", START))


def link(one: Proposal, state: str, note: str = "", url: str = "") -> Link:
    """Return where a run left a recommendation."""
    return Link(one.id, state, url, "", "", note)


def shown(*entries: Entry, links: tuple[Link, ...] = (), proposals: tuple[Proposal, ...] = ()) -> str:
    """Return the dashboard of one proven edit, unless others are given."""
    return dashboard(scan(*(proposals or (edited(),))), entries, links, MARK)


def section(text: str, title: str) -> str:
    """Return what stands under a heading."""
    parts = [part for part in text.split("\n### ") if part.startswith(f"{title} (")]
    assert len(parts) == 1, text
    return parts[0].split("<details>")[0]


ADA = Actor("ada", 7)


@pytest.mark.parametrize(
    ("step", "values", "title", "said", "box"),
    [
        ("snoozed", {"actor": ADA, "until": "2026-12-04T00:00:00Z"}, "Snoozed", "until 2026-12-04 (ada)", True),
        ("dismissed", {"actor": ADA, "note": "the launch"}, "Decided against", "the launch (ada)", True),
        ("superseded", {"note": "Git says otherwise"}, "Decided against", "Git says otherwise", True),
        ("regressed", {"note": "slower"}, "Went wrong", "slower", True),
        ("approved", {"actor": ADA}, "Merged, and watched", "merged 2026-11-21 by ada", False),
        ("actuated", {"note": "as shown"}, "Merged, and watched", "live since 2026-11-21: as shown", False),
        ("verified", {"note": "kept"}, "Verified", "kept", False),
    ],
)
def test_each_state_has_its_place(step: str, values: dict[str, object], title: str, said: str, box: bool) -> None:
    """What people decided stands with who and why; what is found all the same can be released."""
    one = edited()

    text = section(shown(entry(one, step, **values), links=(link(one, step),) if step != "verified" else ()), title)

    assert said in text
    assert f"{FORGE}/1" in text
    assert (RELEASE in text) == box


def test_what_is_not_found_any_more_has_no_box() -> None:
    """A dismissal is remembered; there is nothing to release."""
    text = shown(entry(edited(), "dismissed", note="no"), proposals=(advice(),))

    assert RELEASE not in text
    assert "Decided against (1)" in text


def test_open_waiting_and_advice() -> None:
    """Open ones have their address, waiting ones the reason and a box, advice what a person should do."""
    one = edited()

    assert f"[pull request]({FORGE}/9)" in section(shown(links=(link(one, "open", url=f"{FORGE}/9"),)), "Open")
    waiting = section(shown(links=(link(one, "", "held: 3 are open"),)), "Waiting")
    assert f"- [ ] {RELEASE}{one.id} -->" in waiting
    assert ": 3 are open" in waiting
    assert "Give the node back" in section(shown(proposals=(advice(),)), "To be done by hand")


def test_in_report_mode_nothing_can_be_released() -> None:
    """What would be proposed is listed, without boxes that nothing would come of."""
    text = shown()

    assert "Would be proposed (1)" in text
    assert RELEASE not in text


def test_what_went_wrong_comes_first_with_its_way_back() -> None:
    """Its revert is linked; once that is merged it is taken back, and neither is a saving."""
    one, other = edited(), advice()
    wrong = entry(one, "regressed", note="slower")
    opened = entry(other, "open", 2, reverts=one.id)
    done = entry(other, "verified", 3, reverts=one.id, saving="-1200.00")

    text = shown(wrong, opened)
    assert text.index("### Went wrong") == text.index("### ")
    assert f"[the way back]({FORGE}/2)" in section(text, "Went wrong")
    text = shown(wrong, done)
    assert f"[taken back]({FORGE}/3)" in section(text, "Taken back")
    assert "verified" not in text


def test_only_what_can_still_be_saved_is_summed() -> None:
    """A dismissed saving is nobody's promise; verified ones are summed on their own."""
    one = edited()

    assert "can be saved" in shown()
    text = shown(entry(one, "dismissed", note="no"), entry(advice(), "verified", 2, saving="800.00"))
    assert "can be saved" not in text
    assert "**$800 a month is verified**" in text


def test_it_fits_whatever_there_is() -> None:
    """Hundreds of rows with the longest reasons stay below what an issue holds, and are counted."""
    long = "\U0001f600|*" * 200
    entries = [
        entry(edited(), step, seq, recommendation=f"{seq:016x}", note=long)
        for seq, step in enumerate(("dismissed", "regressed", "actuated", "verified", "superseded") * 60, start=1)
    ]
    found = replace(scan(), plan=Plan((), tuple(Held(samples.priced(), long) for _ in range(90))))

    text = dashboard(found, entries, (), MARK)

    assert len(text.encode("utf-16-le")) // 2 <= LONGEST
    assert "### Held back (90)" in text
    assert "more are in the report of the run" in text
    assert text == dashboard(found, entries, (), MARK)
