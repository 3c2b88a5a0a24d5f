"""Which engine a container runs: its command says it best, then its image, then flags that only one engine has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from trimtab.manifest.flags import UNMISTAKABLE, UNMISTAKABLE_VARIABLES, canonical

_IMAGES: tuple[tuple[str, str], ...] = (
    (r"nvcr\.io/nim/|/nim/(?:meta|nvidia|mistralai|deepseek-ai|qwen|google)/", "nim"),
    (r"tritonserver", "triton"),
    (r"tensorrt-?llm|trtllm", "tensorrt-llm"),
    (r"sglang", "sglang"),
    (r"text-embeddings-inference", "tei"),
    (r"text-generation-inference|(?:^|/)tgi[-:_]|pytorch-tgi", "tgi"),
    (r"(?:^|/)ollama(?:-(?:ubi\d*|cuda|rocm|server|cpu|gpu|sycl|vulkan|intel|ipex|xpu|arc|npu))*(?:$|[:@/])", "ollama"),
    (r"llama[-.]?cpp|llama-server|llama-swap", "llama.cpp"),
    (r"huggingfaceserver", "vllm"),
    (r"vllm", "vllm"),
    (r"(?:^|/)llm-d(?:-(?:cuda|rocm|xpu|cpu|aws|gb200|dev))?(?:$|[:@])", "vllm"),
)
_NOT_ENGINES = re.compile(
    r"router|exporter|bench|benchmark|inference-sim|vllm-sim|simulator|gateway|proxy|controller|operator|semantic|litellm"
    r"|open-webui|epp\b|inference-scheduler|routing-sidecar|guidellm|genai-perf|lmcache-?server|frontend|webui|playground"
    r"|optimi[sz]er|autoscaler|dashboard|downloader|render|llama-?stack|remote-vllm|gradio|streamlit|chainlit|chatbot|-client\b|-rag-|\brag-|tritonserver:[\w.-]+-sdk\b",
    re.IGNORECASE,
)
_STAND_INS = re.compile(
    r"inference-sim|(?:vllm|sglang|llm)-(?:sim|mock)|mock-(?:vllm|llm)|simulator|llm-katan", re.IGNORECASE
)
"""Images that answer as an engine does, and run no model."""

_MODULES = {
    "vllm.entrypoints.openai.api_server": "vllm",
    "vllm.entrypoints.api_server": "vllm",
    "vllm.entrypoints.openai.rpc.server": "vllm",
    "huggingfaceserver": "vllm",
    "sglang.launch_server": "sglang",
    "dynamo.vllm": "vllm",
    "dynamo.sglang": "sglang",
    "dynamo.sglang.worker": "sglang",
    "dynamo.trtllm": "tensorrt-llm",
    "llama_cpp.server": "llama.cpp",
    "tensorrt_llm.commands.serve": "tensorrt-llm",
}
_PROGRAMS = {
    "text-generation-launcher": "tgi",
    "text-embeddings-router": "tei",
    "llama-server": "llama.cpp",
    "tritonserver": "triton",
    "trtllm-serve": "tensorrt-llm",
}
_IDLE = frozenset({"sleep", "tail", "pause", "trap", "wait"})
_SERVES = {"vllm": "vllm", "vllm-omni": "vllm", "sglang": "sglang", "ollama": "ollama"}


def engine_of_image(image: str) -> str:
    """Return the engine that an image is of, empty where its name tells none."""
    if _NOT_ENGINES.search(_name_of(image)):
        return ""
    lower = image.lower()
    return next((engine for pattern, engine in _IMAGES if re.search(pattern, lower)), "")


def _name_of(image: str) -> str:
    """Return an image's name without its registry: what a mirror is called says nothing of what it keeps."""
    first, slash, rest = image.partition("/")
    return rest if slash and ("." in first or ":" in first) else image


_OWN = re.compile(
    r"(?:vllm|sglang|llama[-.]?cpp|llama-server|llama-swap)"
    r"(?:-(?:openai|server|cpu|cuda|rocm|xpu|tpu|hpu|gaudi|neuron|ascend|ubi\d*|rhel\d*))*"
)
_SHARED = frozenset({"vllm", "sglang", "llama.cpp"})
"""Engines that images of other programs are named after too, such as what watches or calls them."""


def is_plainly(engine: str, image: str) -> bool:
    """Return whether an image's name alone says that it runs an engine, and not something around it."""
    name = image.rsplit("/", 1)[-1].partition("@")[0].partition(":")[0]
    return engine not in _SHARED or _OWN.fullmatch(name.lower()) is not None


_BASE = re.compile(r"(?:^|/)(?:cuda|python|ubuntu|debian|alpine|ubi\d*(?:-\w+)*|pytorch|miniconda3?)(?:[:@]|$)")


def is_base(image: str) -> bool:
    """Return whether an image only holds what an engine is installed on, so that its tag says nothing of the engine."""
    return _BASE.search(image.lower()) is not None


def is_stand_in(image: str) -> bool:
    """Return whether an image only pretends to be an engine, for tests of what stands before it."""
    return _STAND_INS.search(image) is not None


def engine_of_words(words: Sequence[str]) -> tuple[str, int]:
    """Return the engine that a command starts and the index of the first word after what starts it.

    Returns:
        Empty text and 0 where the command starts no engine.
    """
    for index, word in enumerate(words):
        name = word.rsplit("/", 1)[-1]
        following = words[index + 1] if index + 1 < len(words) else ""
        if name in _SERVES and following == "serve":
            return _SERVES[name], index + 2
        if name in _PROGRAMS:
            return _PROGRAMS[name], index + 1
        if word == "-m" and following in _MODULES:
            return _MODULES[following], index + 2
        if word.endswith("api_server.py") and "vllm" in word:
            return "vllm", index + 1
    return "", 0


def engine_of_variables(names: Iterable[str], image: str) -> str:
    """Return the engine whose server alone reads some of the variables, empty where the image is known for another."""
    if _NOT_ENGINES.search(_name_of(image)):
        return ""
    return next((engine for name in names for engine, own in UNMISTAKABLE_VARIABLES.items() if name in own), "")


def is_idle(words: Sequence[str]) -> bool:
    """Return whether a command only keeps its container alive, for people who work inside it."""
    return bool(words) and words[0].rsplit("/", 1)[-1] in _IDLE


def engine_of_flags(words: Sequence[str]) -> str:
    """Return the engine whose own flags the words hold, or whose files they load; empty text where they tell none."""
    names = {canonical(word.partition("=")[0]) for word in words}
    known = next((engine for engine, flags in UNMISTAKABLE.items() if names & flags), "")
    return known or ("llama.cpp" if _loads_gguf(words) else "")


def _loads_gguf(words: Sequence[str]) -> bool:
    """Return whether words that are flags from the first on give a file of llama.cpp's as the model."""
    told = any(one in {"-m", "--model"} and two.endswith(".gguf") for one, two in pairwise(words))
    return told and words[0].startswith("-")


def engine_of_part(name: str) -> str:
    """Return the engine that a part of a chart is named after, as `vllm-embeddings` is; empty where it is of none."""
    return engine_of_image(name) if "-" in name else ""


def image_tag(image: str) -> str:
    """Return the tag of an image, empty where it has none."""
    name = image.rsplit("/", 1)[-1].partition("@")[0]
    return name.rpartition(":")[2] if ":" in name else ""


def model_of_nim(image: str) -> str:
    """Return the model that a NIM image is named after, such as `meta/llama-3.1-8b-instruct`, else empty text."""
    match = re.search(r"(?:^|/)nim/([\w.-]+/[\w.-]+)", image)
    return match[1] if match else ""
