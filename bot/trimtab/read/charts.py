"""Charts from elsewhere, downloaded before anything is rendered: exact versions, from hosts that the operator lists.

Source: a repository is an `index.yaml` with the address and SHA-256 digest of every package
(https://helm.sh/docs/topics/chart_repository/, Helm 3.18); registries are asked by helm itself.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Sequence
from http.client import HTTPMessage
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from trimtab.errors import UsageError
from trimtab.manifest import BrokenYamlError, Plain, plain_documents
from trimtab.render import Unrendered
from trimtab.render.fence import run
from trimtab.render.fetched import Wanted, keep, kept
from trimtab.render.plainly import word

_TIMEOUT_S = 30.0
_INDEX_BYTES = 64 * 1024 * 1024
"""The largest public index, of charts.bitnami.com, had 25 MiB."""
_CHART_BYTES = 20 * 1024 * 1024
"""Helm 3.18 takes no package above it: pkg/chart/loader/archive.go, `MaxDecompressedChartSize` is 100 MiB."""
_EXACT = re.compile(r"v?\d+\.\d+\.\d+(-[\w.-]+)?(\+[\w.-]+)?")
_NEAR = frozenset({"127.0.0.1", "localhost", "::1"})
"""Hosts to which nothing is encrypted on the way."""


class _NotFetchedError(Exception):
    """A chart is not downloaded; the message says why."""


def fetch_charts(charts: Sequence[Wanted], hosts: Sequence[str], store: Path, helm: str) -> tuple[str, ...]:
    """Download the charts that are not kept yet, and say of each that cannot be had why.

    Args:
        charts: What is wanted.
        hosts: The only hosts to ask, with their ports where these are not the usual ones.
        store: Where packages are kept.
        helm: Path of helm, which speaks to registries.
    """
    reasons = []
    for chart in charts:
        try:
            if kept(str(store), chart) is None:
                keep(store, chart, _fetched(chart, hosts, helm))
        except (_NotFetchedError, OSError) as error:
            reasons.append(f"chart {chart.name} {chart.version} of {chart.origin} was not fetched: {error}")
    return tuple(reasons)


def _fetched(chart: Wanted, hosts: Sequence[str], helm: str) -> bytes:
    if not _EXACT.fullmatch(chart.version):
        raise _NotFetchedError("only an exact version says which bytes are meant")
    _check(chart.origin, hosts)
    return _from_registry(chart, helm) if chart.origin.startswith("oci://") else _from_index(chart, hosts)


def _check(address: str, hosts: Sequence[str]) -> None:
    """Refuse an address that the operator did not allow.

    Raises:
        _NotFetchedError: With the host.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"https", "oci"} and not (parts.scheme == "http" and parts.hostname in _NEAR):
        raise _NotFetchedError(f"{address[:200]} is not encrypted")
    if parts.netloc not in hosts:
        raise _NotFetchedError(f"charts.hosts does not list {parts.netloc[:200]!r}")


def _from_index(chart: Wanted, hosts: Sequence[str]) -> bytes:
    base = f"{chart.origin.rstrip('/')}/"
    entry = _entry(_get(urljoin(base, "index.yaml"), hosts, _INDEX_BYTES), chart)
    addresses, digest = entry.get("urls"), word(entry, "digest").removeprefix("sha256:")
    first = addresses[0] if isinstance(addresses, list) and addresses else None
    if not isinstance(first, str) or not digest:
        raise _NotFetchedError("the index has no address or no digest for it")
    data = _get(urljoin(base, first), hosts, _CHART_BYTES)
    if hashlib.sha256(data).hexdigest() != digest:
        raise _NotFetchedError("the package is not the one whose digest the index gives")
    return data


def _entry(index: bytes, chart: Wanted) -> dict[str, Plain]:
    """Return what an index says of a chart's version; only the chart's own part of it is parsed."""
    lines = index.decode(errors="replace").splitlines()
    begin = next((at for at, line in enumerate(lines) if line.rstrip() in _heads(chart.name)), None)
    if begin is None:
        raise _NotFetchedError("the index does not list it")
    ended = (at for at, line in enumerate(lines[begin + 1 :], begin + 1) if re.match(r" {0,2}[^ \-#]", line))
    try:
        (found,) = plain_documents("\n".join(lines[begin : next(ended, len(lines))]).encode())
    except (BrokenYamlError, UsageError, ValueError):
        raise _NotFetchedError("its part of the index cannot be read") from None
    listed = next(iter(found.values())) if isinstance(found, dict) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and word(one, "version").removeprefix("v") == chart.version.removeprefix("v"):
            return one
    raise _NotFetchedError("the index does not list this version")


def _heads(name: str) -> frozenset[str]:
    return frozenset({f"  {name}:", f'  "{name}":', f"  '{name}':"})


class _Followed(HTTPRedirectHandler):
    """Follows redirects to allowed hosts alone."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._hosts = hosts

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return the next request.

        Raises:
            _NotFetchedError: It leads to a host that is not allowed.
        """
        _check(newurl, self._hosts)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _get(address: str, hosts: Sequence[str], most_bytes: int) -> bytes:
    _check(address, hosts)
    request = Request(address, headers={"User-Agent": "trimtab"})  # noqa: S310 - its scheme was looked at
    try:
        with build_opener(_Followed(hosts)).open(request, timeout=_TIMEOUT_S) as answer:
            data: bytes = answer.read(most_bytes + 1)
    except (URLError, OSError, ValueError) as error:
        raise _NotFetchedError(f"{address}: {getattr(error, 'reason', None) or error}") from None
    if len(data) > most_bytes:
        raise _NotFetchedError(f"{address}: more than {most_bytes} bytes")
    return data


def _from_registry(chart: Wanted, helm: str) -> bytes:
    """Return a chart of a registry, which helm holds to the digest in its manifest."""
    if not helm:
        raise _NotFetchedError("helm is not installed")
    near = ["--plain-http"] if urlsplit(chart.origin).hostname in _NEAR else []
    with tempfile.TemporaryDirectory(prefix="trimtab-chart-") as folder:
        address = f"{chart.origin.rstrip('/')}/{chart.name}"
        command = [helm, "pull", address, "--version", chart.version, "--destination", folder, *near]
        done = run(command, Path(folder), _TIMEOUT_S, network=True)
        found = sorted(Path(folder).glob("*.tgz"))
        if isinstance(done, Unrendered) or not found:
            raise _NotFetchedError(done.reason if isinstance(done, Unrendered) else "helm brought nothing")
        return found[0].read_bytes()
