from __future__ import annotations

import copy

import pytest

from trimtab.manifest import Plain, plain_documents
from trimtab.propose.valid import refused
from trimtab.render.objects import identified

GOOD = b"""\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat}
spec:
  replicas: 2
  template:
    spec:
      nodeSelector: {nvidia.com/gpu.product: NVIDIA-L40S}
      containers:
        - name: server
          args: [--model=a/b]
          env: [{name: A, value: "1"}, {name: B, valueFrom: {}}]
          resources:
            requests: {cpu: 500m, memory: 8Gi, nvidia.com/gpu: 1}
            limits: {cpu: 1e0, memory: "9663676416", nvidia.com/gpu: "1"}
"""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"replicas: 2", b'replicas: "2"', "spec.replicas '2' is no whole number"),
        (b"replicas: 2", b"replicas: -1", "spec.replicas -1"),
        (b"NVIDIA-L40S", b"'NVIDIA L40S'", "is no value of a label"),
        (b"product: NVIDIA-L40S", b"product: 40", "is no value of a label"),
        (b"memory: 8Gi", b"memory: 10Gi", "requests memory 10Gi is above the limit 9663676416"),
        (b"memory: 8Gi", b"memory: lots", "'lots' is no quantity"),
        (b"nvidia.com/gpu: 1}", b"nvidia.com/gpu: 2}", "requests nvidia.com/gpu 2 is above the limit 1"),
        (b'gpu: "1"', b'gpu: "2"', "requests nvidia.com/gpu 1 must equal the limit 2"),
        (b'gpu: "1"', b'gpu: "1.5"', "must be a whole number"),
    ],
)
def test_what_the_api_refuses_is_seen(old: bytes, new: bytes, reason: str) -> None:
    """Types and bounds that the API server checks are held to; a fault that was there before is not the edit's."""
    before, after = identified(plain_documents(GOOD)), identified(plain_documents(GOOD.replace(old, new)))

    assert any(reason in fault for fault in refused(before, after)), refused(before, after)
    assert refused(after, copy.deepcopy(after)) == ()


def test_what_is_sound_passes() -> None:
    """A Deployment as people write them has no fault, and other kinds are not judged."""
    other: Plain = {"apiVersion": "v1", "kind": "ConfigMap", "spec": {"replicas": "many"}}

    assert refused({}, identified((*plain_documents(GOOD), other))) == ()
