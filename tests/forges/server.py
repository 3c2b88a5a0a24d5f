"""An HTTP server on loopback: git by its own services, and an API that a subclass of `Api` answers.

It counts what changes anything, and can fail as forges fail: before a call takes effect, or after.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-that-must-not-leak"  # noqa: S105  # a made-up secret that tests look for in what is printed

Query = dict[str, str]
Answered = tuple[int, tuple[tuple[str, str], ...], bytes]
"""Status, headers and content."""
Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | bool | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says."""

    status: int
    body: Json
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """How the next matching calls fail.

    Attributes:
        match: Part of `METHOD /path`.
        answer: What is said instead.
        effect: Whether the call takes effect all the same.
        times: How often.
        reset: Whether the connection is cut instead of an answer.
        meanwhile: Done before the call is answered: what people do while a run is at work.
    """

    match: str
    answer: Answer
    effect: bool = False
    times: int = 1
    reset: bool = False
    meanwhile: Callable[[], None] | None = None


class Api(ABC):
    """One forge's API; subclasses answer."""

    prefix = "/api"

    def __init__(self) -> None:
        """Start without a base address; the server sets it."""
        self.base = ""

    @abstractmethod
    def answer(self, method: str, path: str, query: Query, body: dict[str, str]) -> Answer:
        """Answer one call."""

    def checked(
        self, method: str, path: str, query: Query, body: dict[str, str], *, answer: Answer
    ) -> tuple[Answer, list[str]]:
        """Return an answer at its full size, and where it or the request is not as the forge describes itself."""
        del method, path, query, body
        return answer, []

    @abstractmethod
    def lets_in(self, headers: dict[str, str]) -> bool:
        """Return whether the API's token is there."""


@dataclass(slots=True)
class Log:
    """What was asked.

    Attributes:
        calls: `METHOD /path` of every API call and every git service.
        writes: Those that change anything.
        faults: How calls fail.
        kill_after: The number of the write after which `victim` is killed, before it hears of it; 0 for never.
        victim: A process id.
        lies: Where requests or answers were not as the forge describes itself.
    """

    calls: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    kill_after: int = 0
    victim: Callable[[], int] = lambda: 0
    lies: list[str] = field(default_factory=list)

    def fault(self, call: str) -> Fault | None:
        """Return how a call fails, and use the fault up."""
        for index, fault in enumerate(self.faults):
            if fault.match in call:
                left = fault.times - 1
                self.faults[index : index + 1] = [replace(fault, times=left)] if left else []
                return fault
        return None

    def wrote(self, call: str) -> None:
        """Count a write, and kill the victim where it is its turn."""
        self.writes.append(call)
        if len(self.writes) == self.kill_after and self.victim():
            os.kill(self.victim(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    url: str
    log: Log


class _Server(ThreadingHTTPServer):
    """Knows what its requests need."""

    daemon_threads = True

    def __init__(self, root: Path, api: Api, log: Log) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root, self.api, self.log = root, api, log
        self.lock = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that were killed; tell of everything else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # the base class names sockets


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name that the base class gives it
        """Say nothing."""

    def _any(self) -> None:
        path, body = urlsplit(self.path).path, self._body()
        if ".git/" in path:
            self._git(path, body)
        else:
            self._api(path.removeprefix(self.server.api.prefix), body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815  # names that the base class looks for

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _git(self, path: str, body: bytes) -> None:
        if not self.headers.get("Authorization"):
            self._send(401, b"", (("WWW-Authenticate", 'Basic realm="git"'),))
            return
        call, log = f"{self.command} {path}", self.server.log
        log.calls.append(call)
        fault = log.fault(call)
        if fault and not fault.effect:
            self._send(fault.answer.status, b"")
            return
        status, headers, content = self._backend(path, body)
        if self.command == "POST" and path.endswith("git-receive-pack"):
            log.wrote(call)
        if fault:
            self._send(fault.answer.status, b"")
        else:
            self._send(status, content, headers)

    def _backend(self, path: str, body: bytes) -> Answered:
        """Answer as `git http-backend` does, by starting at once what it starts."""
        folder, _, asked = path.partition(".git/")
        bare = self.server.root / f"{folder.lstrip('/')}.git"
        if not bare.is_dir():
            return 404, (), b""
        advertised = asked == "info/refs"
        service = parse_qs(urlsplit(self.path).query)["service"][0] if advertised else asked
        kind = "advertisement" if advertised else "result"
        content = self._service(service, bare, body, *(("--advertise-refs",) if advertised else ()))
        if advertised and "version=2" not in self.headers.get("Git-Protocol", ""):
            line = f"# service={service}\n"
            content = f"{len(line) + 4:04x}{line}0000".encode() + content
        return 200, (("Content-Type", f"application/x-{service}-{kind}"),), content

    def _service(self, service: str, bare: Path, body: bytes, *options: str) -> bytes:
        plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        environ = {**os.environ, "GIT_PROTOCOL": self.headers.get("Git-Protocol", "")}
        command = ["git", service.removeprefix("git-"), "--stateless-rpc", *options, str(bare)]
        return subprocess.run(command, input=plain, capture_output=True, check=True, env=environ).stdout

    def _api(self, path: str, body: bytes) -> None:
        api, log = self.server.api, self.server.log
        if not api.lets_in({key.lower(): value for key, value in self.headers.items()}):
            self._json(Answer(401, {"message": "Bad credentials"}))
            return
        call = f"{self.command} {path}"
        log.calls.append(call)
        fault = log.fault(f"{call}?{urlsplit(self.path).query}")
        if fault and fault.meanwhile:
            fault.meanwhile()
        if fault and not fault.effect:
            self._fail(fault)
            return
        query = {key: values[-1] for key, values in parse_qs(urlsplit(self.path).query).items()}
        with self.server.lock:
            wanted = json.loads(body or b"{}")
            answer = api.answer(self.command, path, query, wanted)
            answer, lies = api.checked(self.command, path, query, wanted, answer=answer)
            log.lies += lies
        if self.command != "GET" and answer.status < 300 and b'"query": "query' not in body:
            log.wrote(call)
        if fault and not fault.meanwhile:
            self._fail(fault)
        else:
            self._json(answer)

    def _fail(self, fault: Fault) -> None:
        if fault.reset:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._json(fault.answer)

    def _json(self, answer: Answer) -> None:
        kind = ("Content-Type", "application/json; charset=utf-8")
        content = b"" if answer.body is None else json.dumps(answer.body).encode()
        self._send(answer.status, content, (kind, *answer.headers))

    def _send(self, status: int, content: bytes, headers: tuple[tuple[str, str], ...] = ()) -> None:
        try:
            self.send_response(status)
            for key, value in headers:
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client was killed


@contextmanager
def serve(root: Path, api: Api) -> Iterator[Served]:
    """Serve the bare repositories below `root` and an API, until the block ends."""
    log = Log()
    server = _Server(root, api, log)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    api.base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield Served(api.base, log)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
