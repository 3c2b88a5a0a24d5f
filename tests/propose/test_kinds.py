"""Objects of built-in kinds held to the types of their fields."""

from __future__ import annotations

import copy

import pytest

from tests.propose.client_kinds import FILE, text
from trimtab.manifest import plain_documents
from trimtab.propose.kinds import built_in
from trimtab.propose.schemas import misfits
from trimtab.render.objects import identified

GOOD = b"""\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat, annotations: {a: b}}
spec:
  replicas: 2
  selector: {matchLabels: {app: chat}}
  strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}}
  template:
    metadata: {labels: {app: chat}, creationTimestamp: null}
    spec:
      nodeSelector: {nvidia.com/gpu.product: NVIDIA-L40S}
      volumes: [{name: shm, emptyDir: {medium: Memory, sizeLimit: 2Gi}}]
      containers:
        - name: server
          args: [--model=a/b]
          env: [{name: A, value: "1"}, {name: B, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]
          ports: [{containerPort: 8000}]
          livenessProbe: {httpGet: {path: /health, port: http}}
          resources:
            requests: {cpu: 0.5, memory: 8Gi, nvidia.com/gpu: 1}
            limits: {cpu: 1e0, memory: "9663676416", nvidia.com/gpu: "1"}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: chat}
spec:
  scaleTargetRef: {kind: Deployment, name: chat}
  maxReplicas: 4
  metrics: [{type: Pods, pods: {metric: {name: waiting}, target: {type: AverageValue, averageValue: 500m}}}]
"""


def test_the_file_is_the_clients() -> None:
    """The types are those of the Kubernetes client in the lock file: `python -m tests.propose.client_kinds`."""
    assert FILE.read_text() == text()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"replicas: 2", b'replicas: "2"', ".spec.replicas: '2' is no integer"),
        (b"[--model=a/b]", b"[--seed, 1]", ".containers[0].args[1]: 1 is no string"),
        (b"[--model=a/b]", b"--model=a/b", ".containers[0].args: '--model=a/b' is no array"),
        (b'value: "1"', b"value: 1", ".env[0].value: 1 is no string"),
        (b"medium: Memory", b"size: 2Gi, medium: Memory", ".emptyDir.size is no field, and would be dropped"),
        (b"containerPort: 8000", b"hostPort: 8000", ".ports[0].containerPort is missing"),
        (b"nodeSelector:", b"gpuSelector:", ".template.spec.gpuSelector is no field"),
        (b"maxReplicas: 4", b"maxReplicas: 4.5", ".spec.maxReplicas: 4.5 is no integer"),
    ],
)
def test_what_the_schema_does_not_take_is_seen(old: bytes, new: bytes, reason: str) -> None:
    """A wrong type, a field that the API would drop and one that it wants are named; a fault of before is not new."""
    before, after = identified(plain_documents(GOOD)), identified(plain_documents(GOOD.replace(old, new)))

    assert any(reason in fault for fault in misfits(built_in(), before, after)), misfits(built_in(), before, after)
    assert misfits(built_in(), after, copy.deepcopy(after)) == ()


def test_what_is_sound_passes() -> None:
    """A Deployment and an autoscaler as people write them fit: quantities as numbers or texts, ports by name."""
    assert misfits(built_in(), {}, identified(plain_documents(GOOD))) == ()
