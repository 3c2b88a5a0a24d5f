"""What Git tells of a merge: whether a commit has it in its history, and when it was made."""

from __future__ import annotations

from collections.abc import Sequence

from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
from trimtab.gitio import GitError
from trimtab.life import Entry
from trimtab.publish.site import Site


class Lineage:
    """Answers from the history of each repository's base branch, which is fetched once, when it is first asked for."""

    def __init__(self, sites: Sequence[Site]) -> None:
        """Take the repositories."""
        self._sites = {site.name: site for site in sites}
        self._fetched: set[str] = set()

    def holds(self, entry: Entry, commit: str) -> Found[bool] | Unknown:
        """Return whether a commit of the entry's repository has the merge in its history."""
        site = self._site(entry)
        if isinstance(site, Unknown):
            return site
        if not site.value.repo.has(commit):
            return Unknown(f"{commit} is no commit of {entry.repository}")
        return Found(site.value.repo.contains(commit, entry.merged))

    def merged_s(self, entry: Entry) -> Found[int] | Unknown:
        """Return when the commit that merged it was made, Unix seconds."""
        site = self._site(entry)
        if isinstance(site, Unknown):
            return site
        return Found(int(site.value.repo.run("log", "-1", "--format=%ct", entry.merged)))

    def _site(self, entry: Entry) -> Found[Site] | Unknown:
        """Return the repository, with the merge at hand."""
        site = self._sites.get(entry.repository)
        if site is None:
            return Unknown(f"repository {entry.repository} is not configured")
        try:
            if site.name not in self._fetched:
                site.repo.fetch(site.base)
                self._fetched.add(site.name)
        except (GitError, ForgeError) as error:
            return Unknown(error.message)
        held = bool(entry.merged) and site.repo.has(entry.merged)
        return Found(site) if held else Unknown("the commit that merged it is not in the base branch")
