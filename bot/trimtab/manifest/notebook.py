"""What is known of a folder, kept on disk so that memory holds none of it: one database of SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from trimtab.facts import Unreadable
from trimtab.manifest.file_facts import FileFacts
from trimtab.manifest.seen import Question, Record, Records
from trimtab.manifest.tree import is_yaml

TOLD = "told"
"""The name of records of what is said of the servings of a file."""
NO_YAML = 8
"""What stands in the place of the code of hints of a file that is not of YAML."""
_TABLES = (
    "create table program (digest text)",
    "create table files (path blob primary key, stamp text, yaml integer, blob text) without rowid",
    "create table contents (blob text primary key, line integer, reason blob, hints integer, words text, links blob)",
    "create table records (name text, path blob, basis blob, value blob, primary key (name, path))",
)
_BETWEEN = b"\0"
"""What no text of a record holds, of JSON and of paths."""


class Notebook:
    """The files of a folder with their stamps, what contents say by themselves, and what was worked out of them.

    Any method raises `sqlite3.Error` where the disk is full, or what lies on it is no such database.
    """

    def __init__(self, place: Path | None = None) -> None:
        """Open the file of a database; without one, it is this object's own and goes with it."""
        self.sql = sqlite3.connect(place or "", isolation_level=None)
        for setting in ("journal_mode = off", "synchronous = off"):
            self.sql.execute(f"pragma {setting}")

    @classmethod
    def empty(cls, program: str = "") -> Notebook:
        """Return one that knows nothing; `program` tells the program that will write from any other."""
        book = cls()
        for table in _TABLES:
            book.sql.execute(table)
        book.sql.execute("insert into program values (?)", (program,))
        return book

    def copy_to(self, other: Notebook) -> None:
        """Let another notebook say what this one does, and nothing else."""
        self.sql.backup(other.sql)

    @property
    def settled(self) -> int:
        """Return how many files need not be read again."""
        return int(str(self._one("select count(*) from files where stamp <> ''")))

    @property
    def program(self) -> str:
        """Return what tells the program that wrote it from any other."""
        return str(self._one("select digest from program"))

    def _one(self, query: str, *values: object) -> object:
        """Return the first value of the first row; None where there is none."""
        found: tuple[object, ...] | None = self.sql.execute(query, values).fetchone()
        return found[0] if found is not None else None

    def is_as(self, listed: Iterable[tuple[str, str]]) -> bool:
        """Return whether a folder has these files with these stamps, and no others; empty stamps are never the same."""
        self._list((_coded(path), stamp, is_yaml(path)) for path, stamp in listed)
        same = "select count(*) from listed join files using (path, stamp) where stamp <> ''"
        every = "select max((select count(*) from listed), (select count(*) from files))"
        return self._one(same) == self._one(every)

    def anew(self) -> Notebook:
        """Return a copy that has the files and stamps that were asked about last; those that changed are unread."""
        book = Notebook()
        self.copy_to(book)
        book._list(self.sql.execute("select path, stamp, yaml from listed"))
        book.sql.execute("delete from files where path not in (select path from listed)")
        book.sql.execute(
            "insert or replace into files select path, now.stamp, now.yaml, null from listed as now"
            " left join files as old using (path) where now.stamp = '' or old.stamp is not now.stamp"
        )
        return book

    def _list(self, rows: Iterable[tuple[bytes, str, bool]]) -> None:
        """Hold what is listed beside the database itself."""
        self.sql.execute("drop table if exists listed")
        self.sql.execute("create temp table listed (path blob primary key, stamp text, yaml integer) without rowid")
        self.sql.executemany("insert into listed values (?, ?, ?)", rows)

    def unread(self) -> list[str]:
        """Return the files that have changed since they were read."""
        return [_text(path) for (path,) in self.sql.execute("select path from files where blob is null order by path")]

    def read(self, path: str, blob: str) -> None:
        """Take a file's blob id, empty where it cannot be read: then it is none of the folder's."""
        if blob:
            self.sql.execute("update files set blob = ? where path = ?", (blob, _coded(path)))
        else:
            self.sql.execute("delete from files where path = ?", (_coded(path),))

    def unknown(self) -> list[str]:
        """Return a file of YAML for each of the contents of which nothing is known."""
        query = "select min(path) from files where yaml and blob not in (select blob from contents) group by blob"
        return sorted(_text(path) for (path,) in self.sql.execute(query))

    def learn(self, blob: str, facts: FileFacts) -> None:
        """Take what contents say by themselves."""
        said = (facts.line, _coded(facts.reason), facts.hints.code, " ".join(facts.words), _coded(facts.links))
        self.sql.execute("insert or replace into contents values (?, ?, ?, ?, ?, ?)", (blob, *said))

    def files(self) -> Iterator[tuple[str, str, int | None, Sequence[str]]]:
        """Yield each file by path: its blob id, the code of its hints, None where that is not known, and its words."""
        query = (
            "select path, files.blob, case when yaml then hints else ? end, words from files"
            " left join contents on yaml and contents.blob = files.blob order by path"
        )
        for path, blob, code, words in self.sql.execute(query, (NO_YAML,)):
            yield _text(path), str(blob), code, (words or "").split()

    def links(self, blob: str) -> str:
        """Return what the kustomization of a blob id names; empty where that is not known."""
        found = self._one("select links from contents where blob = ?", blob)
        return _text(found) if found is not None else ""

    def record(self, key: Question) -> Record | None:
        """Return what was worked out, by name and path; None where nothing was."""
        name, path = key
        query = "select basis, value from records where name = ? and path = ?"
        found = self.sql.execute(query, (name, _coded(path))).fetchone()
        if found is None:
            return None
        basis = {tuple(question): was for *question, was in json.loads(found[0])}
        return Record(basis, _texts(found[1]))

    def write(self, records: Records) -> None:
        """Take what was worked out anew."""
        for (name, path), record in records.items():
            basis = json.dumps([(*question, was) for question, was in record.basis.items()]).encode()
            value = _BETWEEN.join(map(_coded, record.value))
            self.sql.execute("insert or replace into records values (?, ?, ?, ?)", (name, _coded(path), basis, value))

    def tidy(self, serving: Iterable[str]) -> None:
        """Forget what is known of files that are gone, and what is said of servings in any but these."""
        self.sql.execute("create temp table serving (path blob primary key) without rowid")
        self.sql.executemany("insert into serving values (?)", ((_coded(path),) for path in serving))
        self.sql.execute("delete from records where name = ? and path not in (select path from serving)", (TOLD,))
        self.sql.execute("drop table serving")
        self.sql.execute(
            "delete from records where rowid in (select rowid from records indexed by sqlite_autoindex_records_1"
            " where path not in (select path from files))"
        )
        self.sql.execute("delete from contents where blob not in (select blob from files)")

    @property
    def servings(self) -> Iterator[str]:
        """Yield what is said of each serving, by path and place in the file."""
        for (value,) in self.sql.execute("select value from records where name = ? order by path", (TOLD,)):
            yield from _texts(value)

    @property
    def files_read(self) -> int:
        """Return how many YAML files there are."""
        return int(str(self._one("select count(*) from files where yaml")))

    @property
    def unreadable(self) -> Iterator[Unreadable]:
        """Yield those that no parser takes."""
        query = "select path, line, reason from files join contents using (blob) where yaml and line > 0 order by path"
        for path, line, reason in self.sql.execute(query):
            yield Unreadable(_text(path), line, _text(reason))


def _coded(text: str) -> bytes:
    """Return a text as it is kept; the order of paths stays, and bytes of names that are no UTF-8 do."""
    return text.encode(errors="surrogatepass")


def _text(kept: object) -> str:
    return bytes(kept).decode(errors="surrogatepass") if isinstance(kept, bytes) else str(kept)


def _texts(value: bytes) -> tuple[str, ...]:
    return tuple(map(_text, value.split(_BETWEEN))) if value else ()
