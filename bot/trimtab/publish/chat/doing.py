"""Does what is recorded. What to do is read from the record alone, so that it may be done twice, and by another run."""

from __future__ import annotations

from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
from trimtab.life import Entry
from trimtab.publish.chat.asked import Asked
from trimtab.publish.chat.desk import Effect, came_to_nothing
from trimtab.publish.chat.verbs import SPECS, verb_of
from trimtab.publish.forge import Dress, PullRequest, PullState, RateLimitedError
from trimtab.publish.site import Site


def effect_of(entry: Entry) -> Effect:
    """Return what a recorded command brings about; what left a shared pull request is taken out by a run."""
    effect = Effect.NONE if came_to_nothing(entry) else SPECS[verb_of(entry)].effect
    return Effect.RUN if effect is Effect.CLOSE and not entry.pull_request else effect


def do(site: Site, asked: Asked, entry: Entry, *, merges: bool) -> str:
    """Do what an entry asks for, and return why the forge did not merge; empty where there is nothing to say.

    The pull request is read again first: what a person closed meanwhile stays closed, what they wrote stays written.

    Raises:
        ForgeError: The forge cannot be reached; doing it again finishes it.
    """
    effect = effect_of(entry)
    wanted = effect in {Effect.CLOSE, Effect.REVIEW} or (effect is Effect.MERGE and merges)
    pull = _open_now(site, asked) if wanted else Unknown("nothing to do")
    if isinstance(pull, Unknown):
        return ""
    number, title, body = pull.value.number, pull.value.title, pull.value.body
    if effect is Effect.CLOSE:
        site.forge.edit_pull(number, title=title, body=body, state=PullState.CLOSED)
    if effect is Effect.REVIEW:
        dress = Dress(reviewers=(entry.note.partition(" ")[2],))
        site.forge.edit_pull(number, title=title, body=body, state=PullState.OPEN, dress=dress)
    return _merge(site, pull.value, entry) if effect is Effect.MERGE else ""


def _open_now(site: Site, asked: Asked) -> Found[PullRequest] | Unknown:
    """Return the comment's pull request as it is now, where it is still open."""
    if isinstance(asked.pull, Unknown):
        return asked.pull
    for pull in site.forge.pulls(asked.pull.value.branch):
        if pull.number == asked.pull.value.number and pull.state is PullState.OPEN:
            return Found(pull)
    return Unknown("it is not open any more")


def _merge(site: Site, pull: PullRequest, entry: Entry) -> str:
    """Merge exactly the approved head by the forge's own rules, and return why that did not come about."""
    try:
        site.forge.edit_pull(pull.number, title=pull.title, body=pull.body, state=PullState.MERGED, head=entry.head)
    except RateLimitedError:
        raise
    except ForgeError as error:
        return error.message
    return ""
