"""`trimtab estimate`: how much memory a model takes on a GPU, and how fast it answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from trimtab.cli.estimate_ask import Ask, answer, deployment_of, engine_of
from trimtab.cli.estimate_document import document
from trimtab.cli.estimate_options import all_options
from trimtab.cli.estimate_prices import Market
from trimtab.errors import Exit, UsageError
from trimtab.estimate import Load, Objective
from trimtab.estimate.flags import parse_flags


@dataclass(frozen=True, slots=True)
class _Options:
    """The options by their names."""

    gpu: str
    gpus: int | None
    gpu_memory_gib: float | None
    config_path: Path | None
    offline: bool
    engine: str
    engine_version: str
    concurrency: float
    input_tokens: float
    output_tokens: float
    prefix_hit: float
    compare: str
    find: str | None
    ttft_p95: float | None
    tpot_p95: float | None
    rate: float | None
    slices: bool
    provider: str
    region: str
    cases: Path | None
    config_dir: Path | None
    form: str


@click.command("estimate", context_settings={"ignore_unknown_options": False})
@click.argument("model", required=False, default="")
@click.argument("engine_flags", nargs=-1, type=click.UNPROCESSED)
@all_options
def command(model: str, engine_flags: tuple[str, ...], **options: object) -> int:
    """Estimate MODEL on a GPU, with the engine's own flags after `--`.

    \b
    trimtab estimate meta-llama/Llama-3.1-8B-Instruct --gpu H100 -- --max-model-len 32768
    trimtab estimate Qwen/Qwen3-32B --compare H100,A100,L40S,L4
    trimtab estimate Qwen/Qwen3-8B --find cheapest --ttft-p95 500ms --tpot-p95 40ms --rate 5
    """  # noqa: D301  # \b keeps click from filling the examples into a paragraph
    said = _Options(**options)  # type: ignore[arg-type]  # click checked the types of its own options
    if said.cases:
        return _cases(said)
    flags = parse_flags(engine_flags)
    if not model and not said.config_path and "model" not in flags.settings:
        raise UsageError("no model is named", "trimtab estimate MODEL --gpu H100")
    ask = Ask(
        model=model,
        config=said.config_path,
        gpu=said.gpu,
        gpu_memory_gib=said.gpu_memory_gib or 0.0,
        gpus=said.gpus or 0,
        engine=engine_of(said.engine),
        engine_version=said.engine_version,
        flags=flags,
        load=Load(said.concurrency, said.input_tokens, said.output_tokens, said.prefix_hit),
        offline=said.offline,
    )
    if said.find:
        return _find(ask, said)
    return _compare(ask, said) if said.compare else _one(ask, said.form)


def _one(ask: Ask, form: str) -> int:
    found = answer(deployment_of(ask), ask.load)
    if form == "json":
        click.echo(json.dumps(document(found, ask), indent=2))
    else:
        from trimtab.cli.estimate_print import print_estimate  # noqa: PLC0415  # rich costs 100 ms, and JSON needs none

        print_estimate(found, ask)
    return int(Exit.DONE)


def _cases(said: _Options) -> int:
    from trimtab.cli.estimate_cases import estimate_cases  # noqa: PLC0415  # only where cases are given

    click.echo(json.dumps(estimate_cases(said.cases or Path(), said.config_dir, offline=said.offline), indent=2))
    return int(Exit.DONE)


def _compare(ask: Ask, said: _Options) -> int:
    from trimtab.cli.estimate_compare import compare_document  # noqa: PLC0415  # only where a comparison is asked for

    found = compare_document(ask, said.compare, Market(said.provider, said.region))
    _say(found, said.form, "print_comparison")
    return int(Exit.DONE)


def _find(ask: Ask, said: _Options) -> int:
    """Search; exit 1 where nothing does it."""
    from trimtab.cli.estimate_find import Wanted, find_document  # noqa: PLC0415  # only where a search is asked for

    if said.ttft_p95 is None or said.tpot_p95 is None or said.rate is None:
        hint = "--find cheapest --ttft-p95 500ms --tpot-p95 40ms --rate 5"
        raise UsageError("--find needs --ttft-p95, --tpot-p95 and --rate", hint)
    wanted = Wanted(Objective(said.ttft_p95, said.tpot_p95), said.rate, said.slices)
    names = said.compare or said.gpu or "all"
    found = find_document(ask, names, wanted, Market(said.provider, said.region))
    _say(found, said.form, "print_search")
    return int(Exit.DONE if found["cheapest"] else Exit.FINDINGS)


def _say(found: Mapping[str, object], form: str, printer: str) -> None:
    if form == "json":
        click.echo(json.dumps(found, indent=2))
        return
    from trimtab.cli import estimate_tables  # noqa: PLC0415  # rich costs 100 ms, and JSON needs none

    show: Callable[[Mapping[str, object]], None] = getattr(estimate_tables, printer)
    show(found)
