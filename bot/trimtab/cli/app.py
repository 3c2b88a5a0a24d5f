"""The command `trimtab`: a table of commands, each loaded only when it is called."""

from __future__ import annotations

import importlib
import io
import sys

import click

from trimtab import __version__
from trimtab.errors import Exit, TrimtabError

COMMANDS = {
    "demo": "The whole flow on a bundled fleet: no network, no token, no cluster.",
    "scan": "Read and judge; write nothing.",
    "run": "Scan, then publish and record.",
    "inspect": "What is served in a tree of manifests, and where each setting is written.",
    "edit": "The exact edit of a setting, as a diff; --write applies it.",
    "estimate": "How much memory a model takes on a GPU, and how fast it answers.",
    "catalog": "The GPUs, models and prices that estimates stand on: show, check, update.",
    "comment": "Handle one chatops comment.",
    "settle": "Follow what was published to its outcome.",
    "ledger": "Prove, read, hand over the record.",
    "rules": "The manual of a rule; a skeleton for a new one.",
    "init": "Write trimtab.yaml and the workflow for GitHub Actions or GitLab CI.",
}
"""Short help by command; `trimtab.cli.NAME` holds it under the name `command`."""


class _Lazy(click.Group):
    """A group that imports a command's module only to run it, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the flow."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"trimtab.cli.{cmd_name}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"trimtab.cli.{cmd_name}.command is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="trimtab")
def app() -> None:
    """Small, proven edits in Git that turn a whole GPU fleet."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name may be no text at all
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code; a user's mistake is a message, never a traceback."""
    try:
        result = app.main(args=arguments, prog_name="trimtab", standalone_mode=False)
    except TrimtabError as error:
        _complain(f"trimtab: {error.message}")
        if error.hint:
            _complain(f"  {error.hint}")
        return int(error.exit_code)
    except click.ClickException as error:
        error.show()
        return int(Exit.USAGE)
    except OSError as error:  # a full disk, a folder that may not be written: what to do is in the system's own words
        said = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
        _complain(f"trimtab: {said}")
        return int(Exit.USAGE)
    except (KeyboardInterrupt, click.Abort):
        click.echo("trimtab: interrupted", err=True)
        return int(Exit.INTERRUPTED)
    return result if isinstance(result, int) else int(Exit.DONE)


def _complain(text: str) -> None:
    """Print an error, which may repeat words of a forge or a file."""
    from trimtab.text.clean import log_lines  # noqa: PLC0415 - `--help` needs nothing of it

    click.echo(log_lines(text), err=True)
