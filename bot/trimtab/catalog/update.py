"""Newer prices from public sources, into an operator's price file.

Azure: the Retail Prices API (learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices), which
needs no account. AWS: the tables of github.com/aws/karpenter-provider-aws (Apache-2.0) by the Go module proxy
(go.dev/ref/mod#goproxy-protocol), which have us-east-1 alone: AWS's own list is hundreds of megabytes a region.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from trimtab.catalog.folder import read_text
from trimtab.catalog.instances import instances
from trimtab.catalog.review import PRICE_COLUMNS
from trimtab.errors import FactsMissingError, UsageError
from trimtab.fleet import Found

AZURE = "https://prices.azure.com/api/retail/prices"
GO_PROXY = "https://proxy.golang.org"
_MODULE = "github.com/aws/karpenter-provider-aws"
_TABLE = "pkg/providers/pricing/zz_generated.pricing_aws.go"
_REGION_BLOCK = re.compile(r'"([a-z]{2}(?:-[a-z]+)+-\d)":\s*\{(.*?)\n\t\},', re.DOTALL)
_PRICE = re.compile(r'"([a-z0-9-]+\.[a-z0-9-]+)":\s*([0-9.]+)')
_RELEASE = re.compile(r"v(\d+)\.(\d+)\.(\d+)")
_TIMEOUT_S = 30.0
_MOST_BYTES = 256 << 20
_MOST_PAGES = 200


@dataclass(frozen=True, slots=True)
class Updated:
    """What was written.

    Attributes:
        region: Whose prices.
        usd_per_gpu_hour: By the GPU's name.
        source: Who published them.
        rows_kept: Rows of other providers and regions that were in the file.
    """

    region: str
    usd_per_gpu_hour: Mapping[str, float]
    source: str
    rows_kept: int


def update_prices(provider: str, region: str, out: Path, address: str) -> Updated:
    """Write a provider's GPU prices into a file; rows of other providers and regions in it stay.

    Raises:
        FactsMissingError: The source cannot be reached, or answers with something else.
        UsageError: The region or the file is not one to use.
    """
    if provider == "azure":
        if not re.fullmatch(r"[a-z0-9]{3,40}", region):
            raise UsageError("Azure's prices are by region", "--region eastus")
        fetched = _azure(region, address or AZURE)
    else:
        if region not in {"", "us-east-1"}:
            raise UsageError(f"{region!r}: Karpenter's tables have us-east-1 alone", "give other regions by hand")
        region, fetched = "us-east-1", _aws(address or GO_PROXY)
    hours, source = fetched
    rows = _by_gpu(hours)
    if not rows:
        raise FactsMissingError(f"{source} names no GPU's price in {region}")
    return Updated(region, rows, source, _write(out, provider, region, rows))


def _azure(region: str, address: str) -> tuple[Mapping[str, float], str]:
    """Return US dollars an hour by VM size: Linux, on demand, neither spot nor low priority."""
    filters = f"serviceName eq 'Virtual Machines' and armRegionName eq '{region}' and priceType eq 'Consumption'"
    page = f"{address}?{urlencode({'$filter': filters})}"
    hours: dict[str, float] = {}
    for _ in range(_MOST_PAGES):
        tree = _object(_get(page), page)
        items = tree.get("Items")
        for item in items if isinstance(items, list) else []:
            found = _item(item)
            if found:
                hours[found[0]] = min(found[1], hours.get(found[0], found[1]))
        following = tree.get("NextPageLink")
        if not isinstance(following, str) or not following:
            return hours, "Azure Retail Prices API"
        if urlsplit(following).netloc.removesuffix(":443") != urlsplit(address).netloc:
            raise FactsMissingError(f"{address}: the next page is at another host, {urlsplit(following).netloc[:80]!r}")
        page = following
    raise FactsMissingError(f"{address}: more than {_MOST_PAGES} pages")


def _item(item: object) -> tuple[str, float] | None:
    if not isinstance(item, dict) or item.get("unitOfMeasure") != "1 Hour" or item.get("currencyCode") != "USD":
        return None
    words = f"{item.get('productName')} {item.get('skuName')}".casefold()
    if any(word in words for word in ("windows", "spot", "low priority")):
        return None
    usd = item.get("retailPrice")
    return (str(item.get("armSkuName")).casefold(), float(usd)) if isinstance(usd, int | float) and usd > 0 else None


def _aws(address: str) -> tuple[Mapping[str, float], str]:
    """Return US dollars an hour by instance type in us-east-1, from the newest release's tables."""
    base = f"{address.rstrip('/')}/{_MODULE}/@v"
    listed = (_RELEASE.fullmatch(line.strip()) for line in _get(f"{base}/list").decode("utf-8", "replace").splitlines())
    releases = [match for match in listed if match]
    if not releases:
        raise FactsMissingError(f"{base}/list: no releases are listed")
    newest = max(releases, key=lambda match: tuple(int(part) for part in match.groups()))[0]
    block = next((text for name, text in _REGION_BLOCK.findall(_table(base, newest)) if name == "us-east-1"), "")
    return {name: float(usd) for name, usd in _PRICE.findall(block)}, f"{_MODULE} {newest}"


