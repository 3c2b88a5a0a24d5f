"""Objects tried on a server that speaks the API: it is asked for a dry run and nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from trimtab.config import ClusterSettings, Kubernetes
from trimtab.fleet import Unknown
from trimtab.manifest import Plain
from trimtab.read.dry_run import DryRun, dry_runs

FOUND: dict[str, Plain] = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "chat"}, "spec": {}}
RESOURCES = [
    {"name": "deployments", "kind": "Deployment", "namespaced": True},
    {"name": "deployments/scale", "kind": "Scale", "namespaced": True},
    {"name": "volumes", "kind": "Volume", "namespaced": False},
]


@dataclass
class Server:
    """What a server answers a patch with, and what it was asked."""

    status: int = 200
    message: str = ""
    asked: list[tuple[str, str, dict[str, list[str]], str]] = field(default_factory=list)
    bodies: list[dict[str, Plain]] = field(default_factory=list)


@contextmanager
def serving(server: Server, folder: Path) -> Iterator[DryRun]:
    """Serve the API on loopback, and yield what tries objects on it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path in {"/apis/apps/v1", "/api/v1"}
            self._answer(200 if known else 404, {"resources": RESOURCES} if known else {"message": "not found"})

        def do_PATCH(self) -> None:
            parts = urlsplit(self.path)
            server.asked.append(("PATCH", parts.path, parse_qs(parts.query), self.headers["Content-Type"]))
            server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(server.status, {"kind": "Status", "message": server.message})

        def _answer(self, status: int, body: object) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield tries(folder, f"http://127.0.0.1:{http.server_port}")
    finally:
        http.shutdown()
        http.server_close()


def tries(folder: Path, url: str) -> DryRun:
    """Return what tries objects on the server at an address."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    place = folder / "kubeconfig"
    place.write_text(json.dumps(config))
    kubernetes = Kubernetes(kubeconfig=str(place), dry_run=True)
    (found,) = dry_runs((ClusterSettings(name="eu", kubernetes=kubernetes),)).values()
    return found


def test_an_object_is_applied_as_a_dry_run(tmp_path: Path) -> None:
    """The server is told to keep nothing, to be strict, and where the object belongs."""
    server = Server()
    with serving(server, tmp_path) as take:
        assert take(FOUND, "llm") == ""
        assert take({**FOUND, "metadata": {"name": "a/b", "namespace": "own"}}, "llm") == ""
    assert [path for _, path, _, _ in server.asked] == [
        "/apis/apps/v1/namespaces/llm/deployments/chat",
        "/apis/apps/v1/namespaces/own/deployments/a%2Fb",
    ]
    for _, _, query, kind in server.asked:
        assert query["dryRun"] == ["All"]
        assert query["fieldValidation"] == ["Strict"]
        assert kind == "application/apply-patch+yaml"
    assert server.bodies[0] == {**FOUND, "metadata": {"name": "chat", "namespace": "llm"}}


def test_what_the_server_refuses_is_said_in_its_words(tmp_path: Path) -> None:
    """Admission, quotas and schemas answer with a message, which is the reason."""
    with serving(Server(422, "spec.replicas: must be at least 1\n"), tmp_path) as take:
        assert take(FOUND, "llm") == "spec.replicas: must be at least 1"


@pytest.mark.parametrize(
    ("status", "found", "reason"),
    [
        (403, FOUND, "may not patch"),
        (500, FOUND, "may not patch"),
        (200, {**FOUND, "apiVersion": "example.com/v1"}, "does not serve example.com/v1"),
        (200, {**FOUND, "kind": "Scale"}, "has no Scale"),
        (200, "text", "no object"),
    ],
)
def test_what_cannot_be_asked_is_not_a_refusal(tmp_path: Path, status: int, found: Plain, reason: str) -> None:
    """Rights that are missing, kinds that are not there and a server in trouble say nothing against the object."""
    with serving(Server(status, "may not patch"), tmp_path) as take:
        said = take(found, "llm")
    assert isinstance(said, Unknown)
    assert reason in said.reason


def test_a_kind_without_namespaces_is_asked_for_by_name(tmp_path: Path) -> None:
    """No namespace is made up for what has none."""
    server = Server()
    with serving(server, tmp_path) as take:
        assert take({"apiVersion": "v1", "kind": "Volume", "metadata": {"name": "a"}}, "llm") == ""
    assert server.asked[0][1] == "/api/v1/volumes/a"
    assert server.bodies[0]["metadata"] == {"name": "a"}


def test_an_api_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    """A server that is not there, and a way to it that nothing tells, are reasons, never errors."""
    said = tries(tmp_path, "http://127.0.0.1:9")(FOUND, "llm")
    assert isinstance(said, Unknown)
    assert "cannot be reached" in said.reason
    nowhere = Kubernetes(kubeconfig=str(tmp_path / "none"), dry_run=True)
    (take,) = dry_runs((ClusterSettings(name="eu", kubernetes=nowhere),)).values()
    assert isinstance(take(FOUND, "llm"), Unknown)


def test_no_cluster_is_asked_unless_it_is_configured() -> None:
    """A dry run needs a right that reading does not, so it is off until it is turned on."""
    assert dry_runs((ClusterSettings(name="eu", kubernetes=Kubernetes()), ClusterSettings(name="us"))) == {}
