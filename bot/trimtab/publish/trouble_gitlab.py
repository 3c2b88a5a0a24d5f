"""What GitLab's answers mean when it declines."""

from __future__ import annotations

import requests

from trimtab.publish.pace import Kind, Trouble

_UNKNOWN, _CONFLICT, _TOO_MANY, _ERROR = 401, 409, 429, 500
_ABSENT = frozenset({404, 410})
_HINT = "GITLAB_TOKEN needs the scopes `api` and `write_repository`, and the role Developer, here"


class SlowError(Exception):
    """A rate limit; `wait_s` is how long it asks to wait, 0 where it does not say."""

    def __init__(self, wait_s: float) -> None:
        """Take the seconds."""
        super().__init__(wait_s)
        self.wait_s = wait_s


def stop_if_slow(response: requests.Response, **_: object) -> None:
    """Stop at a rate limit: the client itself would wait for as long as the server asks, ten times over."""
    if response.status_code == _TOO_MANY:
        asked = response.headers.get("Retry-After", "")
        raise SlowError(float(asked) + 1.0 if asked.isdigit() else 0.0)


def trouble_of(status: int, said: str) -> Trouble:
    """Return what an answer means, and what to do about it: https://docs.gitlab.com/api/rest/troubleshooting/.

    A conflict means that the merge request exists, or is locked for a moment, or that its head moved.
    """
    low = said.lower()
    if status == _UNKNOWN and "insufficient_scope" not in low:
        return Trouble(Kind.AGAIN, said, hint=f"is it right, and not expired? {_HINT}")
    if status in _ABSENT:
        return Trouble(Kind.ABSENT, said, hint=_HINT)
    if status >= _ERROR or (status == _CONFLICT and "sha" not in low):
        return Trouble(Kind.AGAIN, said)
    return Trouble(Kind.NO, said, hint=_HINT if status in {_UNKNOWN, 403} else "")
