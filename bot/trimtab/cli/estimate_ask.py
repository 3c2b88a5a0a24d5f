"""What `trimtab estimate` was asked, brought into one deployment, and the answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from trimtab.catalog import find_gpu, find_model, with_scheme
from trimtab.errors import UsageError
from trimtab.estimate import Deployment, Impossible, Load, Memory, Speed, memory, speed
from trimtab.estimate.flags import Flags
from trimtab.fleet import GpuType, Model, Scalar, Unknown

_MOST_CONFIG_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ask:
    """The words of the command line.

    Attributes:
        model: The model's name.
        config: Its `config.json`; None where the catalogue has it.
        gpu: The GPU's name; empty with `gpu_memory_gib`.
        gpu_memory_gib: Usable memory instead of the catalogue's; 0 where unsaid.
        gpus: GPUs of one replica; 0 for as many as the flags need.
        engine: The engine's name.
        engine_version: Its release; empty for the newest known.
        flags: The engine's own flags.
        load: What to time.
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
    found = memory(deployment)
    if isinstance(found, Impossible):
        raise UsageError(found.reason, "correct the flag, or give another configuration with --config")
    if not found.fits:
        return Answer(deployment, found, Impossible(found.reason))
    return Answer(deployment, found, speed(deployment, load))


def deployment_of(ask: Ask) -> Deployment:
    """Return what is asked as a deployment.

    Raises:
        UsageError: The model or the GPU is unknown, or the configuration cannot be read.
    """
    settings = dict(ask.flags.settings)
    gpus = ask.gpus or gpus_needed(settings)
    model = model_of(ask.model, ask.config)
    return Deployment(model, gpu_of(ask.gpu, ask.gpu_memory_gib), gpus, ask.engine, ask.engine_version, settings)


def gpus_needed(settings: dict[str, Scalar]) -> int:
    """Return the GPUs that the parallel sizes need; what is no number is left to the estimate to refuse."""
    needed = 1
    for word in ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size"):
        size = settings.get(word, 1)
        needed *= size if isinstance(size, int) and size > 0 else 1
    return needed


def model_of(name: str, config: Path | None) -> Model:
    """Return a model by its file or from the catalogue.

    Raises:
        UsageError: There is no such file, or the model is not in the catalogue.
    """
    if config is not None:
        return Model(name or config.stem, with_scheme(read_config(config), name), str(config))
    found = find_model(name)
    if isinstance(found, Unknown):
        raise UsageError(found.reason, "give its config.json with --config FILE")
    return found.value


def read_config(path: Path) -> str:
    """Return a configuration's text.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        if path.stat().st_size > _MOST_CONFIG_BYTES:
            raise UsageError(f"{path}: longer than {_MOST_CONFIG_BYTES} bytes", "a config.json has a few KB")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def gpu_of(name: str, memory_gib: float) -> GpuType:
    """Return a GPU by name, by its usable memory, or by both.

    Raises:
        UsageError: Neither is given, or the name is unknown.
    """
    if not name and memory_gib:
        return GpuType(f"a GPU with {memory_gib:g} GiB", memory_gib, 0.0, {}, 0.0, 0.0, "")
    found = find_gpu(name) if name else Unknown("no GPU is named")
    if isinstance(found, Unknown) and memory_gib:
        return GpuType(name, memory_gib, 0.0, {}, 0.0, 0.0, "")
    if isinstance(found, Unknown):
        raise UsageError(found.reason, "name one with --gpu, such as H100, or its usable memory with --gpu-memory-gib")
    return replace(found.value, memory_gib=memory_gib) if memory_gib else found.value