def _table(base: str, release: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(_get(f"{base}/{release}.zip"))) as archive:
            entry = archive.getinfo(f"{_MODULE}@{release}/{_TABLE}")
            if entry.file_size > _MOST_BYTES:
                raise FactsMissingError(f"{base}/{release}.zip: a table of {entry.file_size} bytes")
            return archive.read(entry).decode()
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError):
        raise FactsMissingError(f"{base}/{release}.zip: not the archive that was expected") from None


def _get(address: str) -> bytes:
    """Return what an address answers with.

    Raises:
        FactsMissingError: It cannot be reached, refuses, or answers with too much.
        UsageError: It is no address of the web.
    """
    if urlsplit(address).scheme not in {"http", "https"}:
        raise UsageError(f"{address[:80]!r} is no address of the web", "--from https://…")
    try:
        with urlopen(Request(address, headers={"User-Agent": "trimtab"}), timeout=_TIMEOUT_S) as answer:  # noqa: S310  # http and https alone
            data: bytes = answer.read(_MOST_BYTES + 1)
    except (URLError, OSError, ValueError) as error:
        raise FactsMissingError(f"{address}: {getattr(error, 'reason', None) or error}") from None
    if len(data) > _MOST_BYTES:
        raise FactsMissingError(f"{address}: more than {_MOST_BYTES} bytes")
    return data


def _object(data: bytes, address: str) -> Mapping[str, object]:
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        tree = None
    if not isinstance(tree, dict):
        raise FactsMissingError(f"{address}: the answer is no JSON object")
    return tree


# ---------------------------------------------------------------------------------------------------------- the file


def _by_gpu(hours: Mapping[str, float]) -> Mapping[str, float]:
    """Return the lowest price for one GPU and hour by the GPU's name, sorted by name."""
    found: dict[str, float] = {}
    for name, usd in hours.items():
        if name in instances():
            gpu, count = instances()[name]
            found[gpu] = min(usd / count, found.get(gpu, math.inf))
    return dict(sorted(found.items()))


def _write(out: Path, provider: str, region: str, rows: Mapping[str, float]) -> int:
    """Write the file in one step, with the rows of others that were in it; returns how many those are."""
    kept = [row for row in _rows_of(out) if (row["provider"], row["region"]) != (provider, region)]
    text = io.StringIO()
    writer = csv.DictWriter(text, PRICE_COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(kept)
    writer.writerows(
        {"provider": provider, "region": region, "gpu": gpu, "usd_per_gpu_hour": f"{usd:.6g}"}
        for gpu, usd in rows.items()
    )
    handle, beside = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text.getvalue())
    Path(beside).chmod(0o644)
    Path(beside).replace(out)
    return len(kept)


def _rows_of(out: Path) -> Iterator[dict[str, str]]:
    """Give the rows of a price file.

    Raises:
        UsageError: It is there, but no price file, so that writing would lose something.
    """
    if not out.exists():
        return
    text = read_text(out)
    rows = csv.DictReader(io.StringIO(text.value if isinstance(text, Found) else ""))
    if not set(PRICE_COLUMNS) <= set(rows.fieldnames or ()):
        raise UsageError(f"{out}: is there, and is no price file", "name another with --out")
    for row in rows:
        yield {column: row[column] or "" for column in PRICE_COLUMNS}
