"""The onboarding pull request of `trimtab init`: what it says, and opening it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from trimtab.call import Call
from trimtab.cli.init_files import WITH_JOBS, Draft
from trimtab.cli.load import DEFAULT_NAME
from trimtab.cli.options import seconds_at
from trimtab.cli.progress import progress_bars
from trimtab.config import Config, Forge, Repository, build_config
from trimtab.errors import TrimtabError, UsageError
from trimtab.fleet import Found, Serving, Unknown
from trimtab.manifest import plain
from trimtab.publish import Place, PullRequest, connect
from trimtab.publish.onboarding import Onboarding, lacking, onboard
from trimtab.report.markdown import worth
from trimtab.run import scan
from trimtab.text.markdown import Md, code, escape
from trimtab.text.templates import markdown_templates

TITLE = "Set up Trimtab"
_MOST = 20
"""Rows of a table; the rest is a command away."""

_WHAT = {
    DEFAULT_NAME: "the configuration",
    ".github/workflows/trimtab.yml": "the workflow that runs it",
    ".gitlab/trimtab.yml": "the jobs that run it",
    ".gitlab-ci.yml": "includes them in the pipeline",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A recommendation in the preview; the title is Markdown."""

    title: Md
    worth: str
    rule: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a first scan proposes, and on what it rests, as Markdown."""

    proposed: tuple[Row, ...]
    basis: Md


@dataclass(frozen=True, slots=True)
class Served:
    """A serving as a table shows it; empty where Git does not tell."""

    subject: str
    engine: str
    model: str
    gpus: str


def open_onboarding(
    folder: Path, draft: Draft, files: Mapping[str, str], *, force: bool
) -> Found[PullRequest] | Unknown:
    """Open the pull request that brings the files which the default branch lacks; Unknown says why there is none.

    Raises:
        UsageError: There is no token, or no forge to open it on.
        ForgeError: The forge or the remote does not answer or declines.
    """
    if not draft.remote.usable:
        raise UsageError("it cannot be told where to open a pull request", "give the checkout an `origin`, and --forge")
    with tempfile.TemporaryDirectory(prefix="trimtab-") as scratch, progress_bars() as progress:
        workdir = Path(scratch)
        remote = draft.remote
        forge = Forge.model_validate({"kind": remote.kind, "api_url": remote.api_url, "repository": remote.repository})
        site = connect(
            Repository(url=remote.address, name="onboarding", forge=forge), Place(folder, workdir, os.environ)
        )
        brought = lacking(site, {name: text.encode() for name, text in files.items()}, force=force)
        if not brought:
            return Unknown("the default branch has all of it already")
        config = _config(files[DEFAULT_NAME])
        call = Call(config, folder, seconds_at(""), workdir / "scan", progress)
        body = body_of(draft, tuple(brought), preview(call))
        new = Onboarding(brought, TITLE, body, call.now_s)
        return onboard(site, new)


def _config(text: str) -> Config:
    tree, line_of = plain(text.encode(), DEFAULT_NAME)
    return build_config(tree, line_of, DEFAULT_NAME)


def preview(call: Call) -> Preview:
    """Return what a scan proposes; where it cannot be made, the reason is what it rests on."""
    try:
        found = scan(call)
    except TrimtabError as error:
        return Preview((), Md(f"A scan could not be made: {escape(error.message)}"))
    rows = tuple(
        Row(Md(one.title), worth(one.priced.saving, one.priced.gpu_hours), one.priced.finding.rule)
        for one in found.proposals
    )
    asked = [one.prometheus.url for one in call.config.clusters if one.prometheus]
    gaps = [gap.reason for gap in found.fleet.gaps] + [gap.reason for one in found.fleet.clusters for gap in one.gaps]
    if not asked:
        return Preview(rows, Md("No Prometheus was given, so the manifests alone were judged."))
    missing = f" Not read: {escape(gaps[0])}" if gaps else ""
    return Preview(rows, Md(f"{code(asked[0])} was asked about the last week.{missing}"))


def body_of(draft: Draft, files: Collection[str], shown: Preview) -> str:
    """Return the pull request's text: what it does, what is left to do, what was recognised, what would be proposed."""
    template = markdown_templates().get_template("init/pull-request.md.j2")
    context = {
        "files": [{"path": name, "what": _WHAT.get(name, "")} for name in files],
        "steps": _steps(draft, files),
        "clusters": draft.found.clusters,
        "servings": [_served(one) for one in draft.found.servings],
        "preview": shown,
        "most": _MOST,
    }
    return f"{template.render(context).strip()}\n"


def _served(serving: Serving) -> Served:
    said = {word: setting.value for word, setting in serving.settings.items()}
    return Served(serving.subject, serving.engine, str(said.get("model", "")), str(said.get("gpu_count", "")))


def _steps(draft: Draft, files: Collection[str]) -> list[Md]:
    """Return what a person still has to do, as Markdown."""
    steps = []
    if not draft.prometheus:
        near = [f"{code(one.url)} ({escape(one.why)})" for one in draft.found.suggested[:1]]
        seen = f"; the manifests declare {near[0]}" if near else ""
        steps.append(
            Md(f"Give the address of Prometheus in {code(DEFAULT_NAME)}{seen}. Without it little can be judged.")
        )
    if draft.remote.kind == "github" and not draft.source.ref:
        steps.append(Md("Put where you take Trimtab from into the workflow, for `OWNER/trimtab` and the zeros."))
    if draft.remote.kind == "gitlab":
        steps.append(Md("Set `GITLAB_TOKEN` and `TRIMTAB_IMAGE`, and a schedule: `.gitlab/trimtab.yml` says how."))
        if ".gitlab-ci.yml" not in files:
            steps.append(Md("Include `.gitlab/trimtab.yml` in `.gitlab-ci.yml`, which stays as it is."))
    if draft.remote.kind not in WITH_JOBS:
        steps.append(Md("Run `trimtab run` and `trimtab settle` on a schedule of your own."))
    return steps or [Md("Nothing. Look it over.")]
