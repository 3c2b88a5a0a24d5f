"""Which node an exporter means: by its name, its short name, its address, or the exporter pod that runs on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from trimtab.read.query import Row

_PORT = re.compile(r":\d+$")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+|\[.*\]")


class NodeNames:
    """Resolves what exporters write into the names that Kubernetes has."""

    def __init__(self, known: Iterable[str], told: Mapping[str, str], pods: Mapping[str, str]) -> None:
        """Keep the names.

        Args:
            known: Nodes by their Kubernetes names.
            told: Host name by an exporter's address, as node-exporter's `node_uname_info` tells.
            pods: Node by pod, for exporters that write their own pod's name.
        """
        self._known = frozenset(known)
        shorts: dict[str, list[str]] = {}
        for name in sorted(self._known):
            shorts.setdefault(name.partition(".")[0], []).append(name)
        self._short = {short: names[0] for short, names in shorts.items() if len(names) == 1}
        self._told = told
        self._pods = pods

    def resolve(self, written: Sequence[str]) -> str:
        """Return the node's name for what labels say, best first: a known one, else the first that is a name."""
        plain = [_PORT.sub("", text) for text in written if text]
        for text, bare in zip((text for text in written if text), plain, strict=True):
            for name in (bare, self._told.get(text, ""), self._pods.get(bare, "")):
                found = self._match(name)
                if found:
                    return found
        told = [self._told[text] for text in written if text in self._told]
        names = [text for text in (*told, *plain) if not _ADDRESS.fullmatch(text)]
        return next(iter((*names, *plain)), "")

    def _match(self, name: str) -> str:
        """Return the known node that a name means, or nothing."""
        if name in self._known:
            return name
        return self._short.get(name.partition(".")[0], "") if name and not _ADDRESS.fullmatch(name) else ""


def node_names(answers: Mapping[str, tuple[Row, ...]]) -> NodeNames:
    """Return the names that these answers tell."""
    sources = ("node_allocatable", "node_labels", "pod_samples", "pod_gpu_request", "gpu_hourly_cost")
    known = {row.labels.get("node", "") for source in sources for row in answers.get(source, ())} - {""}
    told = {row.labels.get("instance", ""): row.labels.get("nodename", "") for row in answers.get("_node_names", ())}
    pods = {row.labels.get("pod", ""): row.labels.get("node", "") for row in answers.get("pod_samples", ())}
    return NodeNames(known, told, pods)
