"""The pull request that sets Trimtab up in a repository: opened once, never against anybody's decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
from trimtab.gitio import Commit, Refused, Update, holds, push, write_commit
from trimtab.gitio.commit import AUTHOR
from trimtab.publish.forge import PREFIX, NewPull, PullRequest, PullState
from trimtab.publish.site import Site

ONBOARDING = f"{PREFIX}onboarding"
"""Its branch; the name of no recommendation's."""


@dataclass(frozen=True, slots=True)
class Onboarding:
    """What the pull request brings.

    Attributes:
        files: Content by path.
        title: One line.
        body: Markdown.
        at_s: Date of its commit, Unix seconds.
    """

    files: Mapping[str, bytes]
    title: str
    body: str
    at_s: int


def lacking(site: Site, files: Mapping[str, bytes], *, force: bool) -> Mapping[str, bytes]:
    """Return those of the files that the base branch does not have, with `force` also those that differ there.

    Raises:
        GitError: The remote cannot be read.
    """
    site.repo.fetch(site.base)
    listed = site.repo.run("ls-tree", "-z", f"refs/heads/{site.base}", "--", *files).decode()
    there = {
        path: meta.split(" ")[2] for meta, _, path in (line.partition("\t") for line in listed.split("\0")) if path
    }
    if not force:
        return {path: content for path, content in files.items() if path not in there}
    blobs = {path: site.repo.run("hash-object", "--stdin", stdin=files[path]).decode().strip() for path in there}
    return {path: content for path, content in files.items() if there.get(path, "") != blobs.get(path)}


def onboard(site: Site, new: Onboarding) -> Found[PullRequest] | Unknown:
    """Return the open pull request that brings the files; Unknown says why there is none.

    One that a person closed or merged is not opened again. What a person committed to its branch stays. The text is
    written with each commit, and otherwise left as people have it.

    Raises:
        ForgeError: The forge or the remote does not answer or declines; the next call goes on from what is there.
    """
    pulls = site.forge.pulls(ONBOARDING)
    pull = next((one for one in pulls if one.state is PullState.OPEN), None)
    if pulls and pull is None:
        return Unknown(f"{pulls[0].url} brought it before and was {pulls[0].state.value}: that stands")
    tip = site.repo.heads(ONBOARDING).get(ONBOARDING, "")
    moved = _move(site, new, tip)
    if pull is None:
        return Found(site.forge.open_pull(NewPull(ONBOARDING, site.base, new.title, new.body)))
    if moved:
        site.forge.edit_pull(pull.number, title=pull.title, body=new.body, state=PullState.OPEN)
    return Found(replace(pull, head=moved or tip))


def _move(site: Site, new: Onboarding, tip: str) -> str:
    """Bring the branch to the files and return its new head; empty where it stays as it is."""
    if tip:
        site.repo.fetch(site.base, ONBOARDING)
        others = site.repo.people(f"refs/heads/{site.base}", tip) - {AUTHOR}
        if others or holds(site.repo, tip, new.files):
            return ""
    site.repo.fetch(site.base)
    base = site.repo.first_of(f"refs/heads/{site.base}")
    head = write_commit(site.repo, Commit(base, new.files, f"{new.title}\n", new.at_s))
    site.pace.wait()
    outcome = push(site.repo, [Update(ONBOARDING, head, tip)])[ONBOARDING]
    if isinstance(outcome, Refused):
        hint = "files under .github/workflows need a token with the permission or scope `workflow`"
        raise ForgeError(f"{ONBOARDING} was not taken: {outcome.reason}", hint)
    return head
