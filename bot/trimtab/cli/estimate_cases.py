"""Many estimates at once: one JSON case a line, one result for each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trimtab.catalog.folder import read_text
from trimtab.cli.estimate_ask import answer, engine_of, gpu_of, gpus_needed
from trimtab.cli.estimate_document import figures
from trimtab.cli.estimate_model import Models
from trimtab.errors import TrimtabError, UsageError
from trimtab.estimate import Deployment, Load
from trimtab.fleet import Model, Scalar, Unknown
from trimtab.text.clean import visible

SCHEMA = "trimtab/estimate-batch/v1"
_V0_RELEASE = "0.7.3"
"""The release whose constants hold for vLLM's first core, which later releases could still be told to use."""
_BEFORE_V1 = re.compile(r"v?0\.[0-7](?:\D|$)")
_USUAL = Load(16, 1000, 250)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where the cases' models are."""

    folders: Sequence[Path]
    models: Models


def estimate_cases(path: Path, config_dir: Path | None, *, offline: bool = False) -> dict[str, object]:
    """Return the document of a cases file; a case that cannot be estimated has an `error`.

    Raises:
        UsageError: The file cannot be read.
    """
    text = read_text(path)
    if isinstance(text, Unknown):
        raise UsageError(
            visible(text.reason), "one JSON object a line: id, model, config, gpu, gpus, engine, args, load"
        )
    folders = [config_dir] if config_dir else [path.parent, path.parent / "model_configs"]
    shelf = _Shelf(folders, Models(offline))
    lines = text.value.split("\n")
    return {
        "schema": SCHEMA,
        "results": [_result(line, number, shelf) for number, line in enumerate(lines, 1) if line.strip()],
    }


def _result(line: str, number: int, shelf: _Shelf) -> dict[str, object]:
    name = f"line {number}"
    try:
        case = json.loads(line)
    except (ValueError, RecursionError):
        return {"id": name, "error": f"line {number} is no JSON"}
    if not isinstance(case, dict):
        return {"id": name, "error": f"line {number} is no JSON object"}
    said = case.get("id")
    name = str(said) if isinstance(said, str | int | float) and said != "" else name
    try:
        return {"id": name, **_figures(case, shelf)}
    except TrimtabError as error:
        return {"id": name, "error": error.message}
    except Exception as error:  # noqa: BLE001  # one case must not hold up the others
        return {"id": name, "error": f"the case is not of the form: {type(error).__name__}: {str(error)[:200]}"}


def _figures(case: Mapping[str, object], shelf: _Shelf) -> dict[str, object]:
    deployment = deployment_of_case(case, shelf.folders, shelf.models)
    return figures(answer(deployment, _load(case.get("load"))))


def _load(said: object) -> Load:
    if said is None:
        return _USUAL
    if not isinstance(said, dict):
        raise UsageError("load is no object with concurrency, input_tokens and output_tokens")
    words = ("concurrency", "input_tokens", "output_tokens")
    concurrency, given, taken = (_number(said.get(word), f"load.{word}") for word in words)
    hit = _number(said.get("prefix_hit", 0), "load.prefix_hit")
    if concurrency <= 0 or given < 0 or taken < 1 or not 0 <= hit <= 1:
        raise UsageError("load: concurrency above 0, input_tokens from 0, output_tokens from 1, prefix_hit 0 to 1")
    return Load(concurrency, given, taken, hit)


def _number(value: object, name: str) -> float:
    """Return a number from JSON.

    Raises:
        UsageError: It is none, or one beyond all bounds.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MOST:
        raise UsageError(f"{name} is {str(value)[:40]!r}, not a number to reckon with")
    return float(value)


_MOST = 1e12


def deployment_of_case(case: Mapping[str, object], folders: Sequence[Path], models: Models | None = None) -> Deployment:
    """Return what a case describes; its configuration is looked for in the folders.

    Raises:
        UsageError: The model, the GPU or the engine is unknown, or a value is none.
    """
    settings = _settings(case.get("args"))
    scheme = _text(case, "weights_scheme")
    if scheme and scheme != "bf16":
        settings.setdefault("quantization", scheme)
    memory_gib = case.get("gpu_memory_gib")
    gpus = case.get("gpus")
    return Deployment(
        model=_model(_text(case, "model"), _text(case, "config"), _Shelf(folders, models or Models())),
        gpu=gpu_of(_text(case, "gpu"), 0.0 if memory_gib is None else _number(memory_gib, "gpu_memory_gib")),
        gpus=gpus_needed(settings) if gpus is None else int(_number(gpus, "gpus")),
        engine=engine_of(_text(case, "engine")),
        engine_version=_release(_text(case, "engine_version"), _text(case, "engine_core")),
        settings=settings,
    )


def _text(case: Mapping[str, object], name: str) -> str:
    value = case.get(name)
    return value if isinstance(value, str) else "" if value is None else str(value)


def _release(version: str, core: str) -> str:
    """Return the release; for the first core one that had it, whatever release was told to use it."""
    return _V0_RELEASE if core == "v0" and not _BEFORE_V1.match(version) else version


def _settings(said: object) -> dict[str, Scalar]:
    """Return a case's settings; null is as good as absent.

    Raises:
        UsageError: They are no object of names and single values.
    """
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise UsageError("args is no object of settings")
    for name, value in said.items():
        if isinstance(value, list | dict):
            raise UsageError(f"args.{name[:40]} is no single value")
        if isinstance(value, int | float) and not isinstance(value, bool):
            _number(value, f"args.{name[:40]}")
    return {name: value for name, value in said.items() if value is not None}


def _model(name: str, config: str, shelf: _Shelf) -> Model:
    """Return a case's model: by its file, with what stands beside it or in the name; else by name."""
    if not config:
        return shelf.models.find(name)
    for folder in shelf.folders:
        path = folder / config
        if path.exists():
            return shelf.models.find(name, path)
    raise UsageError(f"{config}: not found in {', '.join(map(str, shelf.folders))}")
