"""`trimtab comment`: handle one chatops comment."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import click

from trimtab.cli.load import load_config
from trimtab.cli.options import config_option, seconds_at
from trimtab.cli.progress import progress_bars
from trimtab.fleet import Found, Unknown
from trimtab.publish import Pointer, answer, asked_in, connect_named, read_event
from trimtab.run import Call, journal_of, place_of, run
from trimtab.text.clean import one_line


@click.command()
@config_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(config_path: Path, form: str) -> None:
    """Answer the comment that this job's event is about.

    GitHub gives the event in $GITHUB_EVENT_PATH (issue_comment), GitLab in $TRIGGER_PAYLOAD (a trigger's webhook). The
    event is only a pointer: the comment, its author and what they may do are read again.
    """
    pointer = read_event(os.environ)
    if not isinstance(pointer, Found):
        _say(form, pointer)
        return
    config = load_config(config_path)
    with tempfile.TemporaryDirectory(prefix="trimtab-") as workdir, progress_bars() as progress:
        call = Call(config, config_path.parent, seconds_at(""), Path(workdir), progress)
        _say(form, _answered(call, pointer.value))


def _say(form: str, answered: Found[str] | Unknown) -> None:
    done = isinstance(answered, Found)
    note = answered.value if isinstance(answered, Found) else answered.reason
    if form == "json":
        click.echo(json.dumps({"schema": "trimtab/comment/v1", "done": done, "note": note}, ensure_ascii=False))
    else:
        click.echo(one_line(note if done else f"nothing done: {note}"))


def _answered(call: Call, pointer: Pointer) -> Found[str] | Unknown:
    """Return what was done, or why nothing was."""
    site = connect_named(call.config.repositories, pointer.repository, place_of(call))
    journal = journal_of(call)
    asked = asked_in(site, journal, pointer)
    if not isinstance(asked, Found):
        return asked
    identity = asked.value.standing.id

    def recheck() -> str:
        _, links = run(call)
        return next((link.note for link in links if link.id == identity), "no longer found")

    return Found(answer(site, journal, asked.value, call.now_s, recheck))
