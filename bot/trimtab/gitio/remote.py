"""Where a repository's branches are, with the token that its forge takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from trimtab.errors import UsageError
from trimtab.gitio.repo import Remote

TOKENS = {
    "github": ("GITHUB_TOKEN", "x-access-token"),
    "gitlab": ("GITLAB_TOKEN", "oauth2"),
    "gitea": ("GITEA_TOKEN", "x-access-token"),
}
"""By forge: the environment variable that holds its token, and the user name that goes with it over HTTP."""

_UNSAFE = re.compile(r"[^0-9A-Za-z_-]")


def remote_of(title: str, address: str, forge: str, environ: Mapping[str, str]) -> Remote:
    """Return a remote; without a token where none is set, for a public repository is read without one.

    Args:
        title: The repository's name, for messages.
        address: A URL or a path.
        forge: The kind of its forge; empty where none is configured.
        environ: Where tokens are looked for.

    Raises:
        UsageError: The address holds credentials.
    """
    parts = urlsplit(address)
    if parts.scheme in {"http", "https"} and "@" in parts.netloc:
        raise UsageError(f"repository {title}: its address holds credentials", "put the token into the environment")
    variable, user = TOKENS.get(forge, ("", "x-access-token"))
    return Remote(address, environ.get(variable, ""), user)


def folder_for(title: str, below: Path) -> Path:
    """Return a folder of its own for a repository: no two names share one, and none leads out of `below`."""
    return below / _UNSAFE.sub(lambda found: f"%{ord(found.group()):02X}", title)
