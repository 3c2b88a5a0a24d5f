"""What the bytes of a file hint at, so that most files are never parsed into nodes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from trimtab.manifest.paths import is_values
from trimtab.manifest.releases import may_declare
from trimtab.manifest.scale import SCALERS
from trimtab.manifest.shapes import TABLE
from trimtab.manifest.shapes.releases import has_values_keys
from trimtab.manifest.speaking import speaks

_LAYERED = re.compile(
    rb"^[ \t]+(?:- )?(?:helm|valuesFrom|valuesFiles):|kind: (?:GitRepository|HelmChart)\b|^(?:releases|helmCharts):",
    re.MULTILINE,
)
"""Bytes of a release whose chart or values may be in the tree, and hold what its own file does not."""

LOOKED_UP = (
    *("argoproj.io", "helm.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io", "helm.cattle.io", "ConfigMap"),
    *(*SCALERS, "VerticalPodAutoscaler", "inference.llmkube.dev", "ModelPool"),
    *("InferenceService", "LLMInferenceServiceConfig", "ServingRuntime", "ClusterServingRuntime"),
    *("BaseModel", "ClusterBaseModel", "OpenModel", "NIMCache", "HelmChart", "HelmChartConfig"),
)
"""Words whose files are looked up, so that they are known without a look at every file; for others there is one."""


def _naming(kinds: set[str]) -> re.Pattern[bytes]:
    """Return what finds the name of one of the kinds in a file's bytes."""
    return re.compile(rf"kind[\"']?:\s*[\"']?(?:{'|'.join(sorted(kinds))})\b".encode())


_KINDS = _naming({"List", "Template", *(kind for shape in TABLE for _, kind in shape.kinds)})
_SPEAKING = _naming({kind for shape in TABLE if shape.speaks for _, kind in shape.kinds})


@dataclass(frozen=True, slots=True)
class Hints:
    """What a file's bytes hint at.

    Attributes:
        kinds: It names a kind that may be a serving.
        serves: It holds a word of one, or layers that may.
        chart: It has a key that only values of a chart have.
    """

    kinds: bool
    serves: bool
    chart: bool

    @property
    def code(self) -> int:
        """Return it as a number below 8."""
        return self.kinds + 2 * self.serves + 4 * self.chart

    @staticmethod
    def of(code: int) -> Hints:
        """Return what `code` was made of."""
        return Hints(bool(code & 1), bool(code & 2), bool(code & 4))

    def at(self, path: str) -> bool:
        """Return whether a file of these bytes may hold a serving where it lies; settings of Pulumi are none."""
        if path.rpartition("/")[2].startswith("Pulumi."):
            return False
        return self.serves and (self.kinds or self.chart or is_values(path) or may_declare(path))


def hints_of(data: bytes) -> Hints:
    """Return what a file's bytes hint at."""
    serves = bool(_SPEAKING.search(data)) or speaks(data) or bool(_LAYERED.search(data))
    return Hints(serves and bool(_KINDS.search(data)), serves, serves and has_values_keys(data))


def words_in(data: bytes) -> tuple[str, ...]:
    """Return the words that are looked up which a file's bytes hold."""
    return tuple(word for word in LOOKED_UP if word.encode() in data)
