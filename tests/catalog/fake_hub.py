"""A Hugging Face hub on loopback: repositories with files, and the ways in which an answer can be wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What the hub holds, and what it was asked.

    Attributes:
        files: Content by `org/model/name`.
        gated: Repositories that want a token.
        redirects: Addresses that a file's request is sent on to, by `org/model/name`.
        raw: Whole answers to `/api/models/org/model`, as they are.
        asked: Method and path of each request.
        tokens: What each request authorised itself with.
        url: Where it listens.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    redirects: dict[str, str] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    url: str = ""

    def listed(self, repo: str) -> list[str]:
        """Return the names of a repository's files."""
        return sorted(name.removeprefix(f"{repo}/") for name in self.files if name.startswith(f"{repo}/"))


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve a hub until the block ends."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = _Server(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client may hang up on what is too long."""


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        self.hub.asked.append(f"{self.command} {self.path}")
        self.hub.tokens.append(self.headers.get("Authorization", ""))
        path = self.path.partition("?")[0].strip("/")
        if path.startswith("api/models/"):
            self._info(path.removeprefix("api/models/"))
        else:
            repo, _, rest = path.partition("/resolve/")
            revision, _, name = rest.partition("/")
            self._file(repo, revision, name)

    def _info(self, path: str) -> None:
        repo, _, revision = path.partition("/revision/")
        if repo in self.hub.raw:
            self._send(200, self.hub.raw[repo])
        elif repo in self.hub.gated and not self.headers.get("Authorization"):
            self._send(401, b"{}", {"X-Error-Code": "GatedRepo"})
        elif not self.hub.listed(repo):
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif revision not in {"", "main", COMMIT}:
            self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        else:
            files = [{"rfilename": name} for name in self.hub.listed(repo)]
            self._send(200, json.dumps({"id": repo, "sha": COMMIT, "siblings": files}).encode())

    def _file(self, repo: str, revision: str, name: str) -> None:
        key = f"{repo}/{name}"
        if repo in self.hub.gated and not self.headers.get("Authorization"):
            self._send(401, b"", {"X-Error-Code": "GatedRepo"})
        elif not self.hub.listed(repo):
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"})
        elif revision not in {"main", COMMIT}:
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
        elif key in self.hub.redirects:
            self._send(302, b"", {"Location": self.hub.redirects[key]})
        elif key not in self.hub.files:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
        else:
            content = self.hub.files[key]
            self._send(200, content, {"ETag": f'"{len(content)}-{name}"', "X-Repo-Commit": COMMIT})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        part = self.headers.get("Range", "")
        if status == 200 and part.startswith("bytes="):
            first, _, last = part.removeprefix("bytes=").partition("-")
            body, status = body[int(first) : int(last or len(body)) + 1], 206
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
