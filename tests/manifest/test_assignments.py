"""Variables that a script gives a value itself: followed where it says so once and always, else left alone."""

from __future__ import annotations

import json

import pytest

from tests.manifest.samples import DEPLOYMENT, SUBJECT, edited, one, refused

_ARGS = DEPLOYMENT.index("          args:")
_REST = DEPLOYMENT.index("          resources:")


def running(script: str, env: str = "") -> str:
    """Return a Deployment whose container runs a script."""
    body = f"          command: [bash, -c, {json.dumps(script)}]\n{env}"
    return DEPLOYMENT[:_ARGS] + body + DEPLOYMENT[_REST:]


@pytest.mark.parametrize(
    "script",
    [
        "LEN=8192\nvllm serve o/m --max-model-len $LEN",
        "set -e; export A=1 LEN='8192'; vllm serve o/m --max-model-len=${LEN}",
        'cd /app && LEN="8192" && vllm serve o/m --max-model-len "$LEN"',
        "SIZE=8192; LEN=${SIZE}; vllm serve o/m --max-model-len $LEN",
        "LEN=${MAX:-8192}; vllm serve o/m --max-model-len $LEN",
    ],
)
def test_a_value_stands_where_the_script_assigns_it(script: str) -> None:
    """What is assigned once, before it is used and on every way, is read and edited at the assignment."""
    text = running(script)
    setting = one(text).settings["max_model_len"]

    assert (setting.value, setting.raw, setting.via, setting.editable) == (8192, "8192", "shell", True)
    assert edited(text, SUBJECT, max_model_len=4096) == text.replace("8192", "4096")


@pytest.mark.parametrize(
    "script",
    [
        "if a; then\nLEN=8192\nfi\nvllm serve o/m --max-model-len $LEN",
        "[ -z x ] && LEN=8192; vllm serve o/m --max-model-len $LEN",
        "a || LEN=8192; vllm serve o/m --max-model-len $LEN",
        "LEN=8192; LEN=4096; vllm serve o/m --max-model-len $LEN",
        "LEN=8192 setup; vllm serve o/m --max-model-len $LEN",
        "vllm serve o/m --max-model-len $LEN; LEN=8192",
        "LEN=$((4096 * 2)); vllm serve o/m --max-model-len $LEN",
        "LEN=$LEN; vllm serve o/m --max-model-len $LEN",
    ],
)
def test_what_is_assigned_otherwise_has_no_one_place(script: str) -> None:
    """A value that depends on how the script runs, or that is computed, is refused."""
    env = "          env: [{name: LEN, value: '9'}]\n"

    assert refused(running(script, env), SUBJECT, max_model_len=4096)
