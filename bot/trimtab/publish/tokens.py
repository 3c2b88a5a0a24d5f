"""What a token must be allowed to do, and whether it says that it is not: checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trimtab.errors import UsageError

GITHUB_LEAST = "`contents: write`, `pull-requests: write` and `issues: write`"
"""Permissions of a fine-grained token, of an App, or of a workflow's job; the classic scope is `repo`."""

_CLASSIC = ("ghp_", "gho_")
"""Begin the tokens that have scopes, and send them with each answer (read 2026-11):
https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps."""

_INSTALLATION = "ghs_"
"""Begins the token of an App, a workflow's job included; GitHub tells it of no role, for it has none:
https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/ (read 2026-11)."""

_REPO = frozenset({"repo", "public_repo"})


def is_app(token: str) -> bool:
    """Return whether a GitHub token is that of an App's installation, as the one of a workflow's job is."""
    return token.startswith(_INSTALLATION)


def check_scopes(token: str, scopes: Sequence[str]) -> None:
    """Check the scopes that GitHub names in `X-OAuth-Scopes`; a token of another kind has none, and passes.

    Raises:
        UsageError: It may not write to repositories.
    """
    named = sorted(filter(None, (scope.strip() for scope in scopes)))
    if (named or token.startswith(_CLASSIC)) and _REPO.isdisjoint(named):
        raise UsageError(
            f"GITHUB_TOKEN lacks the scope `repo`: it has {', '.join(named) or 'none'}",
            f"add it at https://github.com/settings/tokens, or use a token with {GITHUB_LEAST}",
        )


def check_repository(token: str, repository: Mapping[str, object]) -> None:
    """Check what `GET /repos/{owner}/{repo}` says of the token's account; what it does not say passes.

    Raises:
        UsageError: The repository is archived, or the account may only read it.
    """
    name, role = repository.get("full_name"), repository.get("permissions")
    if repository.get("archived") is True:
        raise UsageError(f"{name} is archived: nothing can be written there", "take it out of `repositories`")
    if isinstance(role, Mapping) and role.get("push") is False and not is_app(token):
        raise UsageError(
            f"the account of GITHUB_TOKEN may only read {name}", "give it the role Write there, or take another token"
        )


def check_gitlab(token: Mapping[str, object]) -> None:
    """Check what `GET /personal_access_tokens/self` says: https://docs.gitlab.com/api/personal_access_tokens/.

    Raises:
        UsageError: It has scopes, and `api` is not among them.
    """
    scopes = token.get("scopes")
    if isinstance(scopes, list) and "api" not in scopes:
        raise UsageError(
            f"GITLAB_TOKEN lacks the scope `api`: it has {', '.join(map(str, scopes)) or 'none'}",
            "make a project access token with the scopes `api` and `write_repository`, and the role Developer",
        )
