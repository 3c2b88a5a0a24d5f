from __future__ import annotations

import pytest

from tests.manifest.samples import SUBJECT, edited, refused
from tests.manifest.test_edit import arguments, deployment


def indented(text: str) -> str:
    """Return lines as they stand below a container of the sample."""
    return "".join(f"        {line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    ("container", "after"),
    [
        ("args: []", "args: [--max-num-seqs=8]"),
        ("args:", "args: [--max-num-seqs=8]"),
        ("args: ~ # none", "args: [--max-num-seqs=8] # none"),
        ("tty: true", "tty: true\nargs:\n- --max-num-seqs=8"),
        ("ports:\n  - containerPort: 1", "ports:\n  - containerPort: 1\nargs:\n  - --max-num-seqs=8"),
        ("command: [vllm, serve, o/m]", "command: [vllm, serve, o/m, --max-num-seqs=8]"),
        ("command: [vllm, serve]\nargs: [o/m]", "command: [vllm, serve]\nargs: [o/m, --max-num-seqs=8]"),
        ("command: [vllm]\nargs:\n- serve\n- o/m", "command: [vllm]\nargs:\n- serve\n- o/m\n- --max-num-seqs=8"),
        ("args: [--model, o/m, --, x]", 'args: [--model, o/m, --max-num-seqs, "8", --, x]'),
        ("args:\n- --model=o/m\n- --\n- x", "args:\n- --model=o/m\n- --max-num-seqs=8\n- --\n- x"),
        ("args: ['--model', o/m]", "args: ['--model', o/m, '--max-num-seqs', '8']"),
        ("args: [\n  --model=o/m, # why\n]", "args: [\n  --model=o/m, # why\n  --max-num-seqs=8,\n]"),
        ("args: [\n  --model=o/m # why\n]", "args: [\n  --model=o/m, # why\n  --max-num-seqs=8\n]"),
        ("args: [\n  --model, # a\n  o/m # b\n]", 'args: [\n  --model, # a\n  o/m, # b\n  --max-num-seqs,\n  "8"\n]'),
        (
            "args:\n- --model=o/m\n# - --dtype=half\n# tail",
            "args:\n- --model=o/m\n- --max-num-seqs=8\n# - --dtype=half",
        ),
        ("args:\n- --model=o/m  # a\n\ntty: true", "args:\n- --model=o/m  # a\n- --max-num-seqs=8\n\ntty: true"),
        (
            "command: [sh, -c]\nargs: ['vllm serve o/m --dtype half 2>&1 | tee /log']",
            "command: [sh, -c]\nargs: ['vllm serve o/m --dtype half --max-num-seqs 8 2>&1 | tee /log']",
        ),
        (
            "command: [sh, -c]\nargs:\n- |\n  cat <<E >/x\n  vllm serve no\n  E\n  vllm serve o/m",
            "command: [sh, -c]\nargs:\n- |\n  cat <<E >/x\n  vllm serve no\n  E\n  vllm serve o/m --max-num-seqs=8",
        ),
        (
            "command: [sh, -c]\nargs: ['A=b exec vllm serve o/m -- x']",
            "command: [sh, -c]\nargs: ['A=b exec vllm serve o/m --max-num-seqs=8 -- x']",
        ),
        (
            "command: [python3, -m, vllm.entrypoints.openai.api_server]\nargs:\n- --model\n- o/m",
            'args:\n- --model\n- o/m\n- --max-num-seqs\n- "8"',
        ),
    ],
)
def test_a_flag_goes_where_the_engine_reads_it(container: str, after: str) -> None:
    """Empty lists, commented lists, terminators, redirections and here-documents: the flag reaches the engine."""
    assert indented(after) in edited(arguments(container), SUBJECT, max_num_seqs=8)


@pytest.mark.parametrize(
    ("args", "after"),
    [
        ('- --model\n- o/m\n- --port\n- "8000"', "- --dtype\n- half"),
        ('- --port\n- "8000"', "- --dtype\n- half"),
        ("- --model\n- 'o/m'\n- --port\n- \"8000\"", "- --dtype\n- 'half'"),
        ('- "--port"\n- "8000"', '- "--dtype"\n- "half"'),
    ],
)
def test_a_word_is_quoted_as_words_are_and_not_as_numbers(args: str, after: str) -> None:
    """A number in a list of texts has to be quoted; that tells nothing of how words are written."""
    assert indented(f"{args}\n{after}") in edited(arguments(f"args:\n{args}"), SUBJECT, dtype="half")


def test_a_revision_is_added_where_a_model_of_a_hub_has_some() -> None:
    """A folder has no revisions, so nothing can be said of them."""
    assert "- --revision=v2" in edited(arguments("args:\n- --model=o/m"), SUBJECT, revision="v2")
    assert "no place" in refused(arguments("args:\n- --model=/models/m"), SUBJECT, revision="v2")


