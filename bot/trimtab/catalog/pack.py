"""Packs a folder of `config.json` files into the bundled catalogue: `python -m trimtab.catalog.pack FOLDER`.

The folder holds the files and an `index.tsv` with the columns model, file, kind (`config` or `hf_quant_config`), …,
source, licence, date. To add a model: put its `config.json` into the folder, add its line, pack again.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

_EPOCH = (1980, 1, 1, 0, 0, 0)
_OTHER_EXPERT = re.compile(r"\.experts\.(?!0\.)\d+\.")
_SECOND_COPY = re.compile(r"\.(infsim|lss)\.json$")
COLUMNS = ("model", "file", "kind", "source", "licence", "date")


def pack(folder: Path, target: Path) -> int:
    """Write `models.zip` and `models.tsv` into `target`; returns how many models went in. Same input, same bytes."""
    with (folder / "index.tsv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if not _is_second_copy(row["file"], folder)]
    companions = {row["model"]: row["file"] for row in rows if row["kind"] == "hf_quant_config"}
    configs = sorted((row for row in rows if row["kind"] == "config"), key=lambda row: row["model"])
    with zipfile.ZipFile(target / "models.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for row in configs:
            companion = companions.get(row["model"])
            text = _compact(folder / row["file"], folder / companion if companion else None)
            archive.writestr(zipfile.ZipInfo(row["model"], _EPOCH), text, zipfile.ZIP_DEFLATED, 9)
    with (target / "models.tsv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, delimiter="\t", lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(configs)
    return len(configs)


def _is_second_copy(name: str, folder: Path) -> bool:
    """Whether another source's copy of the same model's file is the one to keep."""
    first = _SECOND_COPY.sub(".json", name)
    return first != name and (folder / first).exists()


def _compact(config: Path, companion: Path | None) -> str:
    """Return the configuration on one line, with the quantisation that stands in its companion file."""
    tree = json.loads(config.read_text(encoding="utf-8"))
    if companion and "quantization_config" not in tree:
        extra = json.loads(companion.read_text(encoding="utf-8"))
        tree["quantization_config"] = {"quant_method": "modelopt", **extra.get("quantization", {})}
    return json.dumps(_one_expert(tree), separators=(",", ":"))


def _one_expert(tree: Json) -> Json:
    """Leave out what a list of layers says of every expert but the first: all experts of a layer are stored alike."""
    if isinstance(tree, Mapping):
        return {key: _one_expert(value) for key, value in tree.items() if not _OTHER_EXPERT.search(key)}
    if isinstance(tree, list):
        return [_one_expert(item) for item in tree if not (isinstance(item, str) and _OTHER_EXPERT.search(item))]
    return tree


if __name__ == "__main__":
    sys.stdout.write(f"{pack(Path(sys.argv[1]), Path(__file__).parent / 'data')} models\n")
