"""Answers in the words of GitHub's REST API, which Gitea and Forgejo speak too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from trimtab.life import NOBODY, Actor
from trimtab.publish.forge import Dress, Issue
from trimtab.publish.mark import DASHBOARD


def is_dashboard(issue: Mapping[str, object]) -> bool:
    """Return whether what a listing of issues has is one that holds a dashboard, and no pull request."""
    return not issue.get("pull_request") and str(issue.get("body") or "").startswith(DASHBOARD)


def issue_of(issue: Mapping[str, object]) -> Issue:
    """Return an issue."""
    body, url = str(issue.get("body") or ""), str(issue.get("html_url") or "")
    return Issue(int(str(issue["number"])), actor_of(issue.get("user")), body, url)


def actor_of(user: object) -> Actor:
    """Return an account; nobody where it is gone."""
    return Actor(str(user["login"]), int(str(user["id"]))) if isinstance(user, Mapping) else NOBODY


def time_of(at: datetime | None) -> str:
    """Return a time, which GitHub tells in UTC, as RFC 3339; empty where there is none."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def objects(value: object) -> Sequence[Mapping[str, object]]:
    """Return the objects of a list; none where it is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def lacking(pull: Mapping[str, object], dress: Dress) -> Dress:
    """Return what of its labels and reviewers a pull request does not have yet, so that each is added once."""
    labels = {str(each.get("name")) for each in objects(pull.get("labels"))}
    people = {str(each.get("login")).lower() for each in objects(pull.get("requested_reviewers"))}
    teams = (*objects(pull.get("requested_teams")), *objects(pull.get("requested_reviewers_teams")))
    asked = people | {str(each.get("slug") or each.get("name")).lower() for each in teams}
    return Dress(
        labels=tuple(name for name in dress.labels if name not in labels),
        reviewers=tuple(
            one for one in dress.reviewers if one.removeprefix("@").rsplit("/", 1)[-1].lower() not in asked
        ),
    )
