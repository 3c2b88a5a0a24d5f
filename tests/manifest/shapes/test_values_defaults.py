from __future__ import annotations

import pytest

from trimtab.fleet import Scalar
from trimtab.manifest import EditResult, Refusal, Tree, edit

OWN = """\
replicaCount: 1
image: {repository: vllm/vllm-openai, tag: v0.19.0}
model: {name: o/m, maxModelLen: "8192"}
shmSize: 1Gi
autoscaling: {enabled: false}
resources: {}
nodeSelector: {}
"""
PROD = "model:\n  name: o/large # of production\n  gpuMemoryUtilization: 0.9\nimage: {repository: vllm/vllm-openai}\n"


def set_in(field: str, value: Scalar, own: str = OWN, path: str = "chart/values-prod.yaml") -> EditResult | Refusal:
    """Return the edit of the only serving of a file of values beside its chart's own."""
    files = {"chart/Chart.yaml": "name: chat\nversion: 1.0.0\n", "chart/values.yaml": own, path: PROD}
    tree = Tree({name: text.encode() for name, text in files.items()})
    return edit(tree, f"{path}#//values-prod/values-prod", {field: value}, "nvidia.com/gpu.product")


@pytest.mark.parametrize(
    ("field", "value", "before", "after"),
    [
        ("replicas", 3, PROD, f"{PROD}replicaCount: 3\n"),
        ("shm_size", "8Gi", PROD, f"{PROD}shmSize: 8Gi\n"),
        ("max_model_len", 4096, "tion: 0.9\n", 'tion: 0.9\n  maxModelLen: "4096"\n'),
        ("cpu_request", "8", PROD, f'{PROD}resources:\n  requests:\n    cpu: "8"\n'),
        ("gpu_product", "NVIDIA-L4", PROD, f"{PROD}nodeSelector:\n  nvidia.com/gpu.product: NVIDIA-L4\n"),
    ],
)
def test_a_file_says_what_its_charts_own_values_have_a_key_for(
    field: str, value: Scalar, before: str, after: str
) -> None:
    """The key goes where the chart's own values have it, in their kind, and into the file that is laid over them."""
    result = set_in(field, value)

    assert isinstance(result, EditResult)
    assert {path: data.decode() for path, data in result.files.items()} == {
        "chart/values-prod.yaml": PROD.replace(before, after)
    }


@pytest.mark.parametrize(
    ("field", "value", "own"),
    [
        ("replicas", 3, OWN.replace("enabled: false", "enabled: true")),
        ("replicas", 3, OWN.replace("replicaCount: 1\n", "")),
        ("runtime_class", "nvidia", OWN),
        ("gpu_product", "NVIDIA-L4", OWN.replace("nodeSelector: {}", "nodeSelector: {kubernetes.io/hostname: a}")),
        ("gpu_product", "NVIDIA-L4", OWN.replace("nodeSelector: {}\n", "")),
    ],
)
def test_what_the_chart_has_no_key_for_is_refused(field: str, value: Scalar, own: str) -> None:
    """A key that nothing reads is not written, nor one that an autoscaler or a pin would contradict."""
    result = set_in(field, value, own)

    assert isinstance(result, Refusal)
    assert "nothing is served" not in result.reason


def test_a_chart_that_takes_the_file_tells_its_keys() -> None:
    """Where an Application lays the file over a chart of the tree, that chart's own values count."""
    application = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: chat}
spec: {source: {repoURL: x, path: charts/chat, helm: {valueFiles: [../../apps/prod/values.yaml]}}}
"""
    files = {
        "charts/chat/Chart.yaml": "name: chat\nversion: 1.0.0\n",
        "charts/chat/values.yaml": OWN,
        "apps/prod/values.yaml": PROD,
        "argo/chat.yaml": application,
    }
    tree = Tree({name: text.encode() for name, text in files.items()})
    result = edit(tree, "apps/prod/values.yaml#//prod/prod", {"replicas": 3})

    assert isinstance(result, EditResult)
    assert {path: data.decode() for path, data in result.files.items()} == {
        "apps/prod/values.yaml": f"{PROD}replicaCount: 3\n"
    }


def test_a_chart_that_lies_elsewhere_tells_nothing() -> None:
    """Values in a folder that no chart is above are read alone."""
    result = set_in("replicas", 3, path="apps/chat/values-prod.yaml")

    assert isinstance(result, Refusal)
    assert "no place for replicas" in result.reason
