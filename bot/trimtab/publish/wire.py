"""JSON over HTTP to a forge that has no client library here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import requests

from trimtab.fleet import Unknown
from trimtab.publish.pace import Caller, Kind, Pace, Trouble

Json = Mapping[str, object]

_TIMEOUT_S = 60
_ABSENT, _AGAIN = frozenset({404, 410}), frozenset({401, 409})
_TOO_MANY, _ERROR = 429, 500


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
            answer = self._ask("GET", path, query=query)
            found = [_object(each) for each in answer.json()]
            for _ in range(1000):
                if "next" not in answer.links:
                    break
                answer = self._ask("GET", answer.links["next"]["url"].removeprefix(self._api))
                found += [_object(each) for each in answer.json()]
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
        moved = error.status == 409 and "head" in error.said.lower()  # noqa: PLR2004  # HTTP
        again = (error.status >= _ERROR or error.status in _AGAIN) and not moved
        return Trouble(Kind.AGAIN if again else Kind.NO, error.said, hint=self._hint)


def _object(value: object) -> Json:
    """Return a JSON object.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(value, dict):
        raise TypeError("no object")
    return value


def objects(value: object) -> Sequence[Json]:
    """Return the objects of a list; none where it is no list."""
    return [_object(each) for each in value] if isinstance(value, list) else []
