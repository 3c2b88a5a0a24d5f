"""Small manifests in the styles that people write, and how tests read and edit them."""

from __future__ import annotations

from trimtab.fleet import Scalar, Serving
from trimtab.manifest import EditResult, Refusal, Tree, edit, inspect

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: chat
  namespace: llm
spec:
  # one is enough at night
  selector: {matchLabels: {app: chat}}
  template:
    metadata: {labels: {app: chat}}
    spec:
      nodeSelector:
        nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3 # keep in step with the pool
      containers:
        - name: server
          image: vllm/vllm-openai:v0.19.0
          args:
            - --model=Qwen/Qwen2.5-7B-Instruct
            # measured on a Monday
            - --max-model-len=8192   # tokens
          resources:
            requests: {memory: 32Gi, nvidia.com/gpu: 1}
            limits:
              nvidia.com/gpu: 1
"""
SUBJECT = "chat.yaml#Deployment/llm/chat/server"


def one(text: str, path: str = "chat.yaml", **others: str) -> Serving:
    """Return the only serving of a file; others stand beside it under their names with `__` for `/`."""
    files = {name.replace("__", "/"): data.encode() for name, data in others.items()}
    servings = inspect(Tree({path: text.encode(), **files})).servings
    assert len(servings) == 1, [serving.subject for serving in servings]
    return servings[0]


def said(serving: Serving) -> dict[str, Scalar]:
    """Return what a serving's settings say."""
    return {field: setting.value for field, setting in serving.settings.items()}


def edited(text: str, subject: str = SUBJECT, selector_key: str = "", **values: Scalar) -> str:
    """Return a file's text after an edit; the same edit again must change nothing."""
    path = subject.partition("#")[0]
    tree = Tree({path: text.encode()})
    result = edit(tree, subject, values, selector_key)
    assert isinstance(result, EditResult), result
    after = tree.replaced(result.files)
    again = edit(after, subject, values, selector_key)
    assert isinstance(again, EditResult), again
    assert not again.files
    assert not again.diff
    return after[path].decode()


def refused(text: str, subject: str = SUBJECT, **values: Scalar) -> str:
    """Return why an edit is refused."""
    result = edit(Tree({subject.partition("#")[0]: text.encode()}), subject, values)
    assert isinstance(result, Refusal), result
    return result.reason


def changed(before: str, after: str) -> list[tuple[str, str]]:
    """Return the lines that differ, pairwise where none was added; an added line stands beside empty text."""
    old, new = before.splitlines(), after.splitlines()
    if len(old) == len(new):
        return [(one, two) for one, two in zip(old, new, strict=True) if one != two]
    added, rest = [], list(new)
    for line in old:
        while rest and rest[0] != line:
            added.append(("", rest.pop(0)))
        rest = rest[1:]
    return [*added, *(("", line) for line in rest)]
