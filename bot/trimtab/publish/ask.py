"""What the forge is asked for each move; every request may be made twice and has its effect once."""

from __future__ import annotations

from dataclasses import replace

from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
from trimtab.life import Entry
from trimtab.publish.back import body_again
from trimtab.publish.dress import dress_for
from trimtab.publish.forge import PLAIN, NewPull, PullRequest, PullState, RateLimitedError
from trimtab.publish.mark import UNFINISHED, key_of, note_key
from trimtab.publish.move import Call, Move
from trimtab.publish.site import Site
from trimtab.recommendation import Bundle
from trimtab.text.templates import markdown_templates

Answer = Found[PullRequest] | Unknown

EMPTIED = "nothing is left in it; what it held was taken back, or goes on in pull requests of its own"
"""Why a pull request that was shared is closed."""


def ask(site: Site, move: Move, pull: PullRequest | None, entry: Entry | None) -> Answer:
    """Return the pull request as it stands after the move's call; Unknown says why nothing was done.

    Raises:
        ForgeError: The forge declines or does not answer.
    """
    if move.call is Call.OPEN and isinstance(move.wanted, Bundle):
        return Found(_open(site, move, move.wanted))
    if move.call is Call.REOPEN and isinstance(move.wanted, Bundle) and entry is not None:
        return Found(_reopen(site, move, move.wanted, entry))
    if pull is None or entry is None:
        return Unknown("nothing to do")
    if move.call is Call.EDIT and isinstance(move.wanted, Bundle):
        return Found(_edit(site, move, move.wanted, pull))
    if move.call is Call.TELL:
        site.forge.comment(pull.number, said("taken-over", entry))
        return Found(pull)
    return _close(site, pull, entry, EMPTIED if move.shared else entry.note)


def said(name: str, entry: Entry, reason: str = "") -> str:
    """Return a comment of ours with its key, so that it is said once for each entry."""
    text = markdown_templates().get_template(f"comment/{name}.md.j2").render(reason=reason)
    return f"{note_key(f'{name}:{entry.seq}')}\n{text}"


def _open(site: Site, move: Move, bundle: Bundle) -> PullRequest:
    """Open the pull request; one that another run opened meanwhile gets this run's text."""
    dress = dress_for(site, bundle)
    return site.forge.open_pull(NewPull(move.standing.branch, site.base, bundle.title, bundle.body, dress))


def _reopen(site: Site, move: Move, bundle: Bundle, entry: Entry) -> PullRequest:
    """Open the pull request of before again, and say so; where the forge will not, open a new one.

    The branch has the commit of before: a new one is marked as unfinished, so that the next run brings it up to date.
    """
    pulls = site.forge.pulls(move.standing.branch)
    if pulls and pulls[0].state is PullState.OPEN:
        return pulls[0]
    try:
        for old in (one for one in pulls if (one.number, one.state) == (entry.pull_request, PullState.CLOSED)):
            body = body_again(old.body, entry)
            pull = site.forge.edit_pull(old.number, title=old.title, body=body, state=PullState.OPEN)
            site.forge.comment(old.number, said("back", entry))
            return pull
    except RateLimitedError:
        raise
    except ForgeError:
        pass  # such as a branch that was pushed to after it was closed, which GitHub takes for another
    return _open(site, move, replace(bundle, body=f"{bundle.body.rstrip()}\n{UNFINISHED}\n"))


def _edit(site: Site, move: Move, bundle: Bundle, pull: PullRequest) -> PullRequest:
    """Write the text anew; a title that a person wrote stays, and so does what people made of labels and reviewers.

    Where a run was cut off before it had added them they are added.
    """
    ours = {entry.title for entry in move.standing.entries}
    title = bundle.title if pull.title in ours else pull.title
    dress = dress_for(site, bundle) if UNFINISHED in pull.body else PLAIN
    if pull.base != site.base:
        dress = replace(dress, base=site.base)
    return site.forge.edit_pull(pull.number, title=title, body=bundle.body, state=PullState.OPEN, dress=dress)


def _close(site: Site, pull: PullRequest, entry: Entry, why: str) -> Answer:
    """Close with a reason, once: who opens it again afterwards is not contradicted.

    The reason ends the body too: it is written by the same call that closes, so that no crash comes between.
    """
    reason = said("withdrawn", entry, why)
    if key_of(reason) in pull.body:
        return Unknown("left alone: a person opened it again")
    body = f"{pull.body.rstrip()}\n\n{reason}"
    closed = site.forge.edit_pull(pull.number, title=pull.title, body=body, state=PullState.CLOSED)
    site.forge.comment(pull.number, reason)
    return Found(replace(closed, state=PullState.CLOSED))
