"""Proposals to publish: one changed value in one file of a small repository."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from tests.forges.state import tip
from trimtab.fleet import Unknown
from trimtab.propose.state import hidden_together
from trimtab.publish import Wanted
from trimtab.recommendation import Bundle, Edit, Priced, Proof, Proposal, Saving, alone
from trimtab.rule import Change, Finding, Footprint, Layer, Option, Subject

AT_S = 1_794_614_400
FILES = {"apps/chat.yaml": "replicas: 4\n", "apps/code.yaml": "replicas: 6\n", "README.md": "hello\n"}


def proposal(bare: Path, name: str = "chat", replicas: int = 2, saving: str = "1200.00", facts: str = "1") -> Proposal:
    """Return a proposal to set the replicas of a workload, made on the base's head of now."""
    priced = _priced(name, replicas, saving)
    fingerprint = f"{name}-{replicas}-{saving}"
    path = f"apps/{name}.yaml"
    trailers = f"Trimtab-Recommendation: {priced.id}\nTrimtab-Facts: sha256:{facts}\n"
    return Proposal(
        priced=priced,
        facts_digest=f"sha256:{facts}",
        repository="gitops",
        base_commit=tip(bare, "main"),
        files={path: f"replicas: {replicas}\n".encode()},
        edits=(Edit("gitops", path, 1, "replicas: 4", f"replicas: {replicas}", "replicas"),),
        diff="",
        proof=Proof("the object itself", "", 1, 1),
        refused="",
        title=f"{name}: {replicas} replicas, saves ${saving}",
        body=f"Fewer replicas do.\n\n{mark(priced.id, fingerprint)}",
        commit_message=f"{name}: {replicas} replicas\n\n{trailers}",
        fingerprint=fingerprint,
        team="llm",
        explanation={"why": ("Two replicas carry the busiest hour.",), "seen": ("requests waiting: 0 (7d)",)},
    )


def mark(identity: str, fingerprint: str) -> str:
    """Return the hidden block of a body."""
    packed = json.dumps({"id": identity, "fingerprint": fingerprint}).encode()
    return f"<!-- trimtab:v1:{base64.b64encode(packed).decode()} -->"


def compose(members: Sequence[Proposal]) -> Bundle:
    """Return a bundle of the proposals that touch no file of one before them."""
    kept: list[Proposal] = []
    for one in members:
        if not any(one.files.keys() & other.files.keys() for other in kept):
            kept.append(one)
    if len(kept) == 1:
        return alone(kept)
    listed = "\n".join(f"- {one.title}" for one in kept)
    return Bundle(tuple(kept), f"llm: {len(kept)} changes", f"{listed}\n\n{hidden_together(kept)}")


def wanted(*proposals: Proposal, valid: tuple[str, ...] = (), blind: tuple[str, ...] = ()) -> Wanted:
    """Return what a run found."""
    return Wanted(proposals, frozenset(valid), frozenset(), frozenset(blind), AT_S)


def _priced(name: str, replicas: int, saving: str) -> Priced:
    option = Option(
        (Change("replicas", 4, replicas),), Footprint("NVIDIA-L40S", replicas), 0, "nvidia.com/gpu", (), 0.9
    )
    finding = Finding(
        rule="surplus-replicas",
        layer=Layer.MODEL,
        subject=Subject("eu", "llm", "Deployment", name),
        diagnosis="Two replicas carry the busiest hour.",
        evidence=(),
        risk="low",
        before=Footprint("NVIDIA-L40S", 4.0),
        options=(option,),
        otherwise="It goes on.",
        more_gpus="They would idle.",
    )
    worth = Decimal(saving) if saving else None
    priced = Unknown("no price") if worth is None else Saving(worth, worth, worth)
    return Priced(finding, option, priced, 0.0, "a table", ())
