from __future__ import annotations

import pytest

from trimtab.fleet import Scalar
from trimtab.manifest import engine_settings

IMAGE = "vllm/vllm-openai:v0.9.1"


@pytest.mark.parametrize(
    ("command", "args", "env", "image", "expected"),
    [
        ([], ["org/m", "-tp", "4"], {}, IMAGE, {"model": "org/m", "tensor_parallel_size": 4}),
        (["vllm", "serve"], ["org/m", "--dtype=$(D)"], {"D": "half"}, "x/y:1", {"model": "org/m", "dtype": "half"}),
        (["sh", "-c"], ["vllm serve o/m $X"], {"X": "--max-num-seqs 12"}, "x/y", {"model": "o/m", "max_num_seqs": 12}),
        (["vllm", "serve"], ["o/m", "--dtype=$(D)"], {}, "x/y:1", {"model": "o/m"}),
        (["sleep", "1"], ["# \u0007 \U0001f600"], {}, "busybox:1", {}),
    ],
)
def test_a_running_command_says_its_settings(
    command: list[str], args: list[str], env: dict[str, str], image: str, expected: dict[str, Scalar]
) -> None:
    """A live container's words are read as those of a manifest; what cannot be told is left out."""
    found = dict(engine_settings(command, args, env, image))

    assert found.pop("engine", "none") == ("vllm" if expected else "none")
    found.pop("engine_version", None)
    assert found == expected
