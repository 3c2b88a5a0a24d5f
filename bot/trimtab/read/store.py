"""Records facts, and gives them back exactly: one Parquet file for each table, and a manifest with digests."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Generic, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from trimtab.errors import FactsMissingError, UsageError
from trimtab.facts import ClusterFacts, Facts, LiveObject, RepositoryFacts, Series, Unreadable
from trimtab.fleet import Gap, Serving
from trimtab.read.columns import Record

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
SCHEMA = "trimtab/facts/v1"
MANIFEST = "manifest.json"
_MOST_BYTES = 4 << 30
"""A file that unpacks to more is refused: a hostile one can claim anything."""
_HINT = "record the facts again with `trimtab scan --record`"


@dataclasses.dataclass(frozen=True, slots=True)
class _Query:
    """One entry of `ClusterFacts.queries`."""

    signal: str
    promql: str


class _Table(Generic[R_co]):
    """One file: records of one kind, each with the name of the cluster or repository that it belongs to."""

    def __init__(self, name: str, kind: type[R_co], without: tuple[str, ...] = ()) -> None:
        """Name the file and find out its columns."""
        self.file = f"{name}.parquet"
        self.record = Record(kind, frozenset(without))
        self.schema = pa.schema([("of", pa.string()), *self.record.schema])

    def write(self, folder: Path, rows: Iterable[tuple[str, object]]) -> None:
        """Write the file; the same rows give the same bytes."""
        plain = [{"of": of, **self.record.encode(value)} for of, value in rows]
        pq.write_table(pa.Table.from_pylist(plain, self.schema), folder / self.file, compression="zstd")

    def read(self, folder: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
        """Yield the rows of the file, with whom each belongs to.

        Raises:
            FactsMissingError: The file is damaged, or of another form.
        """
        path = folder / self.file
        try:
            with pq.ParquetFile(path) as file:
                self._check(file, path)
                for batch in file.iter_batches():
                    for row in batch.to_pylist():
                        yield str(row.pop("of")), row
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            raise FactsMissingError(f"{path}: not a table of facts: {_first_line(error)}", _HINT) from None

    def _check(self, file: pq.ParquetFile, path: Path) -> None:
        """Refuse a file that would fill the memory, or has columns of other types."""
        unpacked = sum(file.metadata.row_group(index).total_byte_size for index in range(file.metadata.num_row_groups))
        if unpacked > _MOST_BYTES:
            raise FactsMissingError(f"{path}: unpacks to {unpacked >> 30} GiB, more than facts ever do", _HINT)
        for column in file.schema_arrow:
            expected = self.schema.field(column.name).type if column.name in self.schema.names else None
            if column.type != expected:
                raise FactsMissingError(f"{path}: column `{column.name}` is of another release or damaged", _HINT)


_CLUSTERS = _Table("clusters", ClusterFacts, ("series", "queries", "objects", "gaps"))
_SERIES = _Table("series", Series)
_QUERIES = _Table("queries", _Query)
_OBJECTS = _Table("objects", LiveObject)
_CLUSTER_GAPS = _Table("cluster_gaps", Gap)
_REPOSITORIES = _Table("repositories", RepositoryFacts, ("servings", "unreadable", "gaps"))
_SERVINGS = _Table("servings", Serving)
_UNREADABLE = _Table("unreadable", Unreadable)
_REPOSITORY_GAPS = _Table("repository_gaps", Gap)
_TABLES = (
    *(_CLUSTERS, _SERIES, _QUERIES, _OBJECTS, _CLUSTER_GAPS),
    *(_REPOSITORIES, _SERVINGS, _UNREADABLE, _REPOSITORY_GAPS),
)


def digest(facts: Facts) -> str:
    """Return `sha256:` over the canonical form of facts: the same for equal facts, recorded or not."""
    hashed = hashlib.sha256(SCHEMA.encode())
    for table, rows in _rows(facts):
        for of, value in rows:
            hashed.update(json.dumps([table.file, of, table.record.canonical(value)], sort_keys=True).encode())
    return f"sha256:{hashed.hexdigest()}"


def record(facts: Facts, folder: Path) -> str:
    """Write facts into a folder and return their digest.

    Raises:
        UsageError: The folder cannot be written, or the facts hold text that is none.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for table, rows in _rows(facts):
            table.write(folder, rows)
        manifest = {
            "schema": SCHEMA,
            "digest": digest(facts),
            "clusters": [
                {"name": cluster.cluster, "ended_at_s": cluster.ended_at_s, "window_s": cluster.window_s}
                for cluster in facts.clusters
            ],
            "files": {table.file: _sha256(folder / table.file) for table in _TABLES},
        }
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder}: facts cannot be written: {error.strerror}", "name another folder") from None
    except (UnicodeError, pa.ArrowException) as error:
        raise UsageError(f"{folder}: facts cannot be written: {_first_line(error)}") from None
    return str(manifest["digest"])


