"""A ledger's files to damage: a few lives, from proposal to outcome."""

from __future__ import annotations

from trimtab.life import Actor, Draft
from trimtab.record.chain import path_of
from trimtab.record.codec import START, decode, seal
from trimtab.rule import Change, Footprint, Subject

AT = "2026-11-21T00:00:00Z"
ADA = Actor("ada", 7)
ME = Actor("trimtab-bot", 4242)
LIVES = {
    "a" * 16: ("proposed", "open", "open", "approved", "actuated", "verified"),
    "b" * 16: ("proposed", "open", "dismissed"),
    "c" * 16: ("proposed", "open", "snoozed", "open", "withdrawn"),
}

CHANGES = (
    Change("replicas", 4, 2),
    Change("gpu_memory_utilization", 0.9, 0.95),
    Change("enforce_eager", before=True, after=False),
)
"""One of each type of value."""


def draft(recommendation: str, step: str, expects: int = 0, head: str = "", note: str = "") -> Draft:
    """Return a draft with something in every kind of field."""
    return Draft(
        recommendation=recommendation,
        step=step,
        actor=ADA if step in {"approved", "dismissed"} else ME,
        expects=expects,
        head=head,
        facts="sha256:1",
        rule="surplus-replicas",
        subject=Subject("eu", "llm", "Deployment", "chät"),
        repository="gitops",
        pull_request=3,
        url="https://forge.example/3",
        title="chat: 2 replicas",
        changes=CHANGES,
        gpus_before=Footprint("NVIDIA-L40S", 4.0),
        gpus_after=Footprint("NVIDIA-L40S", 2.5),
        saving="1200.00",
        seen={"ttft_p95_ms": 120.5},
        fingerprint="f1",
        note=note,
    )


def drafts() -> list[Draft]:
    """Return the steps of all lives, taken in turns, as a ledger would get them."""
    found: list[Draft] = []
    last: dict[str, int] = {}
    for turn in range(max(map(len, LIVES.values()))):
        for name, steps in LIVES.items():
            if turn < len(steps):
                found.append(draft(name, steps[turn], last.get(name, 0), head=f"{turn:040d}"))
                last[name] = len(found)
    return found


def files() -> dict[str, bytes]:
    """Return the files of a whole ledger."""
    made: dict[str, bytes] = {}
    prev, states = START, dict.fromkeys(LIVES, "")
    for seq, one in enumerate(drafts(), start=1):
        made[path_of(seq)] = seal(one, seq, AT, states[one.recommendation], prev)
        prev, states[one.recommendation] = decode(made[path_of(seq)]).digest, one.step
    return made
