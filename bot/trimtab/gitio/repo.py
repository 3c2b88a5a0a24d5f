"""A bare scratch repository and the remote that it mirrors in part."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from trimtab.errors import ForgeError

_SETTINGS = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.protectHFS", "true"),
    ("core.protectNTFS", "true"),
    ("credential.helper", ""),
    ("protocol.ext.allow", "never"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("log.showSignature", "false"),
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "60"),
)
"""Settings that keep a repository under judgement from running anything here, and git from asking anybody or waiting
for a server that fell silent."""

_LONGEST_S = 600
"""No command of git takes longer, a clone of a large repository included; a server may keep silent for ever."""

_KEPT = ("PATH", "LANG", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO")
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "no_proxy", "all_proxy")


class GitError(ForgeError):
    """Git ended with an error; the message is its own, without any secret."""


@dataclass(frozen=True, slots=True)
class Remote:
    """Where branches are.

    Attributes:
        address: A URL or a path, without credentials.
        token: Sent as a header over HTTP; never part of an address, an argument or a log.
        user: The user name that goes with the token (`x-access-token` for GitHub, `oauth2` for GitLab).
    """

    address: str
    token: str = field(default="", repr=False)
    user: str = "x-access-token"

    def settings(self) -> tuple[tuple[str, str], ...]:
        """Return the git settings that carry the token, for this host alone."""
        parts = urlsplit(self.address)
        if not self.token or parts.scheme not in {"http", "https"}:
            return ()
        secret = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        return ((f"http.{parts.scheme}://{parts.netloc}/.extraHeader", f"Authorization: Basic {secret}"),)


class Repo:
    """Runs git in a bare repository of its own, never in a folder that a person works in."""

    def __init__(self, folder: Path, remote: Remote) -> None:
        """Make the scratch repository in `folder` where there is none.

        Raises:
            ForgeError: Git is not installed, or the folder cannot be used.
        """
        self.folder = folder
        self.remote = remote
        self._git = shutil.which("git") or ""
        if not self._git:
            raise ForgeError("git is not installed", "install git 2.30 or later")
        if not (folder / "HEAD").exists():
            folder.mkdir(parents=True, exist_ok=True)
            self.run("init", "-q", "--bare", "--template=")

    def run(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        """Return what a git command prints.

        Raises:
            GitError: It failed; the message is what git said.
        """
        done = self.attempt(*arguments, stdin=stdin, env=env)
        if done.returncode:
            raise GitError(f"git {arguments[0]}: {said(done)}")
        return done.stdout

    def attempt(
        self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a git command and return how it ended.

        Raises:
            GitError: It did not end.
        """
        try:
            return subprocess.run(  # noqa: S603  # arguments are ours; refs and paths are never options
                [self._git, "--git-dir", str(self.folder), *arguments],
                input=stdin,
                capture_output=True,
                check=False,
                env={**self._environment(), **(env or {})},
                timeout=_LONGEST_S,
            )
        except subprocess.TimeoutExpired:
            raise GitError(f"git {arguments[0]}: no end after {_LONGEST_S} s", "does the server answer?") from None

    def heads(self, pattern: str) -> Mapping[str, str]:
        """Return the remote's branches that match, such as `trimtab/*`, by name without `refs/heads/`."""
        listed = self.run("ls-remote", "--heads", "--", self.remote.address, f"refs/heads/{pattern}").decode()
        pairs = (line.split("\t", 1) for line in listed.splitlines())
        return {name.removeprefix("refs/heads/"): commit for commit, name in pairs}

    def default_branch(self) -> str:
        """Return the branch that the remote's HEAD names.

        Raises:
            GitError: The remote cannot be read, or its HEAD names no branch.
        """
        listed = self.run("ls-remote", "--symref", "--", self.remote.address, "HEAD").decode()
        for line in listed.splitlines():
            if line.startswith("ref: refs/heads/"):
                return line.removeprefix("ref: refs/heads/").split("\t", 1)[0]
        raise GitError(f"{self.remote.address} has no default branch", "name the branch with `base`")

    def fetch(self, *branches: str, blobs: bool = False) -> None:
        """Bring branches here, under the same names; without file contents unless `blobs`."""
        if not branches:
            return
        far = "://" in self.remote.address
        contents = "--filter=blob:none" if far and not blobs else "--no-filter"
        specs = [f"+refs/heads/{branch}:refs/heads/{branch}" for branch in branches]
        self.run(
            "fetch", "-q", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", contents, "origin", *specs
        )

    def bring(self, commit: str) -> bool:
        """Fetch one commit by its id, with its contents; return whether it is here: a remote may have dropped it."""
        if self.has(commit):
            return True
        self.attempt("fetch", "-q", "--no-tags", "--no-write-fetch-head", "--no-filter", "origin", commit)
        return self.has(commit)

    def first_of(self, *refs: str) -> str:
        """Return the commit of the first of these refs that is here, empty where none is."""
        for ref in refs:
            found = self.attempt("rev-parse", "--verify", "-q", f"{ref}^{{commit}}")
            if found.returncode == 0:
                return found.stdout.decode().strip()
        return ""

    def has(self, commit: str) -> bool:
        """Return whether a commit is here."""
        return bool(commit) and self.attempt("cat-file", "-e", f"{commit}^{{commit}}").returncode == 0

    def contains(self, descendant: str, ancestor: str) -> bool:
        """Return whether `ancestor` is part of the history of `descendant`; both must be here."""
        return self.attempt("merge-base", "--is-ancestor", ancestor, descendant).returncode == 0

    def people(self, since: str, until: str) -> frozenset[str]:
        """Return the names of all authors and committers of the commits in `until` that `since` does not have."""
        named = self.run("log", "--format=%an%n%cn", until, f"^{since}", "--").decode(errors="replace")
        return frozenset(filter(None, named.splitlines()))

    def _environment(self) -> dict[str, str]:
        settings = (*_SETTINGS, ("remote.origin.url", self.remote.address), *self.remote.settings())
        kept = {name: os.environ[name] for name in (*_KEPT, *_PROXIES) if name in os.environ}
        numbered = {f"GIT_CONFIG_KEY_{index}": key for index, (key, _) in enumerate(settings)}
        numbered |= {f"GIT_CONFIG_VALUE_{index}": value for index, (_, value) in enumerate(settings)}
        return {
            **kept,
            **numbered,
            "GIT_CONFIG_COUNT": str(len(settings)),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=30",
            "HOME": str(self.folder),
            "LC_ALL": "C",
        }


def said(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return what git wrote: its first fatal line, else its last, without control characters."""
    lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    text = (fatal or lines[-1:] or [f"ended with {done.returncode}"])[0]
    return "".join(letter for letter in text if letter.isprintable())[:300]
