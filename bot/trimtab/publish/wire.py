"""JSON over HTTP to a forge that has no client library here."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import requests

from trimtab.fleet import Unknown
from trimtab.publish.pace import Caller, Kind, Pace, Trouble

Json = Mapping[str, object]

_TIMEOUT_S = 60
_PAGE = "50"
"""As long as pages are at most where the server's owner says nothing else."""

_PAGES = 1000
"""No listing that is none without end has more."""

_ABSENT, _AGAIN = frozenset({404, 410}), frozenset({401, 409})
_TOO_MANY, _ERROR = 429, 500
_MOVED, _LATE = "head out of date", "try again later"
"""Of refusals to merge: the head is another one by now; the server has not looked at the change yet."""


class _DeclinedError(Exception):
    """An answer that is none."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__(answer.status_code)
        self.status, self.said = answer.status_code, f"HTTP {answer.status_code}: {answer.text[:300]}"
        asked = answer.headers.get("Retry-After", "")
        self.wait_s = float(asked) + 1.0 if asked.isdigit() else 0.0


class Wire:
    """Calls to one repository's address; reads are repeated, writes are looked for before they are."""

    def __init__(self, api: str, token: str, pace: Pace, hint: str) -> None:
        """Take the API's address, the token, and what the token needs where a call is declined."""
        self._api, self._hint = api, hint
        self._session = requests.Session()
        self._session.headers.update({"Authorization": f"token {token}", "User-Agent": "trimtab"})
        self.caller = Caller(
            self._sort, (_DeclinedError, requests.RequestException, ValueError, TypeError, KeyError), pace, token
        )

    def get(self, path: str, **query: str) -> Json:
        """Return what stands at a path."""
        return self.caller.read(lambda: _object(self._ask("GET", path, query=query).json()))

    def every(self, path: str, **query: str) -> list[Json]:
        """Return everything that a listing has, all its pages, which are as long as the server likes."""

        def ask() -> list[Json]:
            found: list[Json] = []
            page = "1"
            for _ in range(_PAGES):
                answer = self._ask("GET", path, query={**query, "limit": _PAGE, "page": page})
                found += [_object(each) for each in answer.json()]
                page = _next(answer)
                if not page:
                    break
            return found

        return self.caller.read(ask)

    def send(self, verb: str, path: str, wanted: Json) -> Json:
        """Write, once; return the answer, empty where there is none."""
        answer = self._ask(verb, path, wanted)
        return _object(answer.json()) if answer.content.startswith(b"{") else {}

    def again(self, verb: str, path: str, wanted: Json) -> Json:
        """Write what may be written twice."""
        return self.caller.write(lambda: self.send(verb, path, wanted), lambda: Unknown("the same again does no harm"))

    def _ask(
        self, verb: str, path: str, wanted: Json | None = None, query: Mapping[str, str] | None = None
    ) -> requests.Response:
        answer = self._session.request(verb, f"{self._api}{path}", json=wanted, params=query, timeout=_TIMEOUT_S)
        if not answer.ok:
            raise _DeclinedError(answer)
        return answer

    def _sort(self, error: Exception) -> Trouble:
        if not isinstance(error, _DeclinedError):
            said = f"the forge does not answer as one: {type(error).__name__}"
            return Trouble(Kind.AGAIN if isinstance(error, requests.RequestException) else Kind.NO, said)
        if error.status == _TOO_MANY:
            return Trouble(Kind.WAIT, error.said, error.wait_s)
        if error.status in _ABSENT:
            return Trouble(Kind.ABSENT, error.said, hint=self._hint)
        again = error.status >= _ERROR or error.status in _AGAIN or _LATE in error.said
        return Trouble(Kind.AGAIN if again and _MOVED not in error.said else Kind.NO, error.said, hint=self._hint)


def _next(answer: requests.Response) -> str:
    """Return the number of the next page, empty where there is none; a server may not know its own address."""
    address = answer.links.get("next", {}).get("url", "")
    return parse_qs(urlsplit(address).query).get("page", [""])[-1]


def _object(value: object) -> Json:
    """Return a JSON object.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(value, dict):
        raise TypeError("no object")
    return value
