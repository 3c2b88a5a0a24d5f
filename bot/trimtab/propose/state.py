"""What a machine reads of a proposal: its fingerprint and the hidden block in the body."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal

from trimtab.fleet import Unknown
from trimtab.propose.told import Told
from trimtab.recommendation import Edit, Priced, Proposal, Saving, fingerprint_of
from trimtab.text.markdown import Md


def fingerprint(priced: Priced, edits: Sequence[Edit], diff: str = "") -> str:
    """Return a hash of what matters to a reader: identity, changes, edits, and the saving in two digits.

    The lines next to each edit are in it: where they change on the base, Git can merge the branch no more. The digest
    of the facts is not: new samples that lead to the same words need no update.
    """
    matter = [
        priced.id,
        [[change.field, change.before, change.after] for change in priced.option.changes],
        [[edit.repository, edit.path, edit.before, edit.after] for edit in edits],
        _two_digits(priced.saving),
        _beside(diff),
    ]
    return hashlib.sha256(json.dumps(matter, ensure_ascii=True).encode()).hexdigest()[:16]


def _beside(diff: str) -> list[str]:
    """Return the unchanged lines of a unified diff that stand next to changed ones."""
    lines = diff.splitlines()
    changed = [line[:1] in {"+", "-"} and line[:4] not in {"+++ ", "--- "} for line in lines]
    near = zip(lines, [False, *changed], [*changed[1:], False], strict=False)
    return [line for line, before, after in near if line[:1] == " " and (before or after)]


def _two_digits(saving: Saving | Unknown) -> str:
    return "unknown" if isinstance(saving, Unknown) or not saving.monthly else f"{saving.monthly:.1e}"


def hidden(told: Told, mark: str) -> Md:
    """Return the block that holds the state; base64 has no `-`, so that nothing in it can end the comment."""
    subject = told.subject
    state = {
        "changes": [{"field": one.field, "from": one.before, "to": one.after} for one in told.changes],
        "facts": told.fleet.facts_digest,
        "fingerprint": mark,
        "id": told.priced.id,
        "rule": told.priced.finding.rule,
        "saving": _monthly(told.priced.saving),
        "subject": {
            "cluster": subject.cluster,
            "kind": subject.kind,
            "name": subject.name,
            "namespace": subject.namespace,
        },
    }
    packed = json.dumps(state, sort_keys=True, separators=(",", ":")).encode()
    return Md(f"<!-- trimtab:v1:{base64.b64encode(packed).decode()} -->")


def hidden_together(members: Sequence[Proposal]) -> Md:
    """Return the block that holds the state of several that share a pull request."""
    state = {
        "facts": members[0].facts_digest,
        "fingerprint": fingerprint_of(members),
        "members": [one.id for one in members],
        "saving": [_monthly(one.priced.saving) for one in members],
    }
    packed = json.dumps(state, sort_keys=True, separators=(",", ":")).encode()
    return Md(f"<!-- trimtab:v1:{base64.b64encode(packed).decode()} -->")


def _monthly(saving: Saving | Unknown) -> str | None:
    return None if isinstance(saving, Unknown) else str(saving.monthly.quantize(Decimal("0.01")))
