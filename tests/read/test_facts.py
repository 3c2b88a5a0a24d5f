"""Names of pods, as Python and PromQL shorten them."""

from __future__ import annotations

import pytest

from tests.read.samples import Samples, read
from trimtab.facts import pod_stem

STEMS = {
    "chat-7c9d8f6b5d-xbbzw": "chat",
    "vllm-qwen-72b-7c9d8f6b5d-xk2lp": "vllm-qwen-72b",
    "qwen-72b-x7k2p": "qwen-72b",
    "train-x7k2p": "train",
    "embed-0": "embed-0",
    "old-1564180365-khku8": "old",
    "llama-large": "llama-large",
    "server": "server",
    "a": "a",
}


@pytest.mark.parametrize(("pod", "stem"), STEMS.items())
def test_a_stem_is_the_name_without_its_owners_hashes(pod: str, stem: str) -> None:
    """Hashes of ReplicaSets, Jobs and DaemonSets go; words, sizes and ordinals stay."""
    assert pod_stem(pod) == stem


def test_prometheus_finds_the_same_stems() -> None:
    """RE2 in Prometheus and Python's expressions agree on every name."""
    samples = Samples()
    for pod in STEMS:
        samples.add("vllm:num_requests_running", 1, (-2, 0), namespace="llm", pod=pod, model_name="m")
    hours = read(samples, window_s=7200).hours("running_hourly")
    assert {stem: values[-1] for stem, values in hours.items()} == dict.fromkeys(STEMS.values(), 1.0)
