"""Times as entries write them."""

from __future__ import annotations

from datetime import UTC, datetime

DAY_S = 86400


def seconds(at: str) -> int:
    """Return Unix seconds of an RFC 3339 time."""
    return int(datetime.fromisoformat(at).timestamp())


def time(unix_s: int) -> str:
    """Return a time in RFC 3339, UTC."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
