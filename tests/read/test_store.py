"""Recorded facts: what goes in comes out, and nothing else does."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.errors import FactsMissingError, UsageError
from trimtab.facts import ClusterFacts, Facts, LiveObject, RepositoryFacts, Series, Unreadable
from trimtab.fleet import Gap, Location, ObjectRef, Serving, Setting
from trimtab.read import store

PLACE = Location("gitops", "apps/chat.yaml", 0, 31, 812, 816)
SERVING = Serving(
    subject="apps/chat.yaml#Deployment/llm/chat/server",
    repository="gitops",
    path="apps/chat.yaml",
    document=0,
    api_version="apps/v1",
    kind="Deployment",
    namespace="llm",
    name="chat",
    container="server",
    wrapper="plain",
    engine="vllm",
    settings={
        "max_model_len": Setting("max_model_len", 8192, "8192", PLACE, "flag"),
        "gpu_memory_utilization": Setting("gpu_memory_utilization", 1.0, "1.0", PLACE, "flag"),
        "enforce_eager": Setting("enforce_eager", value=True, raw="--enforce-eager", location=PLACE, via="flag"),
        "cpu_request": Setting("cpu_request", "1", "1", PLACE, "field", editable=False, reason="generated"),
    },
    annotations={"trimtab.dev/intent": "chat"},
    live_names=(ObjectRef("Deployment", "llm", "chat"),),
    clusters=("eu",),
)
CLUSTER = ClusterFacts(
    cluster="eu",
    ended_at_s=1_794_614_400,
    window_s=604_800,
    series=(
        Series("node_created", (("node", "a"),), (1.5e9,)),
        Series("pods_hourly", (("namespace", "llm"), ("stem", "chat")), (math.nan, 1.0, -0.0, 0.1 + 0.2)),
    ),
    queries={"node_created": "max by (node) (kube_node_created)"},
    objects=(LiveObject("Node", "", "a", {"z": "1", "a": "2"}, {}, {"gpu": 8, "share": 1.0, "on": True}, "4711"),),
    gaps=(Gap("eu", "cAdvisor", "its metrics are not there"), Gap("eu", "prometheus", "gone", blind=True)),
)
FACTS = Facts(
    (CLUSTER, ClusterFacts("us", 1, 2, (), {})),
    (
        RepositoryFacts("gitops", "c0ffee", "sha256:1", ("eu",), (SERVING,), 812, (Unreadable("a.yaml", 3, "tab"),)),
        RepositoryFacts("other", "", "", (), (), gaps=(Gap("", "other", "no such folder"),)),
    ),
)
TABLES = ("clusters", "series", "queries", "objects", "cluster_gaps", "repositories", "servings", "unreadable")


def test_facts_come_back_exactly(tmp_path: Path) -> None:
    """Every value has its type, its order and its NaN again, and the digest is the same before and after."""
    digest = store.record(FACTS, tmp_path)
    again = store.replay(tmp_path)
    assert again.digest == digest == store.digest(FACTS) == store.digest(again)
    assert repr(dataclasses.replace(again, digest="")) == repr(FACTS)


def test_the_same_facts_give_the_same_bytes(tmp_path: Path) -> None:
    """Recording twice, or recording what was replayed, writes the same files."""
    store.record(FACTS, tmp_path / "one")
    store.record(store.replay(tmp_path / "one"), tmp_path / "two")
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert first == second


@pytest.mark.parametrize("name", [*(f"{table}.parquet" for table in TABLES), "repository_gaps.parquet"])
@pytest.mark.parametrize("damage", ["missing", "longer", "flipped", "empty"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, damage: str) -> None:
    """Whatever happened to a file, its name is said and nothing is judged."""
    store.record(FACTS, tmp_path)
    path = tmp_path / name
    data = path.read_bytes()
    changed = {"longer": data + b"x", "flipped": bytes([data[0] ^ 1]) + data[1:], "empty": b""}
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(changed[damage])
    with pytest.raises(FactsMissingError, match=name):
        store.replay(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{}", "{", '{"schema": "trimtab/facts/v1", "files": 7, "digest": ""}', "[" * 100_000],
)
def test_a_broken_manifest_is_named(tmp_path: Path, text: str) -> None:
    """A manifest that is none is said to be."""
    store.record(FACTS, tmp_path)
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(FactsMissingError, match=r"manifest\.json"):
        store.replay(tmp_path)


def test_an_empty_folder_holds_no_facts(tmp_path: Path) -> None:
    """A folder without a manifest is no record."""
    with pytest.raises(FactsMissingError, match="are these recorded facts"):
        store.replay(tmp_path)


def test_facts_of_another_release_are_refused(tmp_path: Path) -> None:
    """A later form is not read as if it were this one."""
    _changed_manifest(tmp_path, schema="trimtab/facts/v9")
    with pytest.raises(FactsMissingError, match="trimtab/facts/v9"):
        store.replay(tmp_path)


def test_a_digest_that_is_not_of_these_facts_is_refused(tmp_path: Path) -> None:
    """The digest of the whole is checked too, not only those of the files."""
    _changed_manifest(tmp_path, digest="sha256:0")
    with pytest.raises(FactsMissingError, match="digest"):
        store.replay(tmp_path)


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"of": ["eu"], "signal": [7]}),
        pa.table({"of": ["eu"], "unknown": ["x"]}),
        pa.table({"of": ["eu"], "signal": ["x"]}),
        pa.table({"of": ["eu"], "signal": pa.array([None], pa.string())}),
    ],
)
def test_a_table_of_another_form_is_refused(tmp_path: Path, table: pa.Table) -> None:
    """A file whose digest fits and whose columns do not is no table of facts."""
    store.record(FACTS, tmp_path)
    pq.write_table(table, tmp_path / "series.parquet")
    _refreshed(tmp_path, "series.parquet")
    with pytest.raises(FactsMissingError):
        store.replay(tmp_path)


def test_bytes_that_are_no_table_are_refused(tmp_path: Path) -> None:
    """A file of any bytes whose digest fits is said to be no table."""
    store.record(FACTS, tmp_path)
    (tmp_path / "series.parquet").write_bytes(b"PAR1 and nothing more PAR1")
    _refreshed(tmp_path, "series.parquet")
    with pytest.raises(FactsMissingError, match=r"series\.parquet"):
        store.replay(tmp_path)


def test_a_folder_that_cannot_be_written_is_a_users_mistake(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        store.record(FACTS, tmp_path / "taken")


TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
LABELS = st.dictionaries(TEXT, TEXT, max_size=3).map(lambda labels: tuple(sorted(labels.items())))
SERIES = st.builds(Series, TEXT, LABELS, st.lists(st.floats(), min_size=1, max_size=4).map(tuple))
SCALARS = st.one_of(TEXT, st.integers(), st.booleans(), st.floats(allow_nan=False))
OBJECTS = st.builds(LiveObject, TEXT, TEXT, TEXT, *([st.dictionaries(TEXT, TEXT)] * 2), st.dictionaries(TEXT, SCALARS))


@settings(max_examples=40, deadline=None)
@given(st.lists(SERIES, max_size=4).map(tuple), st.lists(OBJECTS, max_size=2).map(tuple))
def test_any_facts_come_back(tmp_path_factory: pytest.TempPathFactory, series: tuple, objects: tuple) -> None:
    """Any text, any number, any order: what comes back is what went in."""
    folder = tmp_path_factory.mktemp("facts")
    facts = Facts((ClusterFacts("eu", 1, 2, series, {}, objects),), ())
    digest = store.record(facts, folder)
    again = store.replay(folder)
    assert digest == store.digest(again)
    assert repr(dataclasses.replace(again, digest="")) == repr(facts)


@settings(max_examples=60, deadline=None)
@given(SERIES, SERIES)
def test_other_facts_have_another_digest(one: Series, other: Series) -> None:
    """Two series have the same digest only where they are the same."""
    digests = [store.digest(Facts((ClusterFacts("eu", 1, 2, (series,), {}),), ())) for series in (one, other)]
    assert (digests[0] == digests[1]) == (repr(one) == repr(other))


def _changed_manifest(folder: Path, **changes: str) -> None:
    """Record facts and change what the manifest says."""
    store.record(FACTS, folder)
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _refreshed(folder: Path, name: str) -> None:
    """Make the manifest agree with a file that was changed."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"][name] = store._sha256(folder / name)
    path.write_text(json.dumps(manifest))
