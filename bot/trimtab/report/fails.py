"""`--fail-on`: which scans end with exit code 1."""

from __future__ import annotations

import difflib
import re
from decimal import Decimal

from trimtab.errors import UsageError
from trimtab.report import summary
from trimtab.report.scan import Scan

_AMOUNT = re.compile(r"\$?(?P<usd>\d[\d,]*(?:\.\d+)?)(?:\s*(?i:usd))?")
_WORDS = ("none", "any")


def fails(scan: Scan, spec: str) -> bool:
    """Return whether the scan holds what `spec` names.

    Args:
        scan: What was found.
        spec: Words apart by commas: `none`; `any` recommendation; the name of a rule that recommends something; an
            amount in US dollars, such as `500` or `$1,500`, that the savings of a month together reach.

    Raises:
        UsageError: A word is none of these; names the nearest known rule.
    """
    return any([_fails(scan, word) for word in _words(spec)])  # noqa: C419 - every word is checked, also after a hit


def _words(spec: str) -> list[str]:
    """Return the words; a comma between digits belongs to an amount."""
    words = [word.strip() for word in re.split(r",(?!\d{3}(?!\d))", spec)]
    if not all(words):
        raise UsageError(f"--fail-on {spec!r} has an empty word", "write none, any, a rule, or an amount such as 500")
    return words


def _fails(scan: Scan, word: str) -> bool:
    if word == "none":
        return False
    if word == "any":
        return bool(scan.proposals)
    if amount := _AMOUNT.fullmatch(word):
        usd = Decimal(amount["usd"].replace(",", ""))
        return bool(scan.proposals) and summary.totals(scan).saving >= usd
    known = {rule.name for rule in scan.rules}
    if word not in known:
        raise _unknown(word, sorted(known))
    return any(one.priced.finding.rule == word for one in scan.proposals)


def _unknown(word: str, known: list[str]) -> UsageError:
    close = difflib.get_close_matches(word, [*_WORDS, *known], n=1, cutoff=0.5)
    hint = f"did you mean `{close[0]}`?" if close else "write none, any, a rule, or an amount such as 500"
    return UsageError(f"--fail-on {word!r} is neither none, any, a rule nor an amount in US dollars", hint)
