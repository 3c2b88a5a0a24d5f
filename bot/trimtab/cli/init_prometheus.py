"""Where the manifests of a tree say that a Prometheus is; a suggestion, for nothing is asked whether it answers.

Sources: the operator makes a Service `prometheus-operated` with port 9090 in the namespace of each Prometheus
(https://prometheus-operator.dev/docs/platform/platform-guide/, 0.85), and so does the chart kube-prometheus-stack (77),
which declares one; the chart prometheus (27) makes `RELEASE-prometheus-server` with port 80, or `RELEASE-server` where
the release has the chart's name in its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from trimtab.manifest import Plain, Tree, documents_of
from trimtab.text.clean import one_line

MOST = 5
"""Suggestions that are made; nobody reads more."""

_NAMES = re.compile(
    r"prometheus(?!-(?:operator|adapter|node|push|blackbox))|thanos-query(?!-scheduler)|vmsingle", re.ASCII
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
_PORTS = ("http-web", "web", "http", "http-query", "")
_UNKNOWN = "NAMESPACE"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An address, and what in the tree speaks of it; one line, without what a reader cannot see."""

    url: str
    why: str


def suggest_prometheus(tree: Tree) -> tuple[Suggestion, ...]:
    """Return where Prometheus may be, addresses from outside a cluster first; in the order of the files."""
    found: dict[str, Suggestion] = {}
    for path in tree.yaml_paths:
        if b"rometheus" in tree[path] or b"thanos" in tree[path] or b"vmsingle" in tree[path]:
            for document in documents_of(tree, path):
                for url, what in _in(document):
                    found.setdefault(url, Suggestion(url, one_line(f"{what}, {path}")))
    outside = sorted(found.values(), key=lambda one: not one.url.startswith("https:"))
    return tuple(outside[:MOST])


def _in(document: Plain) -> Iterator[tuple[str, str]]:
    """Yield addresses that one document tells, and by which object."""
    kind, group = _text(document, "kind"), _text(document, "apiVersion").split("/")[0]
    name = _text(document, "metadata", "name")
    namespace = _text(document, "metadata", "namespace")
    if (kind, group) == ("Prometheus", "monitoring.coreos.com"):
        yield _inside("prometheus-operated", namespace, 9090), f"Prometheus {name}"
    elif kind == "Service" and _NAMES.search(name):
        yield from ((_inside(name, namespace, port), f"Service {name}") for port in _port(document))
    elif kind == "Ingress":
        yield from ((f"https://{host}", f"Ingress {name}") for host in _hosts(document))
    elif kind == "Application" and group == "argoproj.io":
        target = _text(document, "spec", "destination", "namespace")
        sources = [_at(document, "spec", "source"), *_items(document, "spec", "sources")]
        for source in sources:
            release = _text(source, "helm", "releaseName") or name
            yield from _of_chart(_text(source, "chart"), release, target, f"Application {name}")
    elif kind == "HelmRelease":
        target = _text(document, "spec", "targetNamespace") or namespace
        release = _text(document, "spec", "releaseName") or name
        yield from _of_chart(_text(document, "spec", "chart", "spec", "chart"), release, target, f"HelmRelease {name}")


def _of_chart(chart: str, release: str, namespace: str, what: str) -> Iterator[tuple[str, str]]:
    if chart == "kube-prometheus-stack":
        yield _inside("prometheus-operated", namespace, 9090), what
    elif chart == "prometheus":
        service = f"{release}-server" if chart in release else f"{release}-{chart}-server"
        yield _inside(service, namespace, 80), what


def _inside(service: str, namespace: str, port: int) -> str:
    """Return the address of a Service from inside its cluster; what no name can be is left open."""
    known = [part if _LABEL.fullmatch(part) else _UNKNOWN for part in (service, namespace)]
    return f"http://{'.'.join(known)}:{port}"


def _port(service: Plain) -> Iterator[int]:
    """Yield the port of a Service that serves queries: by its name, as the usual charts call it."""
    ports = [one for one in _items(service, "spec", "ports") if isinstance(_at(one, "port"), int)]
    ranked = sorted(
        (one for one in ports if _text(one, "name") in _PORTS), key=lambda one: _PORTS.index(_text(one, "name"))
    )
    for one in ranked[:1]:
        port = _at(one, "port")
        if isinstance(port, int):
            yield port


def _hosts(ingress: Plain) -> Iterator[str]:
    """Yield the hosts of an Ingress that lead to a Prometheus."""
    for rule in _items(ingress, "spec", "rules"):
        host = _text(rule, "host")
        backends = [_text(one, "backend", "service", "name") for one in _items(rule, "http", "paths")]
        if _LABEL.fullmatch(host) and any(_NAMES.search(one) for one in backends):
            yield host


def _at(document: Plain, *keys: str) -> Plain:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _text(document: Plain, *keys: str) -> str:
    value = _at(document, *keys)
    return value if isinstance(value, str) else ""


def _items(document: Plain, *keys: str) -> list[Plain]:
    value = _at(document, *keys)
    return value if isinstance(value, list) else []
