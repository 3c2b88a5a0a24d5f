"""What Trimtab leaves on a forge to know its own by: the branch's name and the hidden block of a body."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass

from trimtab.fleet import Found, Unknown
from trimtab.publish.forge import PREFIX

_BLOCK = re.compile(r"<!--\s*trimtab:v1:(?P<data>[A-Za-z0-9+/_=-]+)\s*-->", re.ASCII)
_IDENTITY = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
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
    """The hidden block: which recommendation a body tells of, and what of it."""

    id: str
    fingerprint: str


def branch_of(rule: str, identity: str) -> str:
    """Return the branch of a recommendation; the same one in every run."""
    return f"{PREFIX}{rule}/{identity}"


def identity_of(branch: str) -> str:
    """Return the recommendation that a branch belongs to, empty where it is not ours by name."""
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
        return Found(Mark(str(data["id"]), str(data["fingerprint"])))
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        return Unknown("the hidden block of the body cannot be read")


def note_key(key: str) -> str:
    """Return the first line of a comment of ours, by which it is found again."""
    return f"<!-- trimtab:note:{key} -->"


def key_of(body: str) -> str:
    """Return the key line of a comment of ours, empty where there is none."""
    first = body.split("\n", 1)[0].strip()
    return first if _KEY.fullmatch(first) else ""
