"""`trimtab estimate`: how much memory a model takes on a GPU, and how fast it answers."""

from __future__ import annotations

import json
from pathlib import Path

import click

from trimtab.cli.estimate_ask import Ask, answer, deployment_of
from trimtab.cli.estimate_cases import estimate_cases
from trimtab.cli.estimate_print import compare_document, document, print_comparison, print_estimate
from trimtab.errors import Exit, UsageError
from trimtab.estimate import Load
from trimtab.estimate.flags import parse_flags


@click.command("estimate", context_settings={"ignore_unknown_options": False})
@click.argument("model", required=False, default="")
@click.argument("engine_flags", nargs=-1, type=click.UNPROCESSED)
@click.option("--gpu", default="", help="The GPU, in any spelling: H100, NVIDIA-A10G, nvidia-l4, a MIG slice's label.")
@click.option(
    "--gpus", type=click.IntRange(1, 16384), help="GPUs of one replica; what the engine's flags need unless said."
)
@click.option(
    "--gpu-memory-gib", type=click.FloatRange(0, min_open=True), help="Usable memory, instead of a GPU's name."
)
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="The model's config.json.")
@click.option("--engine", default="vllm", show_default=True, help="vllm, sglang, tensorrt-llm, tgi.")
@click.option(
    "--engine-version", default="", help="The engine's release, such as 0.19.0; the newest known unless said."
)
@click.option(
    "--concurrency",
    type=click.FloatRange(0, min_open=True),
    default=16,
    show_default=True,
    help="Requests in progress.",
)
@click.option("--input-tokens", type=click.FloatRange(0), default=1000, show_default=True, help="Prompt length, mean.")
@click.option(
    "--output-tokens", type=click.FloatRange(1), default=250, show_default=True, help="Generated length, mean."
)
@click.option(
    "--prefix-hit",
    type=click.FloatRange(0, 1),
    default=0,
    show_default=True,
    help="Share of prompt tokens in the prefix cache.",
)
@click.option("--compare", default="", help="GPUs to compare, by comma; `all` for the whole catalogue.")
@click.option("--provider", default="", help="For prices: aws, azure.")
@click.option("--region", default="", help="For prices: the provider's region.")
@click.option("--cases", type=click.Path(path_type=Path), help="Many at once: a file with one JSON case a line.")
@click.option("--config-dir", type=click.Path(path_type=Path), help="Where the cases' configurations are.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="How to print it.")
def command(  # noqa: PLR0913, PLR0917  # one parameter for each option, as click hands them over
    model: str,
    engine_flags: tuple[str, ...],
    gpu: str,
    gpus: int | None,
    gpu_memory_gib: float | None,
    config_path: Path | None,
    engine: str,
    engine_version: str,
    concurrency: float,
    input_tokens: float,
    output_tokens: float,
    prefix_hit: float,
    compare: str,
    provider: str,
    region: str,
    cases: Path | None,
    config_dir: Path | None,
    form: str,
) -> int:
    """Estimate MODEL on a GPU, with the engine's own flags after `--`.

    Example: trimtab estimate meta-llama/Llama-3.1-8B-Instruct --gpu H100 -- --max-model-len 32768
    """
    if cases:
        click.echo(json.dumps(estimate_cases(cases, config_dir), indent=2))
        return int(Exit.DONE)
    if not model and not config_path:
        raise UsageError("no model is named", "trimtab estimate MODEL --gpu H100")
    ask = Ask(
        model=model,
        config=config_path,
        gpu=gpu,
        gpu_memory_gib=gpu_memory_gib or 0.0,
        gpus=gpus or 0,
        engine=engine,
        engine_version=engine_version,
        flags=parse_flags(engine_flags),
        load=Load(concurrency, input_tokens, output_tokens, prefix_hit),
    )
    if compare:
        return _compare(ask, compare, (provider, region), form)
    found = answer(deployment_of(ask), ask.load)
    if form == "json":
        click.echo(json.dumps(document(found, ask), indent=2))
    else:
        print_estimate(found, ask)
    return int(Exit.DONE)


def _compare(ask: Ask, names: str, where: tuple[str, str], form: str) -> int:
    rows = compare_document(ask, names, where)
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
    else:
        print_comparison(rows)
    return int(Exit.DONE)
