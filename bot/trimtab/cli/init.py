"""`trimtab init`: a configuration and a scheduled workflow, from what the folder itself tells."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from trimtab.cli.load import DEFAULT_NAME
from trimtab.errors import RefusedError, UsageError
from trimtab.folders import data_folder
from trimtab.gitio import address_of
from trimtab.manifest import Tree, inspect

_REMOTE = re.compile(
    r"(?:(?P<scheme>https?|ssh)://)?(?:[^@/]*@)?(?P<host>[^/:]+)(?::\d+)?[:/](?P<path>.+?)(?:\.git)?/?"
)
_PUBLIC = {"github.com": "github", "gitlab.com": "gitlab"}
_API_PATHS = {"github": "/api/v3", "gitlab": ""}
_WORKFLOWS = {"github": ".github/workflows/trimtab.yml", "gitlab": ".gitlab/trimtab.yml"}


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a repository's pull requests would be opened.

    Attributes:
        kind: `github` or `gitlab`; empty where it cannot be told.
        api_url: Of a server of one's own; empty for the public service.
        repository: `owner/name`, or the project's full path.
    """

    kind: str = ""
    api_url: str = ""
    repository: str = ""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True), default=".")
@click.option("--cluster", default="main", show_default=True, help="The cluster's name in everything Trimtab writes.")
@click.option("--prometheus", default="", help="Address of its Prometheus; without it only manifests are judged.")
@click.option("--forge", "kind", type=click.Choice(sorted(_WORKFLOWS)), help="Which forge; from the remote by default.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(folder: Path, cluster: str, prometheus: str, kind: str | None, form: str) -> None:
    """Write trimtab.yaml and the workflow for GitHub Actions or GitLab CI into FOLDER; overwrites nothing."""
    if prometheus and not re.fullmatch(r"https?://[^\s@]+", prometheus):
        raise UsageError(f"--prometheus {prometheus!r} is no address", "write http://host:port, without credentials")
    remote = find_remote(folder, kind or "")
    servings = [serving.subject for serving in inspect(Tree.read(folder)).servings]
    files = {
        DEFAULT_NAME: _render(
            "trimtab.yaml.j2",
            cluster=cluster,
            prometheus=prometheus,
            name=folder.resolve().name,
            servings=servings,
            **asdict(remote),
        )
    }
    if remote.kind:
        files[_WORKFLOWS[remote.kind]] = _render(f"{remote.kind}.yml.j2")
    written = [str(folder / name) for name in _write(folder, files)]
    if form == "json":
        click.echo(json.dumps({"schema": "trimtab/init/v1", "written": written, "servings": servings}, indent=2))
        return
    for name in written:
        click.echo(f"wrote {name}")
    click.echo(f"found {len(servings)} serving{'' if len(servings) == 1 else 's'}")
    if remote.kind == "github":
        click.echo("put where you take Trimtab from into the workflow, for OWNER/trimtab@FULL_SHA")
    click.echo(f"next: trimtab scan --config {folder / DEFAULT_NAME}")


def find_remote(folder: Path, kind: str) -> Remote:
    """Return where a checkout's `origin` is; credentials in its address are left behind."""
    address = address_of(folder)
    match = _REMOTE.fullmatch(address)
    if match is None or Path(address).is_absolute():
        return Remote(kind)
    host = match["host"].lower()
    kind = kind or _PUBLIC.get(host, "") or _guess(folder, host)
    own = kind and host not in _PUBLIC
    return Remote(kind, f"https://{host}{_API_PATHS[kind]}" if own else "", match["path"].lstrip("/"))


def _guess(folder: Path, host: str) -> str:
    """Return the forge that a host's name or the folder's own pipelines speak of; empty where nothing does."""
    if "gitlab" in host or (folder / ".gitlab-ci.yml").exists():
        return "gitlab"
    return "github" if "github" in host or (folder / ".github").is_dir() else ""


def _render(template: str, **values: object) -> str:
    """Return a filled template."""
    environment = Environment(
        loader=FileSystemLoader(data_folder("templates") / "init"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 -- YAML, not HTML; values are written as JSON strings
    )
    return environment.get_template(template).render(**values)


def _write(folder: Path, files: dict[str, str]) -> list[str]:
    """Write new files, all or none, and return their names."""
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise RefusedError(f"{folder / there[0]} exists; nothing was written", "remove it to have it written anew")
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    return list(files)
