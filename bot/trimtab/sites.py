"""Builds from the configuration what is published to: a site for each repository, and the ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from trimtab.config import Config, Repository
from trimtab.errors import UsageError
from trimtab.gitio import Remote, Repo
from trimtab.publish import Place, Site, connect, scratch
from trimtab.publish.pace import Pace, pace_from
from trimtab.record import Ledger


def sites_of(config: Config, place: Place) -> tuple[Site, ...]:
    """Return the sites of the repositories that have a forge.

    Raises:
        UsageError: A token or an option is missing.
        ForgeError: A remote cannot be read.
    """
    return tuple(connect(repository, place) for repository in config.repositories if repository.forge)


def ledger_of(config: Config, place: Place, now_s: int) -> Ledger:
    """Return the ledger, which writes every entry with this time (Unix seconds)."""
    repository = _ledger_repository(config)
    local = repository.forge is not None and repository.forge.kind == "local"
    pace = Pace(0.0) if local else pace_from(place.environ)
    return Ledger(ledger_repo(config, place), now_s, pace.wait)


def ledger_repo(config: Config, place: Place) -> Repo:
    """Return a scratch repository of the ledger's own, whose remote holds the branch."""
    return scratch(_ledger_repository(config), replace(place, workdir=place.workdir / "ledger"))


def repo_at(address: Path, workdir: Path) -> Repo:
    """Return a scratch repository for a clone on disk that holds the branch.

    Raises:
        UsageError: There is no such folder.
    """
    if not address.is_dir():
        raise UsageError(f"{address}: no such folder", "give the path of a clone")
    return Repo(workdir / "ledger.git", Remote(str(address.resolve())))


def _ledger_repository(config: Config) -> Repository:
    """Return the repository that `ledger` names, or the first."""
    if not config.repositories:
        raise UsageError("no repository is configured, so there is no ledger", "add `repositories`")
    named = [each for each in config.repositories if each.title == config.ledger]
    return named[0] if named else config.repositories[0]
