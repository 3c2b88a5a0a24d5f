"""Models by name: bundled configurations, other names for the same shape, quantised repacks of a known base."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trimtab.catalog.names import spellings
from trimtab.catalog.ollama import library_tag
from trimtab.catalog.repacks import Repack, read_repack
from trimtab.fleet import Found, Model, Unknown

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of the index: the model's name in the archive, what changes, where it is from."""

    name: str
    stored_as: str
    overrides_json: str
    source: str


def find_model(name: str) -> Found[Model] | Unknown:
    """Return a model's configuration by id, path, URI, tag or repack's name; `Unknown` says what was looked for.

    An id is matched without regard to case. Of a path (`/models/meta-llama/Llama-3.1-8B-Instruct`, a hub cache's
    `models--org--name/snapshots/…`, `s3://…/name`, a NIM image) the last parts are tried. A repack (`…-AWQ`,
    `…-quantized.w8a8`, `….Q4_K_M.gguf`) of a known base has the base's configuration with the quantisation that the
    name tells; so has a tag of Ollama's library. Nothing is fetched.
    """
    wanted = list(spellings(name))
    if not wanted:
        return Unknown("no model is named")
    for read in (_named, _tagged):
        for spelling in wanted:
            found = read(spelling)
            if found is not None:
                return found
    return Unknown(f"no configuration of {name[:120]!r} is in the catalogue; give its config.json with --config")


def _named(wanted: str) -> Found[Model] | None:
    entry = _entry(wanted)
    if entry is not None:
        return _found(entry)
    repack = read_repack(wanted)
    base = _base_of(wanted, repack) if repack else None
    return _repacked(wanted, repack, base) if repack and base else None


def _tagged(wanted: str) -> Found[Model] | None:
    tag = library_tag(wanted)
    entry = _entry(tag.base) if tag else None
    return _repacked(wanted, tag, entry) if tag and entry else None


def model_names() -> tuple[str, ...]:
    """Return every id in the catalogue, sorted, other names included."""
    return tuple(sorted(entry.name for entry in _index().values()))


def _entry(wanted: str) -> _Entry | None:
    """Return the entry of an id, of the last two parts of a path, or of a last part that only one shape has."""
    parts = wanted.casefold().split("/")
    for key in ("/".join(parts), "/".join(parts[-2:])):
        if key in _index():
            return _index()[key]
    same = [entry for key, entry in _index().items() if key.rsplit("/", 1)[-1] == parts[-1]]
    shapes = {(entry.stored_as, entry.overrides_json) for entry in same}
    return same[0] if len(shapes) == 1 else None


def _base_of(wanted: str, repack: Repack) -> _Entry | None:
    """Return the entry that a repack was made from; the repacker's organisation says nothing of it.

    A name may tell its scheme twice (`-int4-AutoRound`), and join the base's organisation to it (`Qwen_Qwen3-8B-GGUF`).
    """
    owner = wanted.rsplit("/", 1)[0] if "/" in wanted else ""
    joined = repack.base.replace("_", "/", 1)
    found = (_entry(f"{owner}/{repack.base}") if owner else None) or _entry(repack.base) or _entry(joined)
    again = read_repack(repack.base) if found is None else None
    return _base_of(wanted, again) if again else found


def _found(entry: _Entry) -> Found[Model]:
    return Found(Model(entry.name, _config(entry.stored_as, entry.overrides_json), entry.source), entry.source)


@cache
def _config(stored_as: str, overrides_json: str) -> str:
    text = zipfile.ZipFile(_DATA / "models.zip").read(stored_as).decode()
    overrides = json.loads(overrides_json)
    if not overrides:
        return text
    return json.dumps({key: value for key, value in (json.loads(text) | overrides).items() if value is not None})


def _repacked(wanted: str, repack: Repack, base: _Entry) -> Found[Model]:
    source = f"{base.source}; quantisation read off the name ({repack.words})"
    tree: Mapping[str, object] = json.loads(_config(base.stored_as, base.overrides_json))
    text = json.dumps(dict(tree) | {"quantization_config": json.loads(repack.scheme_json)})
    return Found(Model(wanted, text, source), source)


@cache
def _index() -> Mapping[str, _Entry]:
    """Return every entry by its id in lower case."""
    index: dict[str, _Entry] = {}
    with (_DATA / "models.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            source = f"{row['source']} ({row['licence']}, {row['date']})"
            index[row["model"].casefold()] = _Entry(row["model"], row["model"], "{}", source)
    with (_DATA / "aliases.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            base = index[row["base"].casefold()]
            source = f"{base.source}, as {base.name}: {row['why']}"
            index[row["alias"].casefold()] = _Entry(row["alias"], base.stored_as, row["overrides"], source)
    return index
