"""Runs helm and kustomize on files nobody has vouched for: no network, no plugins, bounded time, memory and output."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trimtab.render.objects import Unrendered

_TIMEOUT_S = 60
_MEMORY_KIB = 4 * 1024 * 1024
"""Address space; the Go runtime reserves far more than it uses."""
_OUTPUT_BLOCKS = 128 * 1024
"""Largest file written, in blocks of 512 bytes: 64 MiB."""
_LIMITS = f'ulimit -v {_MEMORY_KIB} && ulimit -t {_TIMEOUT_S} && ulimit -f {_OUTPUT_BLOCKS} && exec "$@"'
_NOWHERE = "http://127.0.0.1:9"
"""A proxy that refuses: whatever tries to reach out fails at once."""
_CHECKOUT = Path(__file__).resolve().parents[3] / ".tools"


@dataclass(frozen=True, slots=True)
class Tools:
    """Paths of the renderers; empty where one is not installed."""

    helm: str
    kustomize: str


def find_tools(environ: Mapping[str, str]) -> Tools:
    """Return the renderers: named by TRIMTAB_HELM and TRIMTAB_KUSTOMIZE, in `.tools/` of a checkout, or on PATH."""
    path = f"{_CHECKOUT}{os.pathsep}{environ.get('PATH', '')}"
    return Tools(
        environ.get("TRIMTAB_HELM") or shutil.which("helm", path=path) or "",
        environ.get("TRIMTAB_KUSTOMIZE") or shutil.which("kustomize", path=path) or "",
    )


@cache
def version(tool: str) -> str:
    """Return the release of a renderer, such as `3.18.6`; empty where it does not say."""
    arguments = ["version", "--template={{.Version}}"] if Path(tool).name.startswith("helm") else ["version"]
    done = run([tool, *arguments], Path(tempfile.gettempdir()))
    return "" if isinstance(done, Unrendered) else done.decode(errors="replace").strip().removeprefix("v")


def run(command: Sequence[str], folder: Path) -> bytes | Unrendered:
    """Return what a fenced command prints, or why it failed, in its own words."""
    with tempfile.TemporaryDirectory(prefix="trimtab-render-") as home, tempfile.TemporaryFile() as out:
        try:
            done = subprocess.run(  # noqa: S603 - the tool and its arguments are ours; the files it reads are fenced
                ["/bin/sh", "-c", _LIMITS, "sh", *command],
                cwd=folder,
                env=_environment(home),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
                timeout=_TIMEOUT_S + 5,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Unrendered(f"{Path(command[0]).name} took longer than {_TIMEOUT_S} s")
        except OSError as error:
            return Unrendered(f"{Path(command[0]).name} cannot be started: {error.strerror}")
        if done.returncode:
            return Unrendered(_said(command[0], done.stderr))
        out.seek(0)
        return out.read()


def _environment(home: str) -> dict[str, str]:
    """Return an environment with no configuration, no plugins, no cluster and no way out."""
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy")
    return {
        "HOME": home,
        "PATH": home,
        "TMPDIR": home,
        "KUBECONFIG": f"{home}/none",
        "HELM_PLUGINS": f"{home}/none",
        "HELM_CACHE_HOME": home,
        "HELM_CONFIG_HOME": home,
        "HELM_DATA_HOME": home,
        "GOMEMLIMIT": "1GiB",
        **dict.fromkeys(proxies, _NOWHERE),
    }


def _said(tool: str, stderr: bytes) -> str:
    """Return the line in which a tool names its error, else its last, without control characters."""
    lines = [line for line in stderr.decode(errors="replace").splitlines() if line.strip()] or ["no reason given"]
    line = next((one.removeprefix("Error: ") for one in lines if one.startswith("Error: ")), lines[-1])
    text = "".join(letter for letter in line if letter.isprintable())
    return f"{Path(tool).name}: {text[:400]}"
