"""`trimtab init`: a configuration and a scheduled workflow, from what the folder itself tells."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from trimtab.cli.init_files import WITH_JOBS, Draft, files_of, write_files
from trimtab.cli.init_found import recognise
from trimtab.cli.init_remote import SUPPORTED, find_remote
from trimtab.cli.init_source import find_source, given_source
from trimtab.cli.load import DEFAULT_NAME
from trimtab.errors import UsageError
from trimtab.fleet import Found
from trimtab.gitio import TOKENS
from trimtab.text.clean import log_line

_SCOPES = {
    "github": "GITHUB_TOKEN: contents, pull requests, issues: write; to open this as a pull request workflows, too",
    "gitlab": "GITLAB_TOKEN: a project access token, role Developer, scope api",
    "gitea": "GITEA_TOKEN: scopes write:repository, write:issue, read:user, read:organization",
}
"""The least that each forge's token needs; the README says the same."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it.

    Attributes:
        draft: What the files were made of.
        written: Files that were written here.
        kept: Those that were there.
        pull_request: Its address; empty where none was opened.
        why: Why none was; empty where none was asked for.
    """

    draft: Draft
    written: tuple[str, ...]
    kept: tuple[str, ...] = ()
    pull_request: str = ""
    why: str = ""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True), default=".")
@click.option("--cluster", "clusters", multiple=True, help="A cluster's name; by default what Argo CD and Flux name.")
@click.option("--prometheus", default="", help="Address of its Prometheus; without it only manifests are judged.")
@click.option("--forge", "kind", type=click.Choice(sorted(SUPPORTED)), help="Which forge; from the remote by default.")
@click.option("--source", default="", help="Where the workflow takes Trimtab from: OWNER/NAME@SHA.")
@click.option(
    "--pull-request/--no-pull-request",
    "pull",
    default=None,
    help="Open a pull request with the files instead of writing them; by default in a job that has a token.",
)
@click.option("--force", is_flag=True, help="Write the files anew where they are there already.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    folder: Path,
    clusters: tuple[str, ...],
    prometheus: str,
    kind: str | None,
    source: str,
    form: str,
    **how: bool | None,
) -> None:
    """Write trimtab.yaml and the workflow for GitHub Actions or GitLab CI into FOLDER; what is there stays."""
    if prometheus and not re.fullmatch(r"https?://[^\s@]+", prometheus):
        raise UsageError(f"--prometheus {prometheus!r} is no address", "write http://host:port, without credentials")
    if not all(clusters):
        raise UsageError("--cluster names nothing", "write --cluster eu")
    remote = find_remote(folder, kind or "", os.environ)
    taken = given_source(source) if source else find_source(remote.server.partition("://")[2])
    draft = Draft(folder.resolve().name, remote, recognise(folder, clusters, os.environ), prometheus, taken)
    pull = how["pull"]
    wanted = _in_a_job(remote.kind, os.environ) if pull is None else pull
    done = (_propose if wanted else _write)(folder, draft, force=bool(how["force"]))
    _say(form, folder, done)


def _in_a_job(kind: str, environ: Mapping[str, str]) -> bool:
    """Return whether this runs in a job that has a token for the forge."""
    return environ.get("CI") == "true" and kind in TOKENS and bool(environ.get(TOKENS[kind][0]))


def _write(folder: Path, draft: Draft, *, force: bool) -> Done:
    files = files_of(draft)
    written = write_files(folder, files, force=force)
    return Done(draft, written, tuple(name for name in files if name not in written))


def _propose(folder: Path, draft: Draft, *, force: bool) -> Done:
    from trimtab.cli.init_pull import open_onboarding  # noqa: PLC0415 - the whole flow; only for the preview of a scan

    files = files_of(draft)
    opened = open_onboarding(folder, draft, files, force=force)
    if isinstance(opened, Found):
        return Done(draft, (), pull_request=opened.value.url)
    return Done(draft, (), tuple(files), why=opened.reason)


def _say(form: str, folder: Path, done: Done) -> None:
    """Print what was done and what is left to do."""
    if form == "json":
        click.echo(_document(folder, done))
        return
    lines = [f"wrote {folder / name}" for name in done.written]
    lines += [] if done.why else [f"kept {folder / name}: it was there" for name in done.kept]
    lines += [f"pull request: {done.pull_request}"] if done.pull_request else []
    lines += [f"no pull request: {done.why}"] if done.why else []
    for line in (*lines, *_left(folder, done)):
        click.echo(log_line(line))


def _left(folder: Path, done: Done) -> list[str]:
    """Return what was found, and what a person does next."""
    found, kind = done.draft.found, done.draft.remote.kind
    count = len(found.servings)
    lines = [f"found {count} serving{'' if count == 1 else 's'}"]
    lines.append(f"clusters: {', '.join(one.name for one in found.clusters)}")
    lines += [f"Prometheus may be at {one.url} ({one.why})" for one in found.suggested if not done.draft.prometheus]
    lines += [f"token: {_SCOPES[kind]}"] if kind in _SCOPES else []
    if kind == "github" and not done.draft.source.ref:
        lines.append("put where you take Trimtab from into the workflow (or give --source OWNER/NAME@SHA)")
    if ".gitlab-ci.yml" in done.kept and not done.why:
        lines.append("include it in .gitlab-ci.yml: include: [{local: .gitlab/trimtab.yml}]")
    if kind not in WITH_JOBS:
        lines.append("no workflow was written: run `trimtab run` on a schedule of your own")
    return [*lines, f"next: trimtab scan --config {folder / DEFAULT_NAME}"]


def _document(folder: Path, done: Done) -> str:
    found = done.draft.found
    return json.dumps(
        {
            "schema": "trimtab/init/v1",
            "written": [str(folder / name) for name in done.written],
            "kept": [str(folder / name) for name in done.kept],
            "servings": [serving.subject for serving in found.servings],
            "clusters": [one.name for one in found.clusters],
            "prometheus": [one.url for one in found.suggested],
            "pull_request": done.pull_request or None,
            "reason": done.why or None,
        },
        indent=2,
    )
