"""Runs helm and kustomize on files nobody has vouched for: no network, no plugins, bounded time, memory and output.

A renderer gets an environment of its own, an empty home, a group of processes that dies with it, and, where Linux lets
this user make one (`unshare`, util-linux 2.38), a network namespace without any interface.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from trimtab.disk_cache import cache_folder
from trimtab.render.objects import Unrendered

_TIMEOUT_S = 60
_MEMORY_KIB = 4 * 1024 * 1024
"""Address space; the Go runtime reserves far more than it uses."""
_OUTPUT_BYTES = 16 * 1024 * 1024
"""Twice what any file read here may hold; helm ends well although its output was cut off, so its length counts."""
_SAID_BYTES = 64 * 1024
"""Of what a tool says on standard error only the beginning is read: a Go crash prints megabytes."""
_LIMITS = (
    f"ulimit -c 0 && ulimit -v {_MEMORY_KIB} && ulimit -t {_TIMEOUT_S} && ulimit -f {_OUTPUT_BYTES // 512} "
    '&& ulimit -n 1024 && exec "$@"'
)
_APART = (("unshare", "--net"), ("unshare", "--user", "--map-root-user", "--net"))
"""Ways to a network namespace, for root and for anyone else."""
_NOWHERE = "http://127.0.0.1:9"
"""A proxy that refuses: where no namespace can be made, whatever tries to reach out by HTTP fails at once."""
_CHECKOUT = Path(__file__).resolve().parents[3] / ".tools"


@dataclass(frozen=True, slots=True)
class Tools:
    """What rendering works with.

    Attributes:
        helm: Path of helm; empty where it is not installed.
        kustomize: Path of kustomize; the same.
        charts: The operator's folder of charts that repositories name and do not hold; empty for none.
        fetched: The folder of charts that were downloaded; empty where none may be.
        kube_version: What templates are told where a declaration names no Kubernetes release; empty for nothing.
        api_versions: The same for APIs.
        cache: The folder in which traces of charts are kept from one run to the next; empty where nowhere.
    """

    helm: str
    kustomize: str
    charts: str = ""
    fetched: str = ""
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    cache: str = ""


def find_tools(environ: Mapping[str, str]) -> Tools:
    """Return the renderers: named by TRIMTAB_HELM and TRIMTAB_KUSTOMIZE, in `.tools/` of a checkout, or on PATH."""
    path = f"{_CHECKOUT}{os.pathsep}{environ.get('PATH', '')}"
    return Tools(
        environ.get("TRIMTAB_HELM") or shutil.which("helm", path=path) or "",
        environ.get("TRIMTAB_KUSTOMIZE") or shutil.which("kustomize", path=path) or "",
        cache=str(cache_folder(environ, "traces") or ""),
    )


@cache
def version(tool: str) -> str:
    """Return the release of a renderer, such as `3.18.6`; empty where it does not say."""
    arguments = ["version", "--template={{.Version}}"] if Path(tool).name.startswith("helm") else ["version"]
    done = run([tool, *arguments], Path(tempfile.gettempdir()))
    return "" if isinstance(done, Unrendered) else done.decode(errors="replace").strip().removeprefix("v")


@cache
def without_network() -> tuple[str, ...]:
    """Return the words before a command that take the network from it; none where this system cannot."""
    for words in _APART:
        tool = shutil.which(words[0])
        if tool is None:
            continue
        command = [tool, *words[1:], "--", "/bin/true"]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=10)  # noqa: S603 - ours, all of it
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return (tool, *words[1:], "--")
    return ()


def run(
    command: Sequence[str], folder: Path, timeout_s: float = _TIMEOUT_S, *, network: bool = False
) -> bytes | Unrendered:
    """Return what a fenced command prints, or why it failed, in its own words.

    Args:
        command: The tool and its arguments.
        folder: Where it runs.
        timeout_s: After so long, by the clock and by the CPU, it is killed with all it started.
        network: Whether it may reach out, to fetch what the operator allows; nothing is rendered so.
    """
    name = Path(command[0]).name
    with (
        tempfile.TemporaryDirectory(prefix="trimtab-render-") as home,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as said,
    ):
        try:
            process = subprocess.Popen(  # noqa: S603 - the tool and its arguments are ours; the files it reads are fenced
                [*(() if network else without_network()), "/bin/sh", "-c", _LIMITS, "sh", *command],
                cwd=folder,
                env=_environment(home, network=network),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=said,
                start_new_session=True,
            )
        except OSError as error:
            return Unrendered(f"{name} cannot be started: {error.strerror}")
        code = _ended(process, timeout_s)
        if code or out.seek(0, os.SEEK_END) >= _OUTPUT_BYTES:
            told = _start_of(said)
            return Unrendered(f"{name}: {_why(code or -signal.SIGXFSZ, told, timeout_s)}", told)
        out.seek(0)
        return out.read()


def _ended(process: subprocess.Popen[bytes], timeout_s: float) -> int:
    """Return how a process ended; whatever it started ends with it."""
    try:
        return process.wait(timeout_s - _waited_s(process.pid, timeout_s))
    except subprocess.TimeoutExpired:
        return -signal.SIGXCPU
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _waited_s(pid: int, timeout_s: float) -> float:
    """Wait for the end of a process, and return how long it took: `Popen.wait` looks up to 50 ms late."""
    began_s = time.monotonic()
    if sys.platform == "linux":
        with suppress(OSError):  # a kernel before 5.3
            handle = os.pidfd_open(pid)
            try:
                ends = select.poll()
                ends.register(handle, select.POLLIN)
                ends.poll(timeout_s * 1000)
            finally:
                os.close(handle)
    return min(time.monotonic() - began_s, timeout_s)


def _environment(home: str, *, network: bool) -> dict[str, str]:
    """Return an environment with no configuration, no plugins, no cluster and, but for the network, no way out."""
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy")
    trusted = (*proxies, "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR")
    ways = {name: os.environ[name] for name in trusted if name in os.environ} if network else None
    return {
        "HOME": home,
        "PATH": home,
        "TMPDIR": home,
        "KUBECONFIG": f"{home}/none",
        "HELM_PLUGINS": f"{home}/none",
        "HELM_CACHE_HOME": home,
        "HELM_CONFIG_HOME": home,
        "HELM_DATA_HOME": home,
        "KUSTOMIZE_PLUGIN_HOME": f"{home}/none",
        "GOMEMLIMIT": "1GiB",
        "GOMAXPROCS": "2",
        "GOTRACEBACK": "none",
        **(dict.fromkeys(proxies, _NOWHERE) if ways is None else ways),
    }


def _start_of(said: IO[bytes]) -> str:
    said.seek(0)
    return said.read(_SAID_BYTES).decode(errors="replace")


def _why(code: int, said: str, timeout_s: float) -> str:
    """Return why a tool failed: the fence it ran into, else the line in which it names its error, else its last."""
    ended = abs(code) if code < 0 else code - 128
    if ended in {signal.SIGXCPU, signal.SIGKILL}:
        return f"took longer than {timeout_s:g} s"
    if ended == signal.SIGXFSZ or "file too large" in said:
        return f"printed more than {_OUTPUT_BYTES >> 20} MiB"
    if "out of memory" in said or "cannot allocate memory" in said:
        return f"took more than {_MEMORY_KIB >> 20} GiB of memory"
    if "stack overflow" in said or "goroutine stack exceeds" in said:
        return "its templates call themselves without end"
    lines = [line for line in said.splitlines() if line.strip()] or ["no reason given"]
    first = next((number for number, one in enumerate(lines) if one.startswith("Error: ")), len(lines) - 1)
    told = [lines[first].removeprefix("Error: ")]
    for line in lines[first + 1 :]:
        if not told[-1].rstrip().endswith(":"):  # a line that ends so only announces what was wrong
            break
        told.append(line.strip())
    return "".join(letter for letter in " ".join(told) if letter.isprintable())[:400]
