"""Asks the Kubernetes API for lists of objects; `get` and `list` are all that is needed (templates/rbac.yaml)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

import urllib3

from trimtab.config import ClusterSettings, Kubernetes
from trimtab.facts import ClusterFacts
from trimtab.fleet import Gap
from trimtab.progress import Progress
from trimtab.read.kube_kinds import KINDS, Kind
from trimtab.read.kube_objects import Item, Listing, Shown, shown, slim
from trimtab.read.kube_series import merged
from trimtab.read.relevant import relevant

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_PAGE = 500
"""Objects asked for at once; the API server keeps the rest of the list at the same version for some minutes."""
_TIMEOUT_S = 60.0
_GONE, _NOT_FOUND = 410, 404
_RESTARTS = 3


class _Response(Protocol):
    """An answer whose body was not read yet."""

    data: bytes


@dataclass(frozen=True, slots=True)
class _Unlisted(Exception):  # noqa: N818 - never leaves this module
    """A list could not be had.

    Attributes:
        reason: Why, in words a user can act on; empty where the cluster has no such kind.
        fatal: Whether asking for anything else is of no use.
    """

    reason: str
    fatal: bool = False


def with_objects(facts: ClusterFacts, cluster: ClusterSettings, progress: Progress) -> ClusterFacts:
    """Return a cluster's facts with what its API shows: objects, and series as kube-state-metrics would give them."""
    if cluster.kubernetes is None:
        return facts
    found, gaps = _read(cluster, progress)
    series = relevant(merged(facts.series, found.series, found.complete)) if found.series else facts.series
    return dataclasses.replace(facts, series=series, objects=found.objects, gaps=(*facts.gaps, *gaps))


def _read(cluster: ClusterSettings, progress: Progress) -> tuple[Shown, tuple[Gap, ...]]:
    """Return what the API shows, and a gap for every list that it does not give."""
    if cluster.kubernetes is None:
        return Shown((), (), frozenset()), ()
    listings: list[Listing] = []
    gaps: list[Gap] = []
    try:
        api = _Api(cluster.kubernetes)
        for done, kind in enumerate(KINDS, start=1):
            try:
                listings.append(api.listing(kind))
            except _Unlisted as error:
                if error.fatal:
                    raise
                if error.reason:
                    gaps.append(Gap(cluster.name, f"kubernetes {kind.plural}", error.reason))
            progress(f"{cluster.name}: Kubernetes", done, len(KINDS))
    except _Unlisted as error:
        gaps.append(Gap(cluster.name, "kubernetes", error.reason))
    found = shown(listings)
    gaps.extend(Gap(cluster.name, f"kubernetes {what}", reason) for what, reason in found.unread)
    return found, tuple(gaps)


class _Api:
    """The official client, asked for pages of raw JSON: its models would take many times the memory."""

    def __init__(self, settings: Kubernetes) -> None:
        """Read the kubeconfig, or the pod's service account; nothing is asked yet."""
        self._client, self._api = _connected(settings)

    def listing(self, kind: Kind) -> Listing:
        """Return all objects of a kind and the version of the list.

        Raises:
            _Unlisted: The API does not give it.
        """
        for _ in range(_RESTARTS):
            try:
                pages = tuple(self._pages(kind))
                return Listing(kind, tuple(item for page, _ in pages for item in page), pages[-1][1])
            except _Expired:
                continue
        raise _Unlisted("the list expired while it was read; it is too long for this connection")

    def _pages(self, kind: Kind) -> Iterator[tuple[tuple[Item, ...], str]]:
        """Yield the pages of a list with its version; of each object what is needed, for a list may be long."""
        more: str | None = None
        while True:
            body = self._page(kind, more)
            metadata, items = body.get("metadata"), body.get("items")
            about = metadata if isinstance(metadata, dict) else {}
            page = items if isinstance(items, list) else []
            slimmed = tuple(slim(kind, item) for item in page if isinstance(item, dict))
            yield slimmed, str(about.get("resourceVersion") or "")
            more = str(about.get("continue") or "") or None
            if more is None:
                return

    def _page(self, kind: Kind, more: str | None) -> Mapping[str, object]:
        """Return one page, parsed."""
        asked = {"limit": _PAGE, "_preload_content": False, "_request_timeout": _TIMEOUT_S, **kind.arguments}
        method: Callable[..., _Response] = getattr(getattr(self._client, kind.api)(self._api), kind.method)
        try:
            body = json.loads(method(**asked, **({"_continue": more} if more else {})).data)
        except self._client.ApiException as error:
            raise _refused(int(error.status or 0), kind) from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _Unlisted(f"the API cannot be reached: {_first_line(error)}", fatal=True) from None
        except ValueError:
            raise _Unlisted("the API answered with something that is not JSON", fatal=True) from None
        if not isinstance(body, dict):
            raise _Unlisted("the API answered with something that is no list")
        return body


