"""The operator's price file: CSV with provider, region, gpu and usd_per_gpu_hour."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path, PurePath

from trimtab import catalog
from trimtab.errors import UsageError
from trimtab.fleet import Found, Unknown

COLUMNS = ("provider", "region", "gpu", "usd_per_gpu_hour")
_HINT = f"the first line names the columns: {','.join(COLUMNS)}"
_ANY = frozenset({"", "*"})
_MOST_USD = Decimal(10_000)
"""More than any GPU costs by the hour: beyond it a column was mistaken for another."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One price: provider and region are empty where any is meant."""

    provider: str
    region: str
    product: str
    usd: Decimal
    where: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what the price is for."""
        return (self.provider, self.region, self.product)


@dataclass(frozen=True, slots=True)
class Prices:
    """The operator's prices; none by default."""

    rows: tuple[_Row, ...] = ()

    def find(self, provider: str, region: str, product: str) -> Found[Decimal] | Unknown:
        """Return US dollars of a whole GPU's hour by the most specific row: region before provider before any."""
        wanted = whole_product(product)
        fitting = [
            row
            for row in self.rows
            if row.product == wanted
            and row.provider in {"", provider.strip().casefold()}
            and row.region in {"", region.strip().casefold()}
        ]
        best = max(fitting, key=lambda row: (bool(row.region), bool(row.provider)), default=None)
        if best is None:
            return Unknown(f"no row of the price file is for {product}")
        return Found(best.usd, PurePath(best.where).name)  # where a runner keeps its files is nobody's business


def whole_product(product: str) -> str:
    """Return the whole GPU's name as prices are looked up by: a part of a GPU is priced as its part of the whole."""
    return catalog.whole_product(product).casefold()


def load_prices(path: Path) -> Prices:
    """Return the prices in a file; an empty or `*` provider or region stands for any.

    Raises:
        UsageError: It cannot be read, or a row is broken or contradicts another; names file and line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}", "`prices.file` names it") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8 text", _HINT) from None
    rows: dict[tuple[str, str, str], _Row] = {}
    for row in _rows(text, str(path)):
        before = rows.setdefault(row.key, row)
        if before.usd != row.usd:
            raise UsageError(f"{row.where}: contradicts {before.where}", "keep one price for one GPU and place")
    return Prices(tuple(rows.values()))


def _rows(text: str, path: str) -> Iterator[_Row]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise UsageError(f"{path}:1: no column {missing[0]!r}", _HINT)
        reader.fieldnames = header
        for cells in reader:
            yield _row(cells, f"{path}:{reader.line_num}")
    except csv.Error as error:
        raise UsageError(f"{path}:{reader.reader.line_num}: {error}", _HINT) from None


def _row(cells: Mapping[str, str | None], where: str) -> _Row:
    if any(cells.get(name) is None for name in COLUMNS) or len(cells) > len(set(cells) - {None}):
        raise UsageError(f"{where}: too few or too many columns", _HINT)
    provider, region, gpu, price = ((cells[name] or "").strip() for name in COLUMNS)
    if not gpu:
        raise UsageError(f"{where}: no GPU is named", "write the node label's value, such as NVIDIA-A10G")
    provider, region = ("" if text in _ANY else text.casefold() for text in (provider, region))
    return _Row(provider, region, whole_product(gpu), _price(price, where), where)


def _price(text: str, where: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal(-1)
    if not (price.is_finite() and 0 <= price <= _MOST_USD):
        raise UsageError(f"{where}: {text!r} is no price", "write US dollars for one GPU and hour, such as 6.88")
    return price
