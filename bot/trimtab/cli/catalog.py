"""`trimtab catalog`: the GPUs, models, instance types and prices that estimates stand on."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import click

from trimtab.cli.catalog_show import KINDS, show_document
from trimtab.cli.options import at_option, seconds_at
from trimtab.errors import Exit
from trimtab.text.clean import one_line, visible

_DAYS = 180


@click.group("catalog")
def command() -> None:
    """GPUs, models, instance types and prices: show them, check them, fetch newer prices."""


@command.command("show")
@click.argument("kind", metavar="[gpus|models|instances|prices]", default="gpus")
@click.argument("name", default="")
@at_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="How to print it.")
def show(kind: str, name: str, at: str, form: str) -> int:
    """Show what the catalogue has of a kind, or the one entry that NAME means, with its sources.

    A NAME alone is a model's where it holds a slash, else a GPU's.
    """
    if kind not in KINDS:
        kind, name = "models" if "/" in kind else "gpus", " ".join(filter(None, (kind, name)))
    found = show_document(kind, name, _day(at))
    if form == "json":
        click.echo(json.dumps(found, indent=2))
        return int(Exit.DONE)
    from trimtab.cli.catalog_tables import print_entries  # noqa: PLC0415  # rich costs 100 ms, and JSON needs none

    print_entries(found, alone=bool(name))
    return int(Exit.DONE)


@command.command("check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--max-age-days", type=click.IntRange(1, 36_500), default=_DAYS, show_default=True, help="Of prices.")
@at_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="How to print it.")
def check(files: tuple[Path, ...], max_age_days: int, at: str, form: str) -> int:
    """Check the bundled data, or an operator's own FILES: price files (.csv), config.json files or their folders."""
    from trimtab.catalog.review import review, review_file  # noqa: PLC0415  # reads every model of the catalogue

    found = [one for path in files for one in review_file(path)] if files else review(_day(at), max_age_days)
    if form == "json":
        problems = [{"where": one.where, "what": one.what} for one in found]
        click.echo(json.dumps({"schema": "trimtab/catalog-check/v1", "problems": problems}, indent=2))
    else:
        for one in found:
            click.echo(one_line(f"{visible(one.where)}: {visible(one.what)}"))
        click.echo(f"{len(found)} problems" if found else "no problems")
    return int(Exit.FINDINGS if found else Exit.DONE)


@command.command("update")
@click.argument("provider", type=click.Choice(["aws", "azure"]))
@click.option("--region", default="", help="Azure: the region, such as eastus. AWS has us-east-1 alone.")
@click.option("--out", type=click.Path(path_type=Path), default="prices.csv", show_default=True, help="File to write.")
@click.option("--from", "address", default="", help="Another address of the source, such as a mirror's.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="How to print it.")
def update(provider: str, region: str, out: Path, address: str, form: str) -> int:
    """Fetch on-demand prices of GPUs from a public source into a price file, for `prices: {file: …}`.

    Azure's come from its Retail Prices API, AWS's from the tables that Karpenter publishes (Apache-2.0). Rows of other
    providers and regions that are in the file already stay.
    """
    from trimtab.catalog.update import update_prices  # noqa: PLC0415  # the only part that asks a network for prices

    done = update_prices(provider, region, out, address)
    if form == "json":
        about = {"provider": provider, "region": done.region, "file": str(out), "gpus": dict(done.usd_per_gpu_hour)}
        rest = {"source": done.source, "rows_kept": done.rows_kept}
        click.echo(json.dumps({"schema": "trimtab/catalog-update/v1", **about, **rest}, indent=2))
    else:
        count = len(done.usd_per_gpu_hour)
        click.echo(
            visible(
                f"{out}: {count} GPUs of {provider} in {done.region}, {done.source}; {done.rows_kept} other rows kept"
            )
        )
    return int(Exit.DONE)


def _day(at: str) -> date:
    return datetime.fromtimestamp(seconds_at(at), UTC).date()
