"""Serves described metrics by a real Prometheus on loopback."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.tools import tool

READY = "Server is ready to receive web requests"
BLOCK = "162h"
"""Length of a block: promtool reads its input once for each, so a week should be two."""
ATTEMPTS = 5


@contextlib.contextmanager
def serve(openmetrics: str) -> Iterator[str]:
    """Back-fill a Prometheus with OpenMetrics text that carries timestamps; yield its address; end it afterwards."""
    prometheus, promtool = tool("prometheus"), tool("promtool")
    with tempfile.TemporaryDirectory(prefix="trimtab-prometheus-") as name:
        folder = Path(name)
        text = folder / "series.om"
        text.write_text(openmetrics)
        backfill(promtool, text, folder / "data")
        with running(prometheus, folder) as url:
            yield url


def backfill(promtool: str, text: Path, data: Path) -> None:
    """Add the samples of an OpenMetrics file to the blocks in `data`."""
    command = (promtool, "tsdb", "create-blocks-from", "openmetrics", f"--max-block-duration={BLOCK}", "-q")
    result = subprocess.run([*command, str(text), str(data)], check=False, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"promtool refused the samples: {result.stderr.strip() or result.stdout.strip()}")


@contextlib.contextmanager
def running(prometheus: str, folder: Path) -> Iterator[str]:
    """Start a Prometheus on the blocks in `folder/data`; yield its address; end it by its own process id."""
    (folder / "prometheus.yml").write_text("global: {}\n")
    process, url = _started(prometheus, folder)
    try:
        yield url
    finally:
        process.terminate()
        process.wait()


def _started(prometheus: str, folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start on a free port and return once it answers; another port where somebody was faster."""
    said = ""
    for _ in range(ATTEMPTS):
        address = f"127.0.0.1:{_free_port()}"
        process = subprocess.Popen(
            [
                prometheus,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                "--storage.tsdb.retention.time=100y",
                "--storage.tsdb.min-block-duration=2h",
                "--storage.tsdb.max-block-duration=2h",
                f"--web.listen-address={address}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = _until_ready(process)
        if not said:
            return process, f"http://{address}"
        process.wait()
    raise RuntimeError(f"Prometheus did not start: {said}")


def _until_ready(process: subprocess.Popen[str]) -> str:
    """Read the log until the server is ready and return nothing, or all of the log where it ended before."""
    if process.stderr is None:
        raise RuntimeError("the log is not a pipe")
    lines = []
    for line in process.stderr:
        if READY in line:
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return ""
        lines.append(line)
    return "".join(lines[-5:])


def _free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
