"""What the repositories behind the forges hold."""

MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat, namespace: llm}
spec:
  replicas: 1
  selector: {matchLabels: {app: chat}}
  template:
    metadata: {labels: {app: chat}}
    spec:
      nodeSelector: {nvidia.com/gpu.product: NVIDIA-L4}
      containers:
        - name: server
          image: vllm/vllm-openai:v0.9.1
          args: ["--model=meta-llama/Llama-3.1-8B-Instruct", "--max-model-len=131072"]
          resources: {limits: {nvidia.com/gpu: 1}}
"""
"""A context that does not fit its GPU: manifests alone tell."""
