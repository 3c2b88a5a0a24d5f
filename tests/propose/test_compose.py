"""Several proposals as one: each edit on top of the ones before it, proven there, and told in one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.propose import samples
from tests.propose.test_propose import CHART, NO_TOOLS, config, helm, plain, written
from trimtab.config import GroupBy, PullRequests
from trimtab.fleet import Fleet, Found, Place, Unknown
from trimtab.manifest import inspect
from trimtab.propose import Source, compose, propose
from trimtab.propose.assemble import LONGEST_BODY
from trimtab.propose.together import body, title
from trimtab.publish.mark import members_in
from trimtab.recommendation import Bundle, Plan, Priced, Proof, Proposal, Saving, fingerprint_of
from trimtab.render import Tools, Workspace, live_names
from trimtab.rule import Change

REPLICAS = samples.priced(Change("replicas", 1, 2))
LENGTH = samples.priced(Change("max_model_len", 8192, 4096))
CPU = samples.priced(Change("cpu_request", "2", "4"))


def together(source: Source, *priced: Priced, tools: Tools = NO_TOOLS) -> tuple[Sequence[Proposal], Bundle]:
    """Return the proposals for one serving, each by itself, and what they are together."""
    with Workspace(source.root, source.tree, tools) as workspace:
        servings = live_names(inspect(source.tree, "gitops").servings, workspace)
    fleet = samples.fleet(samples.workload(Found(Place(servings[0], "same kind, namespace and name", 0.99))))
    settings = config().model_copy(update={"pull_requests": PullRequests(group_by=GroupBy.WORKLOAD)})
    made = propose(Plan(priced, ()), {"gitops": source}, fleet, settings, tools)
    assert all(one.publishable for one in made), [one.refused for one in made]
    return made, compose(made, {"gitops": source}, fleet, settings, tools)


def test_edits_of_one_file_are_made_one_after_the_other(tmp_path: Path) -> None:
    """The second commit holds both changes; the first is as it would be alone."""
    (first, second), bundle = together(plain(tmp_path), REPLICAS, LENGTH)

    assert [one.id for one in bundle.members] == [first.id, second.id]
    assert bundle.members[0] == first
    (path,) = second.files
    text = bundle.members[1].files[path].decode()
    assert ("replicas: 2" in text, "--max-model-len=4096" in text) == (True, True)
    assert "replicas" not in "".join(line for line in bundle.members[1].diff.splitlines() if line[:1] in "+-")


def test_a_chart_is_proven_for_each_on_top_of_the_others(tmp_path: Path) -> None:
    """What the chart becomes is compared with what it was after the commit before, and with nothing else."""
    (_, second), bundle = together(written(tmp_path, CHART), REPLICAS, LENGTH, tools=helm())

    proof = bundle.members[1].proof
    assert isinstance(proof, Proof)
    assert isinstance(second.proof, Proof)
    assert "4096" in proof.rendered_diff
    assert "spec.replicas" not in proof.rendered_diff
    assert bundle.members[1].files != second.files


def test_the_same_edit_twice_is_left_out(tmp_path: Path) -> None:
    """What finds its value set already has nothing to commit, and goes by itself."""
    again = replace(REPLICAS, finding=replace(REPLICAS.finding, rule="idle-replica"))

    _, bundle = together(plain(tmp_path), REPLICAS, again, LENGTH)

    assert [one.priced.finding.rule for one in bundle.members] == [REPLICAS.finding.rule, LENGTH.finding.rule]


def test_another_value_in_the_same_place_is_left_out(tmp_path: Path) -> None:
    """Two that want the same field to be different things do not share a pull request."""
    other = samples.priced(Change("replicas", 1, 3))

    _, bundle = together(plain(tmp_path), REPLICAS, replace(other, finding=replace(other.finding, rule="idle-replica")))

    assert [one.priced.option.changes[0].after for one in bundle.members] == [2]
    assert bundle.title == bundle.members[0].title


def test_one_text_tells_of_all(tmp_path: Path) -> None:
    """Each has its section and its id; the hidden block lists them, with one fingerprint for all."""
    made, bundle = together(plain(tmp_path), REPLICAS, LENGTH)

    assert bundle.title.startswith("llm/chat-mistral: 2 changes, save ")
    assert members_in(bundle.body) == tuple(one.id for one in made)
    assert bundle.fingerprint == fingerprint_of(made)
    assert all(f"### {number}. " in bundle.body and one.id in bundle.body for number, one in enumerate(made, start=1))
    assert bundle.body.count("/trimtab split") == 1
    assert bundle.body.rstrip().endswith("-->")


@pytest.mark.parametrize(
    ("savings", "told"),
    [
        (("100", "50.5"), ", save $151 a month"),
        (("100", "-300"), ", add $200 a month"),
        (("100", ""), ", save $100 a month, 1 without a known price"),
        (("", ""), ", 2 without a known price"),
        (("0", "0"), ""),
    ],
)
def test_the_title_adds_up_what_is_known(tmp_path: Path, savings: tuple[str, str], told: str) -> None:
    """The sum is of known prices alone, and says how many are not known."""
    made, _ = together(plain(tmp_path), REPLICAS, LENGTH)
    worth = [Saving(Decimal(one), Decimal(one), Decimal(one)) if one else Unknown("no price") for one in savings]
    members = [replace(one, priced=replace(one.priced, saving=each)) for one, each in zip(made, worth, strict=True)]

    assert title(members, fleet(), GroupBy.RULE) == f"{made[0].priced.finding.rule}: 2 changes{told}"


def test_twenty_long_ones_fit(tmp_path: Path) -> None:
    """The text stays below what forges take, keeps the list, and ends with its state."""
    (one, _), _ = together(plain(tmp_path), REPLICAS, LENGTH)
    long = replace(one.priced, finding=replace(one.priced.finding, diagnosis="It idles | <b>much</b>. " * 200))
    members = [replace(one, priced=long, title=f"chat {number} | `x`") for number in range(20)]

    text = body(members, fleet())

    assert len(text.encode("utf-16-le")) // 2 <= LONGEST_BODY
    assert text.count("\n### ") == 20
    assert len(members_in(text)) == 20


def fleet() -> Fleet:
    """Return a fleet of one workload."""
    return samples.fleet(samples.workload())