def test_a_script_may_come_after_the_end_of_the_shells_options() -> None:
    """`bash -lc --` is how Ray's operator starts a script: what follows is the script."""
    text = arguments('command: [/bin/bash, -lc, "--"]\nargs: [ulimit -n 65536; vllm serve o/m]')

    assert "vllm serve o/m --max-num-seqs=8]" in edited(text, SUBJECT, max_num_seqs=8)


OLLAMA = "ollama/ollama:0.12"
TGI = "ghcr.io/huggingface/text-generation-inference:3.0"
NIM = "nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8"


@pytest.mark.parametrize(
    ("image", "container", "after"),
    [
        (OLLAMA, "tty: true", 'tty: true\nenv:\n- name: OLLAMA_CONTEXT_LENGTH\n  value: "4096"'),
        (OLLAMA, "env: []", 'env: [{name: OLLAMA_CONTEXT_LENGTH, value: "4096"}]'),
        (OLLAMA, "env: [{name: A, value: b}]", '{name: A, value: b}, {name: OLLAMA_CONTEXT_LENGTH, value: "4096"}]'),
        (OLLAMA, "env:\n- {name: A, value: 'b'}", "- {name: OLLAMA_CONTEXT_LENGTH, value: '4096'}"),
        (OLLAMA, "env:\n- { name: A, value: b }", '- { name: OLLAMA_CONTEXT_LENGTH, value: "4096" }'),
        (OLLAMA, "env:\n  - name: 'A'\n    value: b", "  - name: 'OLLAMA_CONTEXT_LENGTH'\n    value: \"4096\""),
        (NIM, "env:\n- name: NIM_CACHE_PATH\n  value: /c", '- name: NIM_MAX_MODEL_LEN\n  value: "4096"'),
        (TGI, "env:\n- name: MODEL_ID\n  value: o/m", '- name: MAX_TOTAL_TOKENS\n  value: "4096"'),
        (TGI, "args: [--model-id, o/m]", 'args: [--model-id, o/m, --max-total-tokens, "4096"]'),
    ],
)
def test_a_variable_is_added_always_quoted(image: str, container: str, after: str) -> None:
    """An engine that is told by variables gets one more, and Kubernetes takes text alone there."""
    found = edited(deployment(f"name: server\nimage: {image}\n{container}"), SUBJECT, max_model_len=4096)

    assert after.replace("\n", "\n        ") in found


@pytest.mark.parametrize("words", ["--max, '8'", "--max_num=8", "'--max-num-seqs 8'"])
def test_a_word_that_may_be_the_flag_is_not_joined_by_it(words: str) -> None:
    """An ambiguous abbreviation, or a flag in one word with its value, is refused or misread by argparse already."""
    text = arguments(f"args: [--model, o/m, {words}]")

    assert "may stand for" in refused(text, SUBJECT, max_num_seqs=8)


@pytest.mark.parametrize(
    ("resources", "after"),
    [
        ('limits:\n    memory: "16Gi"', 'limits:\n    memory: "16Gi"\n  requests:\n    memory: "8Gi"'),
        ("limits:\n    memory: 16Gi", "limits:\n    memory: 16Gi\n  requests:\n    memory: 8Gi"),
        ('limits:\n    nvidia.com/gpu: "1"', 'limits:\n    nvidia.com/gpu: "1"\n  requests:\n    memory: 8Gi'),
        ("requests: {cpu: '500m'}", "requests: {cpu: '500m', memory: '8Gi'}"),
        ("requests: {cpu: '500m', x: 1Gi}", "requests: {cpu: '500m', x: 1Gi, memory: 8Gi}"),
    ],
)
def test_text_is_quoted_where_its_siblings_are_by_choice(resources: str, after: str) -> None:
    """Quotes that only keep a number text are no style; those around plain text are."""
    text = arguments(f"args: [--model=o/m]\nresources:\n  {resources}")

    assert edited(text, SUBJECT, memory_request="8Gi") == arguments(f"args: [--model=o/m]\nresources:\n  {after}")


def test_an_engine_that_is_told_by_flags_gets_a_flag_in_a_release_too() -> None:
    """A variable would do, and would be the only one beside a list of flags."""
    text = (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: embed}\nspec:\n"
        "  chartRef: {kind: OCIRepository, name: app-template}\n  values:\n    controllers:\n      embed:\n"
        "        containers:\n          app:\n"
        "            image: {repository: ghcr.io/ggml-org/llama.cpp, tag: server-b1}\n"
        '            args:\n              - --ctx-size\n              - "8192"\n'
    )
    after = edited(text, "a.yaml#HelmRelease//embed/embed/app", kv_cache_dtype="q8_0")
    assert after == f"{text}              - --cache-type-k\n              - q8_0\n"