def _connected(settings: Kubernetes) -> tuple[ModuleType, ApiClient]:
    """Return the client's module, and the client for a cluster.

    Raises:
        _Unlisted: Nothing tells the way to it.
    """
    from kubernetes import client, config  # noqa: PLC0415 - takes a second, and most runs do without
    from yaml import YAMLError  # noqa: PLC0415 - the parser that the client reads its kubeconfig with

    module: ModuleType = client
    loader: ModuleType = config
    configuration = client.Configuration()
    configuration.retries = 2
    try:
        if settings.in_cluster:
            loader.load_incluster_config(client_configuration=configuration)
        else:
            loader.load_kube_config(
                config_file=settings.kubeconfig or None,
                context=settings.context or None,
                client_configuration=configuration,
            )
    except (config.ConfigException, YAMLError, OSError, ValueError, TypeError, AttributeError) as error:
        raise _Unlisted(f"no access to the API: {_first_line(error)}", fatal=True) from None
    return module, client.ApiClient(configuration)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said to one request; status 0 where it could not be asked.

    Attributes:
        status: Of HTTP.
        body: What was said, or why nothing was.
    """

    status: int
    body: bytes


class Api:
    """Asks one cluster anything, path by path; connected on the first call."""

    def __init__(self, settings: Kubernetes) -> None:
        """Ask nothing yet."""
        self._settings = settings

    @cached_property
    def _client(self) -> ApiClient | str:
        try:
            return _connected(self._settings)[1]
        except _Unlisted as error:
            return error.reason

    def ask(self, method: str, path: str, query: Mapping[str, str], body: str = "", kind: str = "") -> Answer:
        """Return the answer to a request, whatever its status.

        Args:
            method: `GET` or `PATCH`.
            path: Below the server's address.
            query: By name.
            body: What is sent.
            kind: Its media type.
        """
        if isinstance(self._client, str):
            return Answer(0, self._client.encode())
        api = self._client
        headers = {"Accept": "application/json", **({"Content-Type": kind} if kind else {})}
        try:
            verb, url, sent, content, form = api.param_serialize(
                method, path, None, list(query.items()), headers, body or None, auth_settings=["BearerToken"]
            )
            found = api.call_api(verb, url, sent, content, form, _TIMEOUT_S)
            said: bytes = found.response.data
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return Answer(0, _first_line(error).encode())
        return Answer(int(found.status), said)


class _Expired(Exception):  # noqa: N818 - never leaves this module
    """The server no longer keeps the version of the list that was being read."""


def _refused(status: int, kind: Kind) -> Exception:
    """Return what an error status means."""
    if status == _GONE:
        return _Expired()
    if status == _NOT_FOUND:
        return _Unlisted("")
    if status == 401:  # noqa: PLR2004 - a status as everyone knows it
        return _Unlisted("the API does not know these credentials (401)", fatal=True)
    if status == 403:  # noqa: PLR2004 - the same
        return _Unlisted(f"these credentials may not list {kind.plural} (403); templates/rbac.yaml grants it")
    return _Unlisted(f"the API answered {status}")


def _first_line(error: BaseException) -> str:
    """Return the first line of an error, cut short."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
