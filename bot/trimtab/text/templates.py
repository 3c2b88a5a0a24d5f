"""The two template environments: Markdown, where every value is escaped by `say`, and HTML with autoescape."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from trimtab.folders import data_folder
from trimtab.text import markdown, names, numbers


@cache
def markdown_templates() -> Environment:
    """Return the environment for Markdown; a value is never read as Markdown, nor as a template."""
    environment = Environment(
        loader=FileSystemLoader(data_folder("templates")),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - HTML's escaping does not protect Markdown: `finalize` does
        finalize=markdown.say,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        code=markdown.code,
        cell_code=markdown.cell_code,
        fence=markdown.fence,
        html=markdown.as_html,
        money=numbers.money,
        gpu=names.gpu,
    )
    return environment


@cache
def html_templates() -> Environment:
    """Return the environment for the HTML report."""
    environment = Environment(
        loader=FileSystemLoader(data_folder("templates")),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(money=numbers.money, gpu=names.gpu)
    return environment
