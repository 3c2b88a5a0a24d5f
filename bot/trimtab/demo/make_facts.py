"""Makes the bundled recorded week: `python -m trimtab.demo.make_facts`, from a checkout.

The week is simulated from the sample repository and `traffic.json`, see README.md beside this file; the queries
that are recorded with it are those that a cluster with today's exporters would be asked.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from trimtab.demo.repository import sample_files
from trimtab.demo.simulate import simulate
from trimtab.demo.world import ENDED_AT_S, WEEK_S
from trimtab.facts import ClusterFacts, Facts
from trimtab.manifest import Tree, inspect
from trimtab.read import store
from trimtab.read.ask_engine import engine_queries
from trimtab.read.ask_gpu import gpu_queries
from trimtab.read.ask_host import host_queries
from trimtab.read.ask_kube import kube_queries
from trimtab.read.layout import Family, Layout
from trimtab.read.query import Span
from trimtab.read.shown import shown_queries

FOLDER = Path(__file__).with_name("facts")
_LABELS = {Family.GPU: frozenset({"UUID", "modelName", "Hostname", "namespace", "pod"})}


class Newest(Layout):
    """A server that has every metric under its newest name."""

    def find(self, *aliases: str) -> tuple[str, ...]:
        """Return the best alias."""
        return aliases[:1]


def first_week() -> ClusterFacts:
    """Return the simulated first week of the sample repository's cluster, with the queries to paste."""
    return simulate(inspect(Tree(sample_files())).servings, 0, queries())


def queries() -> Mapping[str, str]:
    """Return the PromQL by signal."""
    layout = Newest(frozenset(), _LABELS)
    span = Span(ENDED_AT_S, WEEK_S, 3600, 30)
    asked = (
        *kube_queries(layout, span),
        *host_queries(layout, span),
        *gpu_queries(layout, span),
        *engine_queries(layout, span),
    )
    return shown_queries({query.name: query for query in asked}, span)


def main() -> int:
    """Write the bundled facts anew and print their digest."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    digest = store.record(Facts((first_week(),), ()), FOLDER)
    sys.stdout.write(f"{digest}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
