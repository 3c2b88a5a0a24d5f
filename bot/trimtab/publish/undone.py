"""What a merged change becomes when it is taken back."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.fleet import Found, Unknown
from trimtab.gitio import GitError, undo
from trimtab.life import Entry
from trimtab.publish.branch import commit_of
from trimtab.publish.site import Site


def taken_back(site: Site, entry: Entry) -> Found[Mapping[str, bytes]] | Unknown:
    """Return the files that take a merged change back from the base of now; empty where nothing of it is left.

    Of what was merged together with others the commit of this one alone is taken back.

    Raises:
        ForgeError: The remote cannot be reached.
    """
    site.repo.fetch(site.base, blobs=True)
    if not site.repo.has(entry.merged):
        return Unknown("the commit that merged it is gone")
    try:
        commit = commit_of(site.repo, entry.head, entry.recommendation) if entry.branch else Found(entry.merged)
        return commit if isinstance(commit, Unknown) else undo(site.repo, commit.value, f"refs/heads/{site.base}")
    except GitError as error:
        return Unknown(error.message)
