"""What Trimtab leaves on a forge to know its own by: the branch's name and the hidden block of a body."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from trimtab.fleet import Found, Unknown
from trimtab.publish.forge import PREFIX

_BLOCK = re.compile(r"<!--\s*trimtab:v1:(?P<data>[A-Za-z0-9+/_=-]+)\s*-->", re.ASCII)
_IDENTITY = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
_SHARED = f"{PREFIX}by."
"""Begins the name of a branch that recommendations share; no rule's name has a dot."""

UNFINISHED = "<!-- trimtab:unfinished -->"
"""Ends the body of a pull request until its labels and reviewers are there; a later run finds it and adds them."""

DASHBOARD = "<!-- trimtab:dashboard -->"
"""The first line of the dashboard."""

LABEL = "trimtab"
"""The dashboard's label, by which it is found again."""

TITLE = "Trimtab: what is recommended here"
"""The dashboard's title; people may change it."""

_KEY = re.compile(r"<!-- trimtab:note:(?P<key>[0-9A-Za-z:._-]+) -->", re.ASCII)

STAGE = f"{PREFIX}signing-"
"""Begins the name of a branch that the forge makes commits on, before they are moved to where they count."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The hidden block: which recommendations a body tells of, and what of them.

    Attributes:
        members: Their identities, in the order of their commits.
        fingerprint: Of what was proposed.
    """

    members: tuple[str, ...]
    fingerprint: str


def branch_of(rule: str, identity: str) -> str:
    """Return the branch of a recommendation; the same one in every run."""
    return f"{PREFIX}{rule}/{identity}"


def shared_branch(group_by: str, key: Sequence[str]) -> str:
    """Return the branch of all recommendations that have something in common; the same one in every run.

    Args:
        group_by: What it is.
        key: The repository, and what it is for these.
    """
    named = hashlib.sha256("\0".join((group_by, *key)).encode()).hexdigest()[:16]
    return f"{_SHARED}{group_by}/{named}"


def is_shared(branch: str) -> bool:
    """Return whether a branch is one that recommendations share."""
    return branch.startswith(_SHARED)


def identity_of(branch: str) -> str:
    """Return the recommendation or group that a branch belongs to, empty where it is not ours by name."""
    parts = branch.split("/")
    ours = branch.startswith(PREFIX) and len(parts) == 3 and _IDENTITY.fullmatch(parts[2])  # noqa: PLR2004  # trimtab/rule/id
    return parts[2] if ours else ""


def read_mark(body: str) -> Found[Mark] | Unknown:
    """Return the last hidden block of a body; Unknown where there is none that can be read."""
    blocks = _BLOCK.findall(body)
    if not blocks:
        return Unknown("the body has no hidden block")
    try:
        data = json.loads(base64.b64decode(blocks[-1].translate(str.maketrans("-_", "+/")), validate=True))
        members = data["members"] if "members" in data else [data["id"]]
        return Found(Mark(tuple(map(str, members)), str(data["fingerprint"])))
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        return Unknown("the hidden block of the body cannot be read")


def fingerprint_in(body: str) -> str:
    """Return what a body says was proposed, empty where it does not say."""
    mark = read_mark(body)
    return mark.value.fingerprint if isinstance(mark, Found) else ""


def members_in(body: str) -> tuple[str, ...]:
    """Return the recommendations that a body tells of; none where it does not say."""
    mark = read_mark(body)
    return mark.value.members if isinstance(mark, Found) else ()


def note_key(key: str) -> str:
    """Return the first line of a comment of ours, by which it is found again."""
    return f"<!-- trimtab:note:{key} -->"


def key_of(body: str) -> str:
    """Return the key line of a comment of ours, empty where there is none."""
    first = body.split("\n", 1)[0].strip()
    return first if _KEY.fullmatch(first) else ""
