"""Many estimates at once: one JSON case a line, one result for each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from trimtab.catalog import find_model, with_scheme
from trimtab.cli.estimate_ask import answer, gpu_of, gpus_needed, read_config
from trimtab.cli.estimate_print import figures
from trimtab.errors import TrimtabError, UsageError
from trimtab.estimate import Deployment, Load
from trimtab.fleet import Model, Scalar, Unknown

SCHEMA = "trimtab/estimate-batch/v1"
_V0_RELEASE = "0.7.3"
"""The release whose constants hold for vLLM's first core, which later releases could still be told to use."""


def estimate_cases(path: Path, config_dir: Path | None) -> dict[str, object]:
    """Return the document of a cases file; a case that cannot be estimated has an `error`.

    Raises:
        UsageError: The file cannot be read.
    """
    folders = [config_dir] if config_dir else [path.parent, path.parent / "model_configs"]
    lines = [line for line in read_config(path).splitlines() if line.strip()]
    return {"schema": SCHEMA, "results": [_result(line, number, folders) for number, line in enumerate(lines, 1)]}


def deployment_of_case(case: Mapping[str, object], folders: list[Path]) -> Deployment:
    """Return what a case asks for; its configuration is looked up in the folders.

    Raises:
        TrimtabError: The case names an unknown model, GPU or file.
    """
    return _deployment(case, folders)


def _result(line: str, number: int, folders: list[Path]) -> dict[str, object]:
    try:
        case = json.loads(line)
    except (ValueError, RecursionError):
        return {"id": f"line {number}", "error": f"line {number} is no JSON"}
    if not isinstance(case, dict):
        return {"id": f"line {number}", "error": f"line {number} is no JSON object"}
    name = str(case.get("id", f"line {number}"))
    try:
        return {"id": name, **_figures(case, folders)}
    except TrimtabError as error:
        return {"id": name, "error": error.message}
    except (TypeError, ValueError, OverflowError) as error:
        return {"id": name, "error": f"the case is not of the form: {error}"}


def _figures(case: Mapping[str, object], folders: list[Path]) -> dict[str, object]:
    deployment = _deployment(case, folders)
    load = case.get("load")
    if not isinstance(load, dict):
        return figures(answer(deployment, Load(16, 1000, 250)))
    wanted = Load(
        float(load["concurrency"]),
        float(load["input_tokens"]),
        float(load["output_tokens"]),
        float(load.get("prefix_hit", 0)),
    )
    return figures(answer(deployment, wanted))


def _deployment(case: Mapping[str, object], folders: list[Path]) -> Deployment:
    args = case.get("args")
    settings: dict[str, Scalar] = dict(args) if isinstance(args, dict) else {}
    scheme = str(case.get("weights_scheme", ""))
    if scheme and scheme != "bf16":
        settings.setdefault("quantization", scheme)
    memory_gib = case.get("gpu_memory_gib", 0)
    version = str(case.get("engine_version") or "")
    gpus = case.get("gpus")
    return Deployment(
        model=_model(str(case.get("model", "")), str(case.get("config") or ""), folders),
        gpu=gpu_of(str(case.get("gpu") or ""), float(memory_gib) if isinstance(memory_gib, int | float) else 0.0),
        gpus=gpus if isinstance(gpus, int) else gpus_needed(settings),
        engine=str(case.get("engine") or "vllm"),
        engine_version=_V0_RELEASE if case.get("engine_core") == "v0" else version,
        settings=settings,
    )


def _model(name: str, config: str, folders: list[Path]) -> Model:
    """Return a case's model: its file, with the quantisation that stands beside it or in the name; else by name."""
    if not config:
        found = find_model(name)
        if isinstance(found, Unknown):
            raise UsageError(found.reason)
        return found.value
    for folder in folders:
        path = folder / config
        if path.is_file():
            return Model(name, with_scheme(_with_companion(path), name), config)
    raise UsageError(f"{config}: not found in {', '.join(map(str, folders))}")


def _with_companion(path: Path) -> str:
    """Return a configuration with the `.hf_quant.json` that stands beside it."""
    text = read_config(path)
    companion = path.with_suffix(".hf_quant.json")
    if not companion.is_file():
        return text
    try:
        tree, extra = json.loads(text), json.loads(read_config(companion))
    except (ValueError, RecursionError):
        return text
    if not isinstance(tree, dict) or not isinstance(extra, dict) or "quantization_config" in tree:
        return text
    scheme = extra.get("quantization")
    known = {"quant_method": "modelopt", **scheme} if isinstance(scheme, dict) else {}
    return json.dumps(tree | {"quantization_config": known}) if known else text
