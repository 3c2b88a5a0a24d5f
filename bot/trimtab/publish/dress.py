"""What a pull request is opened with: labels, reviewers, and whether it is a draft."""

from __future__ import annotations

from collections.abc import Iterable

from trimtab.publish.codeowners import owners_of
from trimtab.publish.forge import Dress
from trimtab.publish.site import Site
from trimtab.recommendation import Bundle


def dress_for(site: Site, bundle: Bundle) -> Dress:
    """Return labels and reviewers as the operator wants them, and a draft where a proposal is not sure enough.

    Owners of the changed files are read from the base branch, never from the change itself.

    Raises:
        GitError: The base branch cannot be read.
    """
    style = site.style
    owners = _owners(site, bundle) if style.codeowners else ()
    reviewers = tuple(dict.fromkeys((*style.reviewers, *owners)))
    sure = min(one.priced.option.confidence for one in bundle.members)
    return Dress(style.labels, reviewers, draft=sure < style.draft_below)


def _owners(site: Site, bundle: Bundle) -> Iterable[str]:
    """Return the accounts and teams that own what changes; addresses and roles cannot be asked for a review."""
    site.repo.fetch(site.base, blobs=True)
    owned = owners_of(site.repo, site.base, sorted({path for one in bundle.members for path in one.files}))
    named = {owner for owners in owned.values() for owner in owners}
    return sorted(owner for owner in named if owner.startswith("@") and not owner.startswith("@@"))
