"""The operator's price file."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from trimtab.errors import UsageError
from trimtab.fleet import Unknown
from trimtab.price import load_prices

HEAD = "provider,region,gpu,usd_per_gpu_hour\n"


def _file(folder: Path, text: str) -> Path:
    path = folder / "prices.csv"
    path.write_text(text)
    return path


def test_the_most_specific_row_holds(tmp_path: Path) -> None:
    """A region's price stands over a provider's, a provider's over anyone's; empty and `*` mean any."""
    text = f"{HEAD},,H100,3\naws,*,H100,2\nAWS,eu-west-1,NVIDIA-H100-80GB-HBM3,1\n"
    prices = load_prices(_file(tmp_path, text))
    found = [prices.find(*where, "H100").value for where in (("aws", "EU-WEST-1"), ("aws", "x"), ("gcp", "x"))]
    assert found == [Decimal(1), Decimal(2), Decimal(3)]
    assert prices.find("aws", "eu-west-1", "H100").source == "prices.csv:4"


def test_slices_and_shares_have_the_price_of_their_gpu(tmp_path: Path) -> None:
    """The label's suffixes are left out on both sides: what a part costs is its part of the whole."""
    prices = load_prices(_file(tmp_path, f"{HEAD},,NVIDIA-A10G-SHARED,1.2\n,,NVIDIA-A100-SXM4-80GB,4\n"))
    assert prices.find("", "", "NVIDIA-A10G").value == Decimal("1.2")
    assert prices.find("", "", "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb").value == 4


def test_another_gpu_or_place_has_no_price(tmp_path: Path) -> None:
    """What is not in the file is unknown."""
    prices = load_prices(_file(tmp_path, f"{HEAD}aws,eu-west-1,H100,6\n"))
    assert isinstance(prices.find("aws", "us-east-1", "H100"), Unknown)
    assert isinstance(prices.find("aws", "eu-west-1", "L4"), Unknown)


def test_columns_may_come_in_any_order_with_others_beside(tmp_path: Path) -> None:
    """Spreadsheets add columns, blanks and a byte order mark."""
    text = "\ufeffgpu, note,usd_per_gpu_hour,region,provider\nL4,ours,0.7,,\n\n"
    assert load_prices(_file(tmp_path, text)).find("aws", "x", "NVIDIA-L4").value == Decimal("0.7")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("provider,region,gpu\n", ":1: no column 'usd_per_gpu_hour'"),
        ("", ":1: no column 'provider'"),
        (f"{HEAD}aws,x,H100\n", ":2: too few or too many columns"),
        (f"{HEAD}aws,x,H100,1,2\n", ":2: too few or too many columns"),
        (f"{HEAD}aws,x,,1\n", ":2: no GPU is named"),
        (f"{HEAD}aws,x,H100,cheap\n", ":2: 'cheap' is no price"),
        (f"{HEAD}aws,x,H100,nan\n", ":2: 'nan' is no price"),
        (f"{HEAD}aws,x,H100,-1\n", ":2: '-1' is no price"),
        (f"{HEAD}aws,x,H100,1e99\n", ":2: '1e99' is no price"),
        (f"{HEAD}aws,x,H100,1\naws,x,h100,2\n", ":3: contradicts"),
        (f'{HEAD}aws,x,"H100,1\n', ":2: "),
    ],
)
def test_a_broken_file_names_its_line(tmp_path: Path, text: str, message: str) -> None:
    """The message says which file, which line and what is wrong, with what to do."""
    with pytest.raises(UsageError) as error:
        load_prices(_file(tmp_path, text))
    assert f"prices.csv{message}" in error.value.message
    assert error.value.hint


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A missing file and one that is no text are messages, not tracebacks."""
    with pytest.raises(UsageError, match="cannot be read"):
        load_prices(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        load_prices(tmp_path / "bytes.csv")
