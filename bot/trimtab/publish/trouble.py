"""What GitHub's answers mean when it declines."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.publish.pace import Kind, Trouble
from trimtab.publish.tokens import GITHUB_LEAST

_LATE = (
    "no commits between",  # the pushed head is not indexed yet
    "not all refs are readable",
    "could not resolve to a node",
    "reference update failed",
    "already exists",  # an earlier try or another run was first: it is looked for, and taken
)
"""Refusals (422) that pass: https://github.com/octokit/octokit.rb/issues/622 and its kin."""

_MOVED = "modified"
"""Part of a 409: the head that was to be merged is another one by now."""

_UNKNOWN, _CONFLICT, _TOO_MANY, _ERROR = 401, 409, 429, 500
_NOT_ALLOWED = frozenset({401, 403})
_LIMITED = _NOT_ALLOWED | {400}
"""GraphQL tells a limit with 200 and an error, of which the client makes 400."""
_ABSENT = frozenset({404, 410})
_HINT = f"GITHUB_TOKEN needs {GITHUB_LEAST} here"


def trouble_of(status: int, data: object, headers: Mapping[str, str], now_s: float) -> Trouble:
    """Return what an answer means, and what to do about it.

    Args:
        status: Of HTTP.
        data: The parsed body.
        headers: Of the answer.
        now_s: The time, Unix seconds: a rate limit names the second at which it ends.
    """
    said = _said(status, data)
    low = said.lower()
    if status == _TOO_MANY or (status in _LIMITED and ("rate limit" in low or "abuse" in low)):
        return Trouble(Kind.WAIT, said, _wait_s(headers, now_s))
    if status == _UNKNOWN:  # a good token is met so too while a host is in trouble: Renovate takes it for transient
        return Trouble(Kind.AGAIN, said, hint=f"is it right, and not expired? {_HINT}")
    if status in _NOT_ALLOWED:
        return Trouble(Kind.NO, said, hint=_needs(headers))
    if status in _ABSENT:
        return Trouble(Kind.ABSENT, said, hint=_HINT)
    late = any(each in low for each in _LATE)
    again = status >= _ERROR or late or (status == _CONFLICT and _MOVED not in low)
    return Trouble(Kind.AGAIN if again else Kind.NO, said)


def _said(status: int, data: object) -> str:
    """Return the message of an answer with the messages of its `errors`."""
    body = data if isinstance(data, dict) else {}
    parts = [str(body.get("message") or f"HTTP {status}")]
    errors = body.get("errors")
    parts += [
        str(each.get("message") or each.get("code") or "") if isinstance(each, dict) else str(each)
        for each in (errors if isinstance(errors, list) else [])
    ]
    return f"GitHub: {'; '.join(part for part in parts if part)}"[:500]


def _needs(headers: Mapping[str, str]) -> str:
    """Return what a call that was forbidden needs, in GitHub's own words where it says so."""
    named = {key.lower(): value for key, value in headers.items()}
    wanted = named.get("x-accepted-github-permissions") or named.get("x-accepted-oauth-scopes")
    return f"this call needs {wanted}; {_HINT}" if wanted else _HINT


def _wait_s(headers: Mapping[str, str], now_s: float) -> float:
    """Return how long a rate limit asks to wait, 0 where it does not say."""
    named = {key.lower(): value for key, value in headers.items()}
    if named.get("retry-after", "").isdigit():
        return float(named["retry-after"]) + 1.0
    reset = named.get("x-ratelimit-reset", "")
    if named.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(1.0, int(reset) - now_s + 1.0)
    return 0.0
