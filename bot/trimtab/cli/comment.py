"""`trimtab comment`: handle one chatops comment."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from trimtab.call import Call
from trimtab.cli.load import load_config
from trimtab.cli.options import config_option, seconds_at
from trimtab.cli.progress import progress_bars
from trimtab.fleet import Found
from trimtab.publish import Answered, read_event
from trimtab.run import comment
from trimtab.text.clean import log_line


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
        _say(form, (), pointer.reason)
        return
    config = load_config(config_path)
    with tempfile.TemporaryDirectory(prefix="trimtab-") as workdir, progress_bars() as progress:
        answered, why = comment(
            Call(config, config_path.parent, seconds_at(""), Path(workdir), progress), pointer.value
        )
    _say(form, answered, why)


def _say(form: str, answered: Sequence[Answered], why: str) -> None:
    """Print what was done; `why` says why the comment of the event was passed over."""
    notes = [log_line(one.note) for one in answered]
    if form == "json":
        done = bool(answered) and not why
        note = why or "; ".join(notes)
        document = {"schema": "trimtab/comment/v1", "done": done, "note": note, "answered": notes}
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    for note in notes:
        click.echo(note)
    if why:
        click.echo(log_line(f"nothing done: {why}"))
