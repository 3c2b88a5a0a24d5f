from __future__ import annotations

import pytest

from tests.manifest.samples import SUBJECT, edited, refused
from tests.manifest.test_edit import arguments, deployment
from tests.manifest.test_edit_inserts import indented

SHELL = "command: [sh, -c]\nargs:"
LITERAL = f"{SHELL}\n- |\n  vllm serve o/m \\\n    --enforce-eager \\\n    --dtype half\n  echo"
FOLDED = f"{SHELL}\n- >-\n  vllm serve o/m\n  --enforce-eager\n  --dtype half"


@pytest.mark.parametrize(
    ("container", "after"),
    [
        ("args: [--model, o/m, --enforce-eager]", "args: [--model, o/m]"),
        ("args: [--enforce-eager, --model, o/m]", "args: [--model, o/m]"),
        ("args: [--model=o/m, --enforce-eager, --enforce_eager]", "args: [--model=o/m]"),
        ("args: [--enforce-eager]", "args: []"),
        ("args:\n- --enforce-eager", "args: []"),
        ("args:\n  - --enforce-eager # why\n  - --model=o/m", "args:\n  - --model=o/m"),
        ("args:\n- --model=o/m\n# a\n- '--enforce-eager'\n# b", "args:\n- --model=o/m\n# a\n# b"),
        ("args: [\n  --model=o/m,\n  --enforce-eager\n]", "args: [\n  --model=o/m\n]"),
        ("args: [\n  --model=o/m, # a\n  --enforce-eager, # b\n]", "args: [\n  --model=o/m, # a\n]"),
        ("args: [\n  --enforce-eager, # b\n  --model=o/m, # a\n]", "args: [\n  --model=o/m, # a\n]"),
        (LITERAL, LITERAL.replace("    --enforce-eager \\\n", "")),
        (FOLDED, FOLDED.replace("  --enforce-eager\n", "")),
        (f'{SHELL} ["vllm serve o/m  --enforce-eager 2>&1"]', f'{SHELL} ["vllm serve o/m 2>&1"]'),
        (
            f"{SHELL} ['vllm serve o/m $MORE']\nenv: [{{name: MORE, value: '--dtype=half --enforce-eager'}}]",
            f"{SHELL} ['vllm serve o/m $MORE']\nenv: [{{name: MORE, value: '--dtype=half'}}]",
        ),
    ],
)
def test_a_switch_whose_absence_says_no_is_removed(container: str, after: str) -> None:
    """The flag goes with its own line or its own comma and the comment on its line; all else stays."""
    assert edited(arguments(container), SUBJECT, enforce_eager=False) == arguments(container).replace(
        indented(container), indented(after)
    )


def test_nothing_is_written_where_absence_already_says_so() -> None:
    """What the engine does by itself in every release needs no flag."""
    text = arguments("args: [--model, o/m]")

    assert edited(text, SUBJECT, enforce_eager=False) == text


def test_sglang_has_no_opposite_so_its_switches_are_removed() -> None:
    """A switch without an opposite is removed to say the other thing."""
    text = deployment(
        "name: server\nimage: lmsysorg/sglang:v0.5\n"
        "args: [--model-path, o/m, --disable-cuda-graph, --disable-radix-cache]"
    )
    after = edited(text, SUBJECT, enforce_eager=False, enable_prefix_caching=True)

    assert after == text.replace(", --disable-cuda-graph, --disable-radix-cache", "")


def test_vllm_prefix_caching_is_said_outright() -> None:
    """Whether it is on without a flag depends on release and model, so the flag is turned and not removed."""
    text = arguments("args: [--model, o/m, --no-enable-prefix-caching]")

    assert edited(text, SUBJECT, enable_prefix_caching=True) == text.replace("--no-enable", "--enable")


@pytest.mark.parametrize(
    ("image", "after"),
    [
        ("vllm/vllm-openai:v0.6.3", "[--model, o/m]"),
        ("mirror.example/vllm/vllm-openai:v0.4.3", "[--model, o/m]"),
        ("vllm/vllm-openai:v0.7.0", "[--model, o/m, --no-enable-prefix-caching]"),
        ("nvcr.io/nvidia/ai-dynamo/vllm-runtime:0.6.0", "[--model, o/m, --no-enable-prefix-caching]"),
    ],
)
def test_an_early_vllm_caches_no_prefixes_without_a_flag(image: str, after: str) -> None:
    """Early releases die of `--no-enable-prefix-caching`: the flag goes; tags of other images are no releases."""
    text = deployment(f"name: server\nimage: {image}\ncommand: [vllm, serve]\nargs: ARGS")
    before = text.replace("ARGS", "[--model, o/m, --enable-prefix-caching]")

    assert edited(before, SUBJECT, enable_prefix_caching=False) == text.replace("ARGS", after)


def test_a_switch_of_a_shared_list_stays() -> None:
    """A list that an alias points to is not the serving's alone."""
    text = arguments("args: &a [--model=o/m, --enforce-eager]\nlifecycle: *a")

    assert "aliases point to" in refused(text, SUBJECT, enforce_eager=False)
