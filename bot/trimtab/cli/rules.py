"""`trimtab rules`: the rules there are, the manual of one, a skeleton for a new one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from trimtab.cli.load import DEFAULT_NAME, load_config
from trimtab.errors import RefusedError, UsageError
from trimtab.judge import LoadedRule, load_rules
from trimtab.judge.skeleton import skeleton

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")

_config = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=DEFAULT_NAME,
    show_default=True,
    help="The configuration, for its `rule_folders`; the bundled rules alone where the default is missing.",
)
_format = click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)


@click.group()
def command() -> None:
    """The rules there are, the manual of one, a skeleton for a new one."""


@command.command("list")
@_config
@_format
def list_rules(config_path: Path, format_: str) -> None:
    """List the rules that would be asked, with what each sees."""
    rules = _load(config_path)
    if format_ == "json":
        _print_json({"schema": "trimtab/rules/v1", "rules": [_document(rule) for rule in rules]})
        return
    width = max(len(rule.name) for rule in rules)
    for rule in rules:
        click.echo(f"{rule.name:<{width}}  {rule.layer:<5}  {rule.manual.summary}")


@command.command("show")
@click.argument("name")
@_config
@_format
def show_rule(name: str, config_path: Path, format_: str) -> None:
    """Print the manual of the rule NAME, and its settings with their defaults."""
    rules = _load(config_path)
    found = next((rule for rule in rules if rule.name == name), None)
    if found is None:
        raise UsageError(f"no rule is named {name!r}", f"there are {', '.join(rule.name for rule in rules)}")
    if format_ == "json":
        _print_json({"schema": "trimtab/rule/v1", **_document(found), "manual": found.manual.text})
        return
    click.echo(f"{found.manual.text}\n\n## Settings\nenabled (true): Whether the rule is asked.")
    for key, field in found.rule.Settings.model_fields.items():
        click.echo(f"{key} ({field.get_default()}): {field.description or ''}")


@command.command("new")
@click.argument("name")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path("rules"), show_default=True, help="Where to put the file."
)
@_format
def new_rule(name: str, folder: Path, format_: str) -> None:
    """Write a skeleton for a rule NAME, which is the waste it sees, such as `forgotten-notebook`."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a rule", "name the waste in small letters: forgotten-notebook")
    path = folder / f"{name.replace('-', '_')}.py"
    if path.exists():
        raise RefusedError(f"{path} is there already", "choose another name or another folder")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(skeleton(name), encoding="utf-8")
    if format_ == "json":
        _print_json({"schema": "trimtab/rule-file/v1", "path": str(path)})
        return
    click.echo(f"{path}\nName its folder under `rule_folders` in the configuration, and it is asked.")


def _load(config_path: Path) -> tuple[LoadedRule, ...]:
    """Return the bundled rules and those of the configuration's folders."""
    if config_path == Path(DEFAULT_NAME) and not config_path.exists():
        return load_rules()
    config = load_config(config_path)
    return load_rules([config_path.parent / folder for folder in config.rule_folders])


def _print_json(document: dict[str, object]) -> None:
    """Print a document; a default of a rule of one's own may be of any type."""
    click.echo(json.dumps(document, indent=2, default=str))


def _document(rule: LoadedRule) -> dict[str, object]:
    """Return a rule as it is printed."""
    fields = rule.rule.Settings.model_fields
    return {
        "name": rule.name,
        "layer": str(rule.layer),
        "since": rule.rule.since,
        "summary": rule.manual.summary,
        "needs": list(rule.rule.needs),
        "settings": {
            key: {"default": field.get_default(), "description": field.description} for key, field in fields.items()
        },
    }
