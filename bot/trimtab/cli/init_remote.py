"""Where a checkout's pull requests would be opened: by its `origin`, the job it runs in, the pipelines it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from trimtab.config import Forge
from trimtab.gitio import address_of

SUPPORTED: frozenset[str] = frozenset(get_args(Forge.model_fields["kind"].annotation)) - {"local"}
"""Forges that a configuration may name."""

_REMOTE = re.compile(
    r"(?:(?P<scheme>https?|ssh)://)?(?:[^@/]*@)?(?P<host>[^/:]+)(?::(?P<port>\d+)(?=/))?[:/](?P<path>.+?)(?:\.git)?/?"
)
_PUBLIC = {"github.com": "github", "gitlab.com": "gitlab"}
_API_PATHS = {"github": "/api/v3"}
"""Of a server of one's own: what stands between its address and what its client adds."""

_NAMES = (("gitlab", "gitlab"), ("gitea", "gitea"), ("forgejo", "gitea"), ("codeberg", "gitea"), ("github", "github"))
"""Parts of a host's name, and the forge that they tell."""

_PIPELINES = ((".gitlab-ci.yml", "gitlab"), (".gitea", "gitea"), (".forgejo", "gitea"), (".github", "github"))
"""What a forge has people put into a repository."""

_JOBS = (
    ("CI_SERVER_URL", "gitlab"),  # https://docs.gitlab.com/ci/variables/predefined_variables/ (18.2)
    ("GITHUB_SERVER_URL", "github"),  # https://docs.github.com/en/actions/reference/workflows-and-actions/variables
)


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a repository's pull requests would be opened.

    Attributes:
        kind: `github`, `gitlab` or `gitea`; empty where it cannot be told.
        api_url: Of a server of one's own; empty for the public service.
        repository: `owner/name`, or the project's full path; empty without an `origin`.
        server: Address of the host, such as `https://github.com`.
    """

    kind: str = ""
    api_url: str = ""
    repository: str = ""
    server: str = ""

    @property
    def address(self) -> str:
        """Return the address to clone from over HTTP, without credentials."""
        return f"{self.server}/{self.repository}.git"

    @property
    def usable(self) -> bool:
        """Return whether a configuration can name it."""
        return self.kind in SUPPORTED and "/" in self.repository


def find_remote(folder: Path, kind: str, environ: Mapping[str, str]) -> Remote:
    """Return where a checkout's `origin` is; credentials in its address are left behind.

    Args:
        folder: The checkout.
        kind: The forge, where it is said; empty to find it out.
        environ: Of the job, where it runs in one.
    """
    address = address_of(folder)
    match = _REMOTE.fullmatch(address)
    if match is None or Path(address).is_absolute():
        return Remote(kind)
    host = match["host"].lower()
    web = match["scheme"] in {"http", "https"}
    port = f":{match['port']}" if web and match["port"] else ""
    server = f"{match['scheme'] if web else 'https'}://{host}{port}"
    kind = kind or _PUBLIC.get(host, "") or _of_job(server, environ) or _guess(folder, host)
    own = kind and host not in _PUBLIC
    api_url = server + _API_PATHS.get(kind, "") if own else ""
    return Remote(kind, api_url, match["path"].strip("/"), server)


def _of_job(server: str, environ: Mapping[str, str]) -> str:
    """Return the forge whose job this is, where it is the server of the checkout."""
    if environ.get("GITEA_ACTIONS") or environ.get("FORGEJO_ACTIONS"):
        return "gitea"
    return next((kind for name, kind in _JOBS if environ.get(name, "").rstrip("/").lower() == server), "")


def _guess(folder: Path, host: str) -> str:
    """Return the forge that a host's name or the folder's own pipelines speak of; empty where nothing does."""
    named = next((kind for word, kind in _NAMES if word in host), "")
    return named or next((kind for name, kind in _PIPELINES if (folder / name).exists()), "")
