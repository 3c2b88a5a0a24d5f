"""The files that `trimtab init` writes, and how they are written: what is there stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from trimtab.cli.init_found import Recognised
from trimtab.cli.init_remote import Remote
from trimtab.cli.init_source import Origin
from trimtab.cli.load import DEFAULT_NAME
from trimtab.errors import RefusedError
from trimtab.folders import data_folder

WITH_JOBS = frozenset({"github", "gitlab"})
"""Forges that `init` writes jobs for."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the files are made of.

    Attributes:
        name: The repository's, in everything Trimtab writes.
        remote: Where pull requests are opened.
        found: What the folder tells.
        prometheus: Its address; empty where none was given.
        source: Where a workflow takes Trimtab from.
    """

    name: str
    remote: Remote
    found: Recognised
    prometheus: str
    source: Origin


def files_of(draft: Draft) -> Mapping[str, str]:
    """Return the files by their path: the configuration, and what runs it where the forge's jobs are known."""
    files = {DEFAULT_NAME: _configuration(draft)}
    if draft.remote.kind == "github":
        files[".github/workflows/trimtab.yml"] = _render("init/github.yml.j2", source=draft.source)
    if draft.remote.kind == "gitlab":
        files[".gitlab/trimtab.yml"] = (data_folder("templates") / "trimtab.yml").read_text(encoding="utf-8")
        files[".gitlab-ci.yml"] = _render("init/gitlab-ci.yml.j2")
    return files


def _configuration(draft: Draft) -> str:
    return _render(
        "init/trimtab.yaml.j2",
        name=draft.name,
        forge=draft.remote if draft.remote.usable else None,
        clusters=[cluster.name for cluster in draft.found.clusters],
        contexts=draft.found.contexts,
        prometheus=draft.prometheus,
        suggested=draft.found.suggested,
        servings=[serving.subject for serving in draft.found.servings],
    )


def _render(template: str, **values: object) -> str:
    """Return a filled template."""
    environment = Environment(
        loader=FileSystemLoader(data_folder("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 -- YAML, not HTML; values are written as JSON strings
    )
    return environment.get_template(template).render(**values)


def write_files(folder: Path, files: Mapping[str, str], *, force: bool) -> tuple[str, ...]:
    """Write the files that are not there, with `force` all, and return the names of those written.

    Raises:
        RefusedError: A path leaves the folder by a link; nothing was written.
    """
    wanted = {name: text for name, text in files.items() if force or not (folder / name).exists()}
    root = folder.resolve()
    for name in wanted:
        if (folder / name).is_symlink() or not (folder / name).resolve().is_relative_to(root):
            raise RefusedError(f"{folder / name} is a link; nothing was written", "write to the file it stands for")
    for name, text in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tuple(wanted)
