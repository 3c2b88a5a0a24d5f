"""Small repositories for the tests of rendering."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: llm}
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: server
          image: vllm/vllm-openai:v0.19.0
          args: ["--model=Qwen/Qwen3-8B"]
          resources: {limits: {nvidia.com/gpu: 1}}
"""

CHART = {
    "charts/chat/Chart.yaml": "apiVersion: v2\nname: chat\nversion: 0.1.0\n",
    "charts/chat/values.yaml": """\
replicas: 2
image: vllm/vllm-openai:v0.19.0
model: Qwen/Qwen3-8B
maxModelLen: 8192
wishes: {trimtab.dev/intent: chat}
""",
    "charts/chat/templates/deployment.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
  annotations: {{ toJson .Values.wishes }}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
        - name: server
          image: {{ .Values.image }}
          args: ["--model={{ .Values.model }}", "--max-model-len={{ .Values.maxModelLen }}"]
          resources: {limits: {nvidia.com/gpu: 1}}
""",
}

APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: support, namespace: argocd}
spec:
  destination: {namespace: prod}
  source:
    repoURL: https://git.example.com/gitops.git
    path: charts/chat
    helm:
      valueFiles: [values-prod.yaml]
      parameters: [{name: replicas, value: "3"}]
"""


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder, and return it."""
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return root
