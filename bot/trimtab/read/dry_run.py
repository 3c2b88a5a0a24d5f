"""Asks a cluster whether it would take an object, by a server-side apply that it keeps nothing of.

Admission, quotas and the schemas of custom resources all have their say. Needs the verb `patch`, which the read-only
role does not give, and is off unless the configuration turns it on. Source: https://kubernetes.io/docs/reference/
using-api/api-concepts/#dry-run and /server-side-apply/ (Kubernetes v1.34).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from urllib.parse import quote

from trimtab.config import ClusterSettings
from trimtab.fleet import Unknown
from trimtab.manifest import Plain
from trimtab.read.kubernetes import Answer, Api

_QUERY = {"dryRun": "All", "fieldManager": "trimtab", "force": "true", "fieldValidation": "Strict"}
_APPLY = "application/apply-patch+yaml"
_OK = frozenset({200, 201})
_REFUSALS = frozenset({400, 409, 413, 422})
"""What speaks against the object itself; any other status speaks of the way to it."""


def dry_runs(clusters: tuple[ClusterSettings, ...]) -> Mapping[str, DryRun]:
    """Return by name the clusters that are to be asked."""
    asked = {one.name: one.kubernetes for one in clusters if one.kubernetes is not None and one.kubernetes.dry_run}
    return {name: DryRun(Api(settings).ask) for name, settings in asked.items()}


class DryRun:
    """Tries objects on one cluster."""

    def __init__(self, ask: Callable[[str, str, Mapping[str, str], str, str], Answer]) -> None:
        """Ask nothing yet."""
        self._ask = ask
        self._plural = cache(self._discovered)

    def __call__(self, found: Plain, namespace: str) -> str | Unknown:
        """Return why the cluster would refuse an object, empty where it would take it; Unknown where it cannot say.

        Args:
            found: The object.
            namespace: Where it goes, where it names none itself.
        """
        if not isinstance(found, dict):
            return Unknown("it is no object")
        api, kind = str(found.get("apiVersion")), str(found.get("kind"))
        plural = self._plural(api, kind)
        if isinstance(plural, Unknown):
            return plural
        name, is_namespaced = plural
        metadata = found.get("metadata")
        about = metadata if isinstance(metadata, dict) else {}
        where = str(about.get("namespace") or namespace or "default")
        folder = f"/namespaces/{quote(where, safe='')}" if is_namespaced else ""
        path = f"{_root(api)}{folder}/{name}/{quote(str(about.get('name')), safe='')}"
        body = {**found, "metadata": {**about, **({"namespace": where} if is_namespaced else {})}}
        return _said(self._ask("PATCH", path, _QUERY, json.dumps(body), _APPLY))

    def _discovered(self, api: str, kind: str) -> tuple[str, bool] | Unknown:
        """Return what a kind is called in paths, and whether its objects are in namespaces."""
        answer = self._ask("GET", _root(api), {}, "", "")
        if answer.status not in _OK:
            return Unknown(f"the cluster does not serve {api}: {_reason(answer)}")
        listed = _object(answer.body).get("resources")
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and one.get("kind") == kind and "/" not in str(one.get("name")):
                return quote(str(one.get("name")), safe=""), one.get("namespaced") is True
        return Unknown(f"the cluster has no {kind} of {api}")


def _root(api: str) -> str:
    return f"/api/{quote(api, safe='')}" if "/" not in api else f"/apis/{quote(api)}"


def _said(answer: Answer) -> str | Unknown:
    if answer.status in _OK:
        return ""
    return _reason(answer) if answer.status in _REFUSALS else Unknown(_reason(answer))


def _reason(answer: Answer) -> str:
    """Return the API's own words, or the status."""
    if not answer.status:
        return f"the API cannot be reached: {answer.body.decode(errors='replace')}"
    message = str(_object(answer.body).get("message") or f"the API answered {answer.status}")
    return "".join(letter for letter in message if letter.isprintable())[:400]


def _object(body: bytes) -> dict[str, Plain]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
