"""The dashboard on GitHub: an issue of this account's own, with a label by which it is found."""

from __future__ import annotations

from dataclasses import replace

from trimtab.fleet import Found, Unknown
from trimtab.publish.forge import AbsentError, Issue
from trimtab.publish.github_calls import Calls, send
from trimtab.publish.mark import LABEL, TITLE
from trimtab.publish.once import Spot, first, write_once
from trimtab.publish.rest import is_dashboard, issue_of


def dashboard(calls: Calls, body: str = "") -> Found[Issue] | Unknown:
    """Return the open issue with our label and mark; write only into one that this account opened.

    Raises:
        ForgeError: GitHub declines or does not answer; a repository without issues is an Unknown.
    """
    try:
        if body:
            return Found(_write(calls, body))
        found = calls.caller.read(lambda: _standing(calls))
    except AbsentError as error:
        return Unknown(f"no dashboard: {error.message}")
    own = [each for each in found if len(found) == 1 or each.author == calls.whoami()]
    return first(own or found)


def _standing(calls: Calls) -> list[Issue]:
    """Return what stands with our label and mark, oldest first; one page holds more than anybody has."""
    wanted = {"state": "open", "labels": LABEL, "sort": "created", "direction": "asc", "per_page": "100"}
    return [issue_of(each) for each in calls.page(f"{calls.here}/issues", wanted) if is_dashboard(each)]


def _write(calls: Calls, body: str) -> Issue:
    """Write the one issue of this account; of two that runs opened at once the later is closed."""

    def own() -> list[Issue]:
        return [issue for issue in calls.caller.read(lambda: _standing(calls)) if issue.author == calls.whoami()]

    def create() -> Issue:
        return issue_of(
            calls.ask("POST", f"{calls.here}/issues", body={"title": TITLE, "body": body, "labels": [LABEL]})
        )

    def change(issue: Issue) -> Issue:
        send(calls, "PATCH", f"issues/{issue.number}", {"body": body})
        return replace(issue, body=body)

    return write_once(
        body,
        Spot(
            own=own,
            make=lambda: calls.caller.write(create, lambda: first(own())),
            change=change,
            remove=lambda issue: send(calls, "PATCH", f"issues/{issue.number}", {"state": "closed"}),
        ),
    )
