from __future__ import annotations

import pytest

from trimtab.rule import Change, Subject
from trimtab.text.names import gpu, headline, steps, subject


@pytest.mark.parametrize(
    ("product", "shown"),
    [
        ("NVIDIA-H100-80GB-HBM3", "H100 80GB HBM3"),
        ("NVIDIA-L40S", "L40S"),
        ("Tesla-T4", "T4"),
        ("AMD-Instinct-MI300X", "MI300X"),
        ("NVIDIA-", "NVIDIA-"),
    ],
)
def test_a_gpu_is_called_by_its_short_name(product: str, shown: str) -> None:
    """A GPU's name is its label without the maker and the hyphens."""
    assert gpu(product) == shown


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ((Change("gpu_product", "NVIDIA-H100-80GB-HBM3", "NVIDIA-L40S"),), "L40S instead of H100 80GB HBM3"),
        ((Change("cpu_request", "2", "6"), Change("cpu_limit", "2", "6")), "6 CPU instead of 2"),
        ((Change("cpu_limit", "2", "6"),), "CPU limit 6 instead of 2"),
        ((Change("replicas", 2, 1),), "1 replica instead of 2"),
        ((Change("max_model_len", "", 16384),), "a context of 16,384 tokens"),
        (
            (Change("gpu_count", 4, 2), Change("tensor_parallel_size", 4, 2), Change("replicas", 1, 2)),
            "2 GPUs instead of 4 and 2-way tensor parallelism instead of 4 and 1 more",
        ),
        ((Change("enforce_eager", before=True, after=False),), "enforce_eager false instead of true"),
        ((), ""),
    ],
)
def test_a_headline_names_what_changes(changes: tuple[Change, ...], shown: str) -> None:
    """A headline tells two changes at most, in the words of the field."""
    assert headline(changes) == shown


def test_steps_tell_each_change() -> None:
    """A table tells every change, from what to what."""
    told = steps((Change("max_num_seqs", "", 64), Change("replicas", 2, 1)))
    assert told == "max_num_seqs: unset → 64; replicas: 2 → 1"


def test_a_subject_has_its_cluster_only_where_there_are_several() -> None:
    """A node is called a node; the cluster is named where a name alone could mean two."""
    assert subject(Subject("eu", "llm", "Deployment", "chat")) == "llm/chat"
    assert subject(Subject("eu", "", "Node", "n1"), several_clusters=True) == "node n1 (eu)"
