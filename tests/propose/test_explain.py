from __future__ import annotations

import json

import pytest

from trimtab.manifest import Plain
from trimtab.propose.explain import Wanted, explained
from trimtab.propose.generated import settled
from trimtab.propose.showing import show
from trimtab.render import FieldChange, ObjectId, compare
from trimtab.render.compare import ABSENT

CHAT = ObjectId("apps/v1", "Deployment", "llm", "chat")
SERVER = "/spec/template/spec/containers/0"
LENGTH = Wanted("max_model_len", 8192, 4096)
CACHING = Wanted("enable_prefix_caching", "", after=True)
SHARE = Wanted("gpu_memory_utilization", 0.9, 0.8)
CPU = Wanted("cpu_request", "2", "8")
GPU = Wanted("gpu_product", "NVIDIA-H100-80GB-HBM3", "NVIDIA-L40S")


def changed(pointer: str, before: Plain, after: Plain) -> FieldChange:
    """Return a field that differs; None stands for a field that is not there."""
    texts = [ABSENT if value is None else json.dumps(value) for value in (before, after)]
    return FieldChange(CHAT, pointer, *texts)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (changed(f"{SERVER}/args/3", "--max-model-len=8192", "--max-model-len=4096"), LENGTH),
        (changed(f"{SERVER}/args/3", None, "--max-model-len"), LENGTH),
        (changed(f"{SERVER}/args/4", None, "4096"), LENGTH),
        (changed(f"{SERVER}/args/0", "exec vllm serve m", "exec vllm serve m --max-model-len 4096"), LENGTH),
        (changed("/data/MAX_LEN", "8192", "4096"), LENGTH),
        (changed(f"{SERVER}/resources/requests/cpu", "2", "8"), CPU),
        (changed(f"{SERVER}/resources/requests", None, {"cpu": 8}), CPU),
        (changed("/spec/template/spec/nodeSelector/gpu", "NVIDIA-H100-80GB-HBM3", "NVIDIA-L40S"), GPU),
        (changed(f"{SERVER}/args/3", None, "--enable-prefix-caching"), CACHING),
        (changed(f"{SERVER}/args/3", "--gpu-memory-utilization=0.9", "--gpu-memory-utilization=0.80"), SHARE),
    ],
)
def test_a_field_that_says_the_new_value_is_explained(change: FieldChange, wanted: Wanted) -> None:
    """A value, a flag or a variable of the wanted setting accounts for the change, wherever a container takes it."""
    assert explained(change, [wanted], "vllm") == {wanted.field}


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (changed(f"{SERVER}/args/3", "--max-model-len=8192", "--max-model-len=2048"), LENGTH),
        (changed(f"{SERVER}/args/3", "--max-model-len=8192", "--max-num-seqs=4096 --seed=1"), LENGTH),
        (changed(f"{SERVER}/args/3", "--seed=1", None), LENGTH),
        (changed(f"{SERVER}/resources/limits/cpu", "2", "8"), CPU),
        (changed(f"{SERVER}/resources/requests/memory", "2", "8"), CPU),
        (changed("/spec/replicas", 1, 8), CPU),
        (changed(f"{SERVER}/name", "a", "b"), LENGTH),
        (changed("", None, {"kind": "Deployment"}), GPU),
        (changed(f"{SERVER}/args", ["--max-model-len=8192"], None), CPU),
    ],
)
def test_a_field_that_says_something_else_is_not(change: FieldChange, wanted: Wanted) -> None:
    """Another value, another flag, another resource or another field is accounted for by nothing."""
    assert explained(change, [wanted], "vllm") == frozenset()


def test_a_generated_name_follows_only_its_own_kind() -> None:
    """A ConfigMap's new suffix is followed in every mention; a Deployment that goes and comes is not."""
    old, new = (ObjectId("v1", "ConfigMap", "llm", f"env-{suffix}") for suffix in ("2hm89g8k4b", "7d4f96tgc5"))
    pod: Plain = {"envFrom": [{"configMapRef": {"name": old.name}}]}
    before: dict[ObjectId, Plain] = {old: {"data": {"A": "1"}}, CHAT: pod}
    after: dict[ObjectId, Plain] = {
        new: {"data": {"A": "2"}},
        CHAT: {"envFrom": [{"configMapRef": {"name": new.name}}]},
    }
    renamed, lines = settled(before, after)
    assert compare(renamed, after) == (FieldChange(new, "/data/A", '"1"', '"2"'),)
    assert lines == (f"ConfigMap llm/{old.name} is named {new.name} now, after its content",)
    gone = {ObjectId("apps/v1", "Deployment", "llm", "chat-2hm89g8k4b"): pod}
    assert settled(gone, {ObjectId("apps/v1", "Deployment", "llm", "chat-7d4f96tgc5"): pod}) == (gone, ())


def test_a_rendered_difference_reads_as_a_diff() -> None:
    """Each field has a line taken out and one put in; of a long text only the lines that differ are shown."""
    changes = (
        changed(f"{SERVER}/args/3", "--max-model-len=8192", "--max-model-len=4096"),
        changed("/metadata/annotations/a~1b", None, "x"),
        changed("/data/run.sh", "set -e\nserve --n 1\nwait\n", "set -e\nserve --n 2\nwait\n"),
    )
    assert show(changes).splitlines() == [
        " Deployment llm/chat",
        "-  spec.template.spec.containers[0].args[3]: --max-model-len=8192",
        "+  spec.template.spec.containers[0].args[3]: --max-model-len=4096",
        '+  metadata.annotations["a/b"]: x',
        '   data["run.sh"]',
        "-  serve --n 1",
        "+  serve --n 2",
    ]
