"""What a Prometheus' answers and failures mean, in a user's words."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from trimtab.read.query import QueryFailedError

_PASSING = frozenset({429, 502, 503, 504})
_FATAL = frozenset({401, 403, 404, 405})
_WARNINGS = re.compile(rb'"warnings":(\[.*?[^\\]"\])')
_TAIL = 4096
"""Bytes at the end of an answer in which warnings stand."""


class Credentials(AuthBase):
    """Puts the token into a request's head, and the query of a POST into its body, where no proxy cuts it short."""

    def __init__(self, token: str) -> None:
        """Keep the token; it goes nowhere but into the header."""
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request, completed."""
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        if request.method == "POST" and request.url:
            request.url, _, request.body = request.url.partition("?")
            request.headers["Content-Type"] = "application/x-www-form-urlencoded"
        return request


class PassingError(Exception):
    """An answer that may be another one at the next attempt."""

    def __init__(self, failed: QueryFailedError) -> None:
        """Keep what is to be said if it is not."""
        super().__init__(failed.reason)
        self.failed = failed


def refuse(response: requests.Response) -> None:
    """Let redirects and good answers pass.

    Raises:
        PassingError: The status means that the next attempt may succeed.
        QueryFailedError: It means that it will not.
    """
    status = response.status_code
    if status < requests.codes.bad_request:
        return
    where = urlsplit(response.url)
    reason = f"{where.scheme}://{where.netloc} answered {status} ({_explained(status, response.text)})"
    failed = QueryFailedError(reason, fatal=status in _FATAL)
    raise PassingError(failed) if status in _PASSING else failed


def _explained(status: int, text: str) -> str:
    """Return what an error status is about: the server's own message, or what to look at."""
    if status in {401, 403}:
        return "set `token_env` to an environment variable that holds a valid token"
    if status in {404, 405}:
        return "the address is not the base of a Prometheus API; Mimir's ends in /prometheus"
    try:
        message = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        message = "no reason given"
    return str(message)[:300]


def warnings_in(response: requests.Response) -> frozenset[str]:
    """Return what a server says of an answer, such as Thanos of stores that it could not ask.

    Remarks of Prometheus 3 on the query itself are no doubt about the answer, and are left out.
    """
    match = _WARNINGS.search(response.content[-_TAIL:])
    try:
        said = json.loads(match.group(1)) if match else []
    except ValueError:
        return frozenset()
    return frozenset(str(one)[:300] for one in said if not str(one).startswith("PromQL"))


def explained(error: requests.RequestException, url: str, timeout_s: float) -> QueryFailedError:
    """Return why a request had no answer."""
    if isinstance(error, requests.exceptions.JSONDecodeError):
        reason = "answered with something that is not JSON, perhaps a login page; is the address right?"
    elif isinstance(error, requests.Timeout):
        reason = f"gave no answer within {timeout_s:g} s; shorten `window` or raise `timeout`"
    elif isinstance(error, requests.exceptions.SSLError):
        reason = "shows a certificate that is not trusted; name its authority in REQUESTS_CA_BUNDLE"
    elif "refused" in str(error):
        reason = "refuses connections; is it running, and is the port right?"
    elif re.search(r"NameResolution|getaddrinfo|Name or service", str(error)):
        reason = "has a host name that nobody knows"
    else:
        reason = f"cannot be reached ({type(error).__name__})"
    return QueryFailedError(f"{url} {reason}", fatal=not isinstance(error, requests.Timeout))
