"""Settings in the file that a flag names: the flags of vLLM and SGLang as keys, the arguments of TensorRT-LLM's `LLM`.

Sources: https://docs.vllm.ai/en/v0.11.0/configuration/serve_args.html ("the order of priorities is command line >
config file values > defaults"; a switch that is `false` is left out), SGLang 0.5 `ConfigArgumentMerger`; TensorRT-LLM
1.0 tensorrt_llm/commands/serve.py (`--extra_llm_api_options`, whose file wins over the command) and
tensorrt_llm/llmapi/llm_args.py, Dynamo 0.7 components/src/dynamo/trtllm (`--extra-engine-args`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.container import EngineSettings, field_hit
from trimtab.manifest.context import Context
from trimtab.manifest.flags import canonical, dialect, field_of, switch_of
from trimtab.manifest.hit import Writer
from trimtab.manifest.resources import add_path
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice
from trimtab.manifest.write import add_pair

Mounted = Callable[[str], "Cursor | None"]
"""Finds the YAML that stands in the container under a path."""
_TRTLLM = "tensorrt-llm"
_NAMING = {
    "vllm": frozenset({"--config"}),
    "sglang": frozenset({"--config"}),
    _TRTLLM: frozenset({"--extra-llm-api-options", "--extra-engine-args", "--config"}),
}
"""The flags that name the file, by engine."""
_LLM_ARGS = {
    "max_model_len": ("max_seq_len",),
    "max_num_seqs": ("max_batch_size",),
    "max_num_batched_tokens": ("max_num_tokens",),
    "tensor_parallel_size": ("tensor_parallel_size",),
    "pipeline_parallel_size": ("pipeline_parallel_size",),
    "expert_parallel_size": ("moe_expert_parallel_size",),
    "dtype": ("dtype",),
    "gpu_memory_utilization": ("kv_cache_config", "free_gpu_memory_fraction"),
    "enable_prefix_caching": ("kv_cache_config", "enable_block_reuse"),
    "kv_cache_dtype": ("kv_cache_config", "dtype"),
    "block_size": ("kv_cache_config", "tokens_per_block"),
}


def take_config(settings: EngineSettings, mounted: Mounted) -> None:
    """Add what the file says and the command does not, and how to write more into it."""
    path = _path_of(settings)
    found = mounted(path) if path else None
    if found is None:
        return
    if settings.engine == _TRTLLM:
        _take_llm_args(settings, found)
        return
    via = "configmap" if found.is_mapping else "field"
    for key, cursor in config_entries(found):
        _take(settings, key, cursor, via)
    if found.is_mapping:
        spoken = set(dialect(settings.engine).flags.values()) - set(settings.hits)
        settings.adders.update({field: _adder(found, field, settings.engine) for field in sorted(spoken)})


def _path_of(settings: EngineSettings) -> str:
    """Return the path that is given, the last one."""
    naming = _NAMING.get(settings.engine, frozenset())
    words = [word.text.value for word in settings.command.words]
    after = [two for one, two in pairwise(words) if canonical(one) in naming]
    joined = [word.partition("=")[2] for word in words if "=" in word and canonical(word.partition("=")[0]) in naming]
    return (after or joined or [""])[-1]


def _take_llm_args(settings: EngineSettings, at: Cursor) -> None:
    """Add what the arguments of TensorRT-LLM's `LLM` say; they win over the command."""
    for field, chain in _LLM_ARGS.items():
        found = at.get(*chain)
        if found is not None and found.scalar is not None and found.string:
            settings.hits[field] = field_hit(field, vocabulary.read(field, found.string), found, via="configmap")
        elif field not in settings.hits:
            settings.adders[field] = _chain_adder(at, chain)


def _chain_adder(at: Cursor, chain: tuple[str, ...]) -> Writer:
    return lambda value: (add_path(at, chain, value),)


def config_entries(at: Cursor) -> Iterator[tuple[str, Cursor]]:
    """Yield the flags of a config file: a mapping, or the list of keys and values that a chart makes it of."""
    if at.is_mapping:
        yield from at.entries().items()
    for item in at.items():
        value = item.get("value")
        if item.word("key") and value is not None:
            yield item.word("key"), value


def _take(settings: EngineSettings, key: str, cursor: Cursor, via: str) -> None:
    name = "--" + key
    switch = switch_of(name, settings.engine)
    if switch is not None and isinstance(cursor.value, bool):
        field, means = switch
        hit = field_hit(field, cursor.value == means, cursor, via=via)
        locked = "the key says the opposite of the setting; edit it by hand" if not means else ""
        settings.hits.setdefault(field, replace(hit, locked=hit.locked or locked))
        return
    field = field_of(name, settings.engine)
    if field and cursor.scalar is not None and cursor.string:
        settings.hits.setdefault(field, field_hit(field, vocabulary.read(field, cursor.string), cursor, via=via))


def _adder(at: Cursor, field: str, engine: str) -> Writer:
    keys = [key for key, _ in at.pairs()]
    underscored = any("_" in key.value for key in keys) and not any("-" in key.value for key in keys)
    flag = next(name for name, one in dialect(engine).flags.items() if one == field and name.startswith("--"))
    key = flag[2:].replace("-", "_") if underscored else flag[2:]

    def add(value: Scalar) -> tuple[Splice, ...]:
        return (add_pair(at, key, value),)

    return add


def mounted_in(pod: Cursor, container: Cursor, context: Context, namespace: str) -> Mounted:
    """Return what finds the files that a pod mounts into a container from ConfigMaps.

    Args:
        pod: The pod's spec, with `volumes`.
        container: The container, with `volumeMounts`.
        context: Where ConfigMaps are looked up.
        namespace: The pod's.
    """

    def find(path: str) -> Cursor | None:
        for mount in container.items("volumeMounts"):
            key = path_below(path, mount.word("mountPath"), mount.word("subPath"))
            volume = next((one for one in pod.items("volumes") if one.word("name") == mount.word("name")), None)
            if key and volume is not None:
                found = _in_volume(volume, key, container.source.path, context, namespace)
                if found is not None:
                    return found
        return None

    return find


def _in_volume(volume: Cursor, key: str, near: str, context: Context, namespace: str) -> Cursor | None:
    """Return the file of a volume's ConfigMap, plain or projected."""
    for source in (volume, *volume.items("projected", "sources")):
        configmap = source.get("configMap")
        if configmap is None:
            continue
        renamed = {item.word("path"): item.word("key") for item in configmap.items("items")}
        wanted = renamed.get(key, "") if renamed else key
        name = configmap.word("name")
        found = context.configmap_file(near, namespace, name, wanted) if name and wanted else None
        if found is not None:
            return found
    return None


def path_below(path: str, mount: str, part: str) -> str:
    """Return the key of a ConfigMap that a path shows, empty where the mount is of something else."""
    if path == mount:
        return part
    inside = path.removeprefix(mount.rstrip("/") + "/")
    return f"{part}/{inside}" if part and inside != path else inside if inside != path else ""
