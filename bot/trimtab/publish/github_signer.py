"""Commits that GitHub makes and signs: `createCommitOnBranch`, in the name of the token's account.

https://docs.github.com/en/graphql/reference/mutations#createcommitonbranch (read 2026-11): GitHub signs such a commit,
whoever the token belongs to; author and file modes cannot be set; `expectedHeadOid` is the lease.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from trimtab.gitio import Step
from trimtab.publish.github_calls import Calls, send
from trimtab.publish.rest import actor_of
from trimtab.publish.signer import Look
from trimtab.publish.tokens import is_app

_COMMIT = """mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}"""

_WEB = "web-flow"
"""The account that GitHub signs as: https://github.com/web-flow."""


class GitHubSigner:
    """Makes commits on GitHub; a `Signer`."""

    def __init__(self, calls: Calls, *, signs: bool) -> None:
        """Take the API, and whether commits are wanted from it."""
        self._calls = calls
        self.signs = signs

    def begin(self, branch: str, commit: str, look: Look, *, there: bool) -> None:
        """Make a branch at a commit, or put the one that is there so."""
        if there:
            send(self._calls, "PATCH", f"git/refs/heads/{branch}", {"sha": commit, "force": True})
            return
        wanted = {"ref": f"refs/heads/{branch}", "sha": commit}

        def create() -> str:
            self._calls.ask("POST", f"{self._calls.here}/git/refs", body=wanted)
            return commit

        self._calls.caller.write(create, look)

    def add(self, branch: str, head: str, step: Step, look: Look) -> str:
        """Commit to a branch whose head is `head`, and return the new one."""
        headline, _, text = step.message.partition("\n")
        changes: dict[str, object] = {}  # an empty list of either kind makes the call fail
        if step.files:
            changes["additions"] = [
                {"path": path, "contents": base64.b64encode(content).decode()}
                for path, content in sorted(step.files.items())
            ]
        if step.gone:
            changes["deletions"] = [{"path": path} for path in sorted(step.gone)]
        wanted = {
            "branch": {"repositoryNameWithOwner": self._calls.here.removeprefix("/repos/"), "branchName": branch},
            "expectedHeadOid": head,
            "message": {"headline": headline, "body": text.strip("\n")},
            "fileChanges": changes,
        }
        return self._calls.caller.write(lambda: self._commit(wanted), look)

    def doubt(self, commit: str) -> str:
        """Return why a commit is not one that this account made and GitHub vouches for; empty where it is."""
        found = self._calls.caller.read(lambda: self._calls.ask("GET", f"{self._calls.here}/commits/{commit}"))
        inner = found.get("commit")
        badge = inner.get("verification") if isinstance(inner, Mapping) else {}
        if not isinstance(badge, Mapping) or badge.get("verified") is not True:
            reason = badge.get("reason") if isinstance(badge, Mapping) else ""
            return f"GitHub does not call {commit[:12]} verified: {reason or 'it does not say why'}"
        author, committer = actor_of(found.get("author")), actor_of(found.get("committer"))
        if 0 != author.id == self._calls.whoami().id and committer.login in {_WEB, author.login}:
            return ""
        return f"{commit[:12]} was made by {author.login or 'nobody that GitHub knows'}"

    def _commit(self, wanted: Mapping[str, object]) -> str:
        data = self._calls.graphql(_COMMIT, {"input": wanted})
        made = data["createCommitOnBranch"]
        commit = made["commit"] if isinstance(made, Mapping) else {}
        return str(commit["oid"])


def signs(commits: str, token: str) -> bool:
    """Return whether commits are made by the API: as configured, else where the token is that of an App."""
    return commits == "api" or (commits == "auto" and is_app(token))
