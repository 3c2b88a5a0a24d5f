"""What `trimtab estimate` was asked, brought into one deployment, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from trimtab.catalog import find_gpu, instance_gpus
from trimtab.cli.estimate_model import Models
from trimtab.errors import UsageError
from trimtab.estimate import Deployment, Impossible, Load, Memory, Speed, memory, speed
from trimtab.estimate.flags import Flags
from trimtab.fleet import Found, GpuType, Scalar, Unknown
from trimtab.text.clean import visible

PARALLEL = ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size")


ENGINES = ("vllm", "sglang", "tgi", "nim", "triton", "tensorrt-llm", "ollama", "llama.cpp", "tei", "dynamo")
_ENGINE_NAMES = {
    "trtllm": "tensorrt-llm",
    "trt-llm": "tensorrt-llm",
    "tensorrtllm": "tensorrt-llm",
    "text-generation-inference": "tgi",
    "text-embeddings-inference": "tei",
    "llamacpp": "llama.cpp",
    "llama-cpp": "llama.cpp",
    "llama-server": "llama.cpp",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """The words of the command line.

    Attributes:
        model: The model's name.
        config: Its `config.json` or folder; None where its name is enough.
        gpu: The GPU's name; empty with `gpu_memory_gib`.
        gpu_memory_gib: Usable memory instead of the catalogue's; 0 where unsaid.
        gpus: GPUs of one replica; 0 for as many as the flags need.
        engine: The engine's name.
        engine_version: Its release; empty for the newest known.
        flags: The engine's own flags.
        load: What to time.
        offline: Whether no network may be asked.
    """

    model: str
    config: Path | None
    gpu: str
    gpu_memory_gib: float
    gpus: int
    engine: str
    engine_version: str
    flags: Flags = field(default_factory=lambda: Flags({}, ()))
    load: Load = field(default_factory=lambda: Load(16, 1000, 250))
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What there is to say: memory always, speed where it starts and its GPU's speed is known."""

    deployment: Deployment
    memory: Memory
    speed: Speed | Impossible


def answer(deployment: Deployment, load: Load) -> Answer:
    """Return memory and speed.

    Raises:
        UsageError: The configuration is broken, or the settings contradict the model or the GPUs.
    """
    found = tried(deployment, load)
    if isinstance(found, Impossible):
        raise UsageError(visible(found.reason), "correct the flag, or give another configuration with --config")
    return found


def tried(deployment: Deployment, load: Load) -> Answer | Impossible:
    """Return memory and speed; `Impossible` where the configuration or the settings allow no estimate."""
    found = memory(deployment)
    if isinstance(found, Impossible):
        return found
    if not found.fits:
        return Answer(deployment, found, Impossible(found.reason))
    return Answer(deployment, found, speed(deployment, load))


def deployment_of(ask: Ask) -> Deployment:
    """Return what is asked as a deployment.

    Raises:
        UsageError: The model or the GPU is unknown, or the configuration cannot be read.
    """
    return on_gpu(ask, gpu_of(ask.gpu, ask.gpu_memory_gib))


def on_gpu(ask: Ask, gpu: GpuType) -> Deployment:
    """Return what is asked as a deployment on a GPU of this kind.

    Raises:
        UsageError: The model is unknown, or its configuration cannot be read.
    """
    settings = dict(ask.flags.settings)
    model = Models(ask.offline).find(ask.model or str(settings.get("model", "")), ask.config)
    return Deployment(model, gpu, ask.gpus or gpus_needed(settings), ask.engine, ask.engine_version, settings)


def engine_of(name: str) -> str:
    """Return an engine's name as the vocabulary has it; vLLM where none is said.

    Raises:
        UsageError: No such engine is known: another one's memory is no estimate of its own.
    """
    plain = name.strip().casefold().replace("_", "-") or "vllm"
    known = _ENGINE_NAMES.get(plain, plain)
    if known not in ENGINES:
        raise UsageError(f"no engine named {name[:40]!r} is known", f"one of {', '.join(ENGINES)}")
    return known


def gpus_needed(settings: Mapping[str, Scalar]) -> int:
    """Return the GPUs that the parallel sizes need; what is no number is left to the estimate to refuse."""
    needed = 1
    for word in PARALLEL:
        size = settings.get(word, 1)
        needed *= size if isinstance(size, int) and size > 0 else 1
    return needed


def gpu_of(name: str, memory_gib: float) -> GpuType:
    """Return a GPU by name or instance type, by its usable memory, or by both.

    Raises:
        UsageError: Neither is given, or the name is unknown.
    """
    if not name and memory_gib:
        return GpuType(f"a GPU with {memory_gib:g} GiB", memory_gib, 0.0, {}, 0.0, 0.0, "")
    found = _named(name)
    if isinstance(found, Unknown) and memory_gib:
        return GpuType(name, memory_gib, 0.0, {}, 0.0, 0.0, "")
    if isinstance(found, Unknown):
        raise UsageError(visible(found.reason), "name one with --gpu, such as H100, or its size with --gpu-memory-gib")
    return replace(found.value, memory_gib=memory_gib) if memory_gib else found.value


def _named(name: str) -> Found[GpuType] | Unknown:
    """Return a GPU by its own name, else by the instance type that has it."""
    if not name:
        return Unknown("no GPU is named")
    found = find_gpu(name)
    if isinstance(found, Found):
        return found
    instance = instance_gpus(name)
    return find_gpu(instance.value[0]) if isinstance(instance, Found) else found