def replay(folder: Path) -> Facts:
    """Return the facts that `record` wrote, with their digest, after checking every file against the manifest.

    Raises:
        FactsMissingError: A file is missing, damaged, or not what the manifest says; names it.
    """
    manifest = _manifest(folder)
    for table in _TABLES:
        _verify(folder / table.file, manifest.get(table.file, ""))
    try:
        facts = Facts(_clusters(folder), _repositories(folder))
    except (TypeError, ValueError, RecursionError) as error:
        raise FactsMissingError(f"{folder}: not facts: {_first_line(error)}", _HINT) from None
    if digest(facts) != manifest["digest"]:
        raise FactsMissingError(f"{folder / MANIFEST}: the digest is not of these facts", _HINT)
    return dataclasses.replace(facts, digest=manifest["digest"])


def _rows(facts: Facts) -> Iterator[tuple[_Table[object], Iterable[tuple[str, object]]]]:
    """Yield every table with its rows, in their order."""
    clusters, repositories = facts.clusters, facts.repositories
    yield _CLUSTERS, ((one.cluster, one) for one in clusters)
    yield _SERIES, ((one.cluster, series) for one in clusters for series in one.series)
    yield _QUERIES, ((one.cluster, _Query(*query)) for one in clusters for query in sorted(one.queries.items()))
    yield _OBJECTS, ((one.cluster, item) for one in clusters for item in one.objects)
    yield _CLUSTER_GAPS, ((one.cluster, gap) for one in clusters for gap in one.gaps)
    yield _REPOSITORIES, ((one.name, one) for one in repositories)
    yield _SERVINGS, ((one.name, serving) for one in repositories for serving in one.servings)
    yield _UNREADABLE, ((one.name, item) for one in repositories for item in one.unreadable)
    yield _REPOSITORY_GAPS, ((one.name, gap) for one in repositories for gap in one.gaps)


def _grouped(table: _Table[R], folder: Path) -> dict[str, list[R]]:
    """Return a table's records by whom they belong to."""
    grouped: dict[str, list[R]] = {}
    for of, row in table.read(folder):
        grouped.setdefault(of, []).append(table.record.decode(row))
    return grouped


def _clusters(folder: Path) -> tuple[ClusterFacts, ...]:
    """Return the clusters' facts."""
    series, queries = _grouped(_SERIES, folder), _grouped(_QUERIES, folder)
    objects, gaps = _grouped(_OBJECTS, folder), _grouped(_CLUSTER_GAPS, folder)
    return tuple(
        _CLUSTERS.record.decode(
            row,
            series=tuple(series.get(of, ())),
            queries={query.signal: query.promql for query in queries.get(of, ())},
            objects=tuple(objects.get(of, ())),
            gaps=tuple(gaps.get(of, ())),
        )
        for of, row in _CLUSTERS.read(folder)
    )


def _repositories(folder: Path) -> tuple[RepositoryFacts, ...]:
    """Return the repositories' facts."""
    servings, unreadable = _grouped(_SERVINGS, folder), _grouped(_UNREADABLE, folder)
    gaps = _grouped(_REPOSITORY_GAPS, folder)
    return tuple(
        _REPOSITORIES.record.decode(
            row,
            servings=tuple(servings.get(of, ())),
            unreadable=tuple(unreadable.get(of, ())),
            gaps=tuple(gaps.get(of, ())),
        )
        for of, row in _REPOSITORIES.read(folder)
    )


def _manifest(folder: Path) -> dict[str, str]:
    """Return the digest of each file by its name, and of the facts under `digest`."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
        files, whole, schema = manifest["files"], manifest["digest"], manifest["schema"]
        digests = {"digest": str(whole), **{str(name): str(value) for name, value in files.items()}}
    except FileNotFoundError:
        raise FactsMissingError(f"{path}: no such file; are these recorded facts?", _HINT) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FactsMissingError(f"{path}: cannot be read: {_first_line(error)}", _HINT) from None
    if schema != SCHEMA:
        raise FactsMissingError(f"{path}: holds {schema!r}; this release reads {SCHEMA!r}", _HINT)
    return digests


def _verify(path: Path, expected: str) -> None:
    """Refuse a file that is missing or has other bytes than were recorded."""
    try:
        found = _sha256(path)
    except OSError as error:
        raise FactsMissingError(f"{path}: cannot be read: {error.strerror}", _HINT) from None
    if found != expected:
        raise FactsMissingError(f"{path}: the bytes are not those that were recorded", _HINT)


def _sha256(path: Path) -> str:
    """Return the digest of a file's bytes."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _first_line(error: BaseException) -> str:
    """Return the first line of an error, cut short."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
