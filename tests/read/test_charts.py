"""Charts from elsewhere: exact versions, from listed hosts, by digest, and never while something is rendered."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.render.trees import CHART, write
from tests.tools import tool
from trimtab.config import Charts
from trimtab.manifest import Tree
from trimtab.read.charts import fetch_charts
from trimtab.render import Rendered, Target, Tools, Workspace
from trimtab.render.fence import run
from trimtab.render.fetched import Wanted, kept
from trimtab.render.wanted import wanted_charts

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@contextmanager
def served(answers: Mapping[str, bytes], moved: Mapping[str, str] | None = None) -> Iterator[tuple[str, list[str]]]:
    """Serve answers by path on loopback; yield the host with its port, and the paths as they are asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            goal, data = (moved or {}).get(self.path), answers.get(self.path)
            self.send_response(302 if goal else 200 if data is not None else 404)
            if goal:
                self.send_header("Location", goal)
            body = data or b""
            if "/manifests/" in self.path:
                self.send_header("Content-Type", MANIFEST)
                self.send_header("Docker-Content-Digest", _digest(body))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if self.command == "GET" else b"")

        do_HEAD = do_GET  # noqa: N815 - the base class calls it so

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the small chart, packed by helm."""
    folder = write(tmp_path_factory.mktemp("chart"), CHART)
    run([tool("helm"), "package", "charts/chat", "--destination", "."], folder)
    return (folder / "chat-0.1.0.tgz").read_bytes()


def index(url: str, data: bytes) -> bytes:
    """Return an index as helm writes it."""
    return f"""\
apiVersion: v1
entries:
  chat:
  - apiVersion: v2
    digest: {hashlib.sha256(data).hexdigest()}
    name: chat
    urls:
    - {url}
    version: 0.1.0
  other: []
generated: "2026-01-01T00:00:00Z"
""".encode()


def test_a_chart_of_a_repository_is_fetched_once_and_rendered(tmp_path: Path, package: bytes) -> None:
    """What a release names is downloaded by its digest, rendered without a network, and not asked for again."""
    with served({"/i/index.yaml": index("chat-0.1.0.tgz", package), "/i/chat-0.1.0.tgz": package}) as (host, asked):
        release = f"""\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {{name: acme}}
spec: {{url: "http://{host}/i"}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {{name: chat, namespace: llm}}
spec:
  chart: {{spec: {{chart: chat, version: 0.1.0, sourceRef: {{kind: HelmRepository, name: acme}}}}}}
"""
        root, store = write(tmp_path / "root", {"release.yaml": release}), tmp_path / "store"
        wanted = wanted_charts(Tree.read(root))
        assert wanted == (Wanted(f"http://{host}/i", "chat", "0.1.0"),)
        for _ in range(2):
            assert fetch_charts(wanted, [host], store, tool("helm")) == ()
    assert asked == ["/i/index.yaml", "/i/chat-0.1.0.tgz"]
    tools = Tools(tool("helm"), tool("kustomize"), fetched=str(store))
    with Workspace(root, Tree.read(root), tools) as workspace:
        (target,) = workspace.targets.charts()
        found = workspace.render(target)
    assert isinstance(found, Rendered)
    assert [key.kind for key in found.objects] == ["Deployment"]
    assert all(one.stat().st_mode & 0o077 == 0 for one in store.rglob("*"))


def test_a_dependency_of_a_chart_is_fetched(tmp_path: Path, package: bytes) -> None:
    """An umbrella gets what it is built on from the repository that it names."""
    with served({"/index.yaml": index("chat-0.1.0.tgz", package), "/chat-0.1.0.tgz": package}) as (host, _):
        need = f"{{name: chat, version: 0.1.0, repository: 'http://{host}'}}"
        chart = f"apiVersion: v2\nname: u\nversion: 1.0.0\ndependencies: [{need}]\n"
        root, store = write(tmp_path / "root", {"u/Chart.yaml": chart}), tmp_path / "store"
        assert fetch_charts(wanted_charts(Tree.read(root)), [host], store, "") == ()
    with Workspace(root, Tree.read(root), Tools(tool("helm"), "", fetched=str(store))) as workspace:
        assert isinstance(workspace.render(Target("helm", "u", "r")), Rendered)


def test_a_chart_of_a_registry_is_fetched_by_helm(tmp_path: Path, package: bytes) -> None:
    """A registry is spoken to by helm, which holds what it gets to the digests of the manifest."""
    config = b'{"apiVersion":"v2","name":"chat","version":"0.1.0"}'
    kinds = (
        ("application/vnd.cncf.helm.config.v1+json", config),
        ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", package),
    )
    about = [{"mediaType": kind, "digest": _digest(data), "size": len(data)} for kind, data in kinds]
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": about[0], "layers": about[1:]}).encode()
    answers = {"/v2/acme/chat/manifests/0.1.0": manifest, f"/v2/acme/chat/manifests/{_digest(manifest)}": manifest}
    answers |= {f"/v2/acme/chat/blobs/{_digest(data)}": data for _, data in kinds}
    with served(answers) as (host, _):
        chart = Wanted(f"oci://{host}/acme", "chat", "0.1.0")
        assert fetch_charts([chart], [host], tmp_path, tool("helm")) == ()
    place = kept(str(tmp_path), chart)
    assert place is not None
    assert place.read_bytes() == package


@pytest.mark.parametrize(
    ("version", "allowed", "moved", "damage", "reason"),
    [
        ("^0.1.0", True, "", b"", "only an exact version"),
        ("0.1.0", False, "", b"", "charts.hosts does not list '127.0.0.1"),
        ("0.1.0", True, "http://127.0.0.1:1/chat.tgz", b"", "charts.hosts does not list '127.0.0.1:1'"),
        ("0.1.0", True, "file:///etc/passwd", b"", "is not allowed"),
        ("0.1.0", True, "", b"x", "not the one whose digest"),
        ("0.2.0", True, "", b"", "does not list this version"),
    ],
)
def test_what_is_not_surely_meant_is_not_fetched(  # noqa: PLR0913 - each case differs in one thing
    tmp_path: Path, package: bytes, version: str, moved: str, damage: bytes, reason: str, *, allowed: bool
) -> None:
    """Ranges, hosts that are not listed, redirects to them, other schemes and other bytes each end in a reason."""
    answers = {"/index.yaml": index("chat.tgz", package), "/chat.tgz": package + damage}
    with served(answers, {"/chat.tgz": moved} if moved else {}) as (host, asked):
        chart = Wanted(f"http://{host}", "chat", version)
        (said,) = fetch_charts([chart], [host] if allowed else ["charts.example.com"], tmp_path, "")
    assert reason in said
    assert kept(str(tmp_path), chart) is None
    assert bool(asked) == (allowed and version != "^0.1.0")


def test_an_address_without_encryption_is_not_asked(tmp_path: Path) -> None:
    """Plain http is for this machine alone, whatever is listed."""
    (said,) = fetch_charts([Wanted("http://charts.example.com", "a", "1.0.0")], ["charts.example.com"], tmp_path, "")
    assert "is not encrypted" in said


def test_a_kept_chart_that_was_touched_is_not_used(tmp_path: Path, package: bytes) -> None:
    """Bytes that no longer have the digest in their name are as good as not there."""
    with served({"/index.yaml": index("chat.tgz", package), "/chat.tgz": package}) as (host, _):
        chart = Wanted(f"http://{host}", "chat", "0.1.0")
        fetch_charts([chart], [host], tmp_path, "")
        place = kept(str(tmp_path), chart)
        assert place is not None
        place.write_bytes(package + b"x")
        assert kept(str(tmp_path), chart) is None
        assert fetch_charts([chart], [host], tmp_path, "") == ()
        assert kept(str(tmp_path), chart) == place


def test_fetching_needs_hosts() -> None:
    """To download from anywhere is no setting."""
    with pytest.raises(ValueError, match="hosts"):
        Charts(fetch=True)
    assert not Charts().fetch
