"""The values of any other chart, by the words that charts share: which mapping serves, and what its keys say.

Only unmistakable words make a mapping a serving: a key or a flag that nothing but an inference engine has, or an
engine's image, beside a model or a GPU. Which template reads a key is not known here; rendering proves it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from trimtab.manifest import resources, vocabulary
from trimtab.manifest.address import model_hit
from trimtab.manifest.container import Container, field_hit, read_engine
from trimtab.manifest.engines import engine_of_flags, engine_of_image, engine_of_words
from trimtab.manifest.hit import Draft
from trimtab.manifest.shapes.owner import Owner, image_of
from trimtab.manifest.source import Cursor

_WORDS = {
    "maxmodellen": "max_model_len",
    "maxmodellength": "max_model_len",
    "contextlength": "max_model_len",
    "contextsize": "max_model_len",
    "ctxsize": "max_model_len",
    "maxtotaltokens": "max_model_len",
    "gpumemoryutilization": "gpu_memory_utilization",
    "memfractionstatic": "gpu_memory_utilization",
    "tensorparallelsize": "tensor_parallel_size",
    "tensorparallelism": "tensor_parallel_size",
    "numshard": "tensor_parallel_size",
    "pipelineparallelsize": "pipeline_parallel_size",
    "dataparallelsize": "data_parallel_size",
    "maxnumseqs": "max_num_seqs",
    "maxnumbatchedtokens": "max_num_batched_tokens",
    "enableprefixcaching": "enable_prefix_caching",
    "enforceeager": "enforce_eager",
    "kvcachedtype": "kv_cache_dtype",
    "blocksize": "block_size",
    "swapspace": "swap_space",
    "dtype": "dtype",
    "quantization": "quantization",
    "quantize": "quantization",
    "revision": "revision",
    "shmsize": "shm_size",
    "replicacount": "replicas",
    "replicas": "replicas",
    "minreplicas": "min_replicas",
    "minreplicacount": "min_replicas",
    "maxreplicas": "max_replicas",
    "maxreplicacount": "max_replicas",
    "gpucount": "gpu_count",
    "priorityclassname": "priority_class",
    "runtimeclassname": "runtime_class",
}
_SCALERS = frozenset({"autoscaling", "keda", "hpa", "scaledobject", "autoscaler"})
_CLOSED = frozenset({"resources", "nodeselector", "env", "affinity", "image"})
_STRONG = frozenset({"maxmodellen", "gpumemoryutilization", "tensorparallelsize", "maxnumseqs", "maxnumbatchedtokens"})
_MODEL_KEYS = ("modelid", "huggingfacename", "hfmodelid", "modelurl", "modeluri", "modelname", "model", "llmmodelid")
_MODEL_INNER = ("id", "huggingfacename", "name", "uri", "repo", "repository", "path", "modelid")
_MODEL = re.compile(r"(?:hf://|oci://|s3://|pvc://|gs://)?[\w.-]+/[\w./:-]+")
_FLAG = re.compile(r"-{1,2}[A-Za-z]")
_DEPTH = 4


def read(values: Cursor, owner: Owner) -> Iterator[Draft]:
    """Yield the servings: items of a list of models, charts below the chart, or the values as a whole."""
    found = list(_below(values))
    whole = Look.at(values)
    lone = found[0][1] if len(found) == 1 and not found[0][2] else None
    if lone is not None and lone.model is None and whole.model is not None:
        found = []
    for name, look, _ in found:
        yield draft_of(look, owner, name)
    if not found and whole.serves:
        yield draft_of(whole, owner, owner.name or _name_of(values, owner))


def _below(values: Cursor) -> Iterator[tuple[str, Look, bool]]:
    """Yield what stands under a key of the values and serves by itself, and whether it is an item of a list."""
    for key, cursor in values.entries().items():
        for at, item in enumerate(cursor.items()):
            look = Look.at(item)
            if look.serves:
                yield item.word("name") or f"{key}-{at}", look, True
        look = Look.at(cursor)
        if look.serves and look.stands_alone:
            yield key, look, False


def field_of_key(dotted: str) -> str:
    """Return the field that a dotted key such as `deployment.maxModelLen` says; empty where it says none."""
    parts = [re.sub(r"[^a-z0-9]", "", part.lower()) for part in re.split(r"(?<!\\)\.", dotted)]
    inner = len(parts) > 1 and parts[-2] == "model" and parts[-1] in _MODEL_INNER
    if inner or parts[-1] in _MODEL_KEYS:
        return "model"
    if parts[-2:] == ["image", "tag"]:
        return "engine_version"
    return _WORDS.get(parts[-1], "")


def _name_of(values: Cursor, owner: Owner) -> str:
    """Return what a whole file's serving is called: its own override, else the folder or file it stands in."""
    named = values.word("fullnameOverride") or values.word("nameOverride")
    parts = owner.at.source.path.rsplit("/", 2)
    stem = parts[-1].rsplit(".", 1)[0]
    return named or (parts[-2] if stem == "values" and len(parts) > 1 else stem)


@dataclass(slots=True)
class Look:
    """What stands in a mapping, to the depth that charts nest their keys; the shallowest of each word.

    Attributes:
        root: The mapping.
        words: Scalars by normalised key.
        scaler: The same below `autoscaling` and its like.
        lists: Lists and texts of arguments.
        image: An engine's image.
        engine: The image's engine.
        parts: Mappings by normalised key: `resources`, `nodeselector`, `env`.
        model: The scalar that names the model.
        spoken: Whether arguments name the engine.
    """

    root: Cursor
    words: dict[str, Cursor] = field(default_factory=dict)
    scaler: dict[str, Cursor] = field(default_factory=dict)
    lists: list[Cursor] = field(default_factory=list)
    image: Cursor | None = None
    engine: str = ""
    parts: dict[str, Cursor] = field(default_factory=dict)
    model: Cursor | None = None
    spoken: bool = False

    @classmethod
    def at(cls, root: Cursor) -> Look:
        """Return what stands in a mapping."""
        look = cls(root)
        level = [("", root)] if root.is_mapping else []
        for _ in range(_DEPTH):
            level = [below for parent, at in level for below in look.level(at, parent)]
        return look

    @property
    def serves(self) -> bool:
        """Return whether this is a serving: an unmistakable word beside a model, a GPU or an engine's image."""
        strong = bool(_STRONG & set(self.words)) or self.spoken
        gpu = bool(resources.gpu_sites(self.parts.get("resources")))
        return (strong and (self.model is not None or gpu or bool(self.engine))) or (bool(self.engine) and gpu)

    @property
    def stands_alone(self) -> bool:
        """Return whether it has what a chart of its own has: an image, resources or replicas."""
        return self.image is not None or "resources" in self.parts or "replicacount" in self.words

    def level(self, at: Cursor, parent: str) -> Iterator[tuple[str, Cursor]]:
        """Take what a mapping says itself, and yield the mappings inside it."""
        for key, cursor in at.entries().items():
            word = re.sub(r"[^a-z0-9]", "", key.lower())
            if cursor.scalar is not None:
                self._scalar(word, cursor, parent)
            elif cursor.is_sequence:
                self._sequence(word, cursor)
            elif word in _CLOSED:
                self._part(word, cursor)
            else:
                yield word, cursor

    def _scalar(self, word: str, cursor: Cursor, parent: str) -> None:
        if not cursor.string:
            return
        (self.scaler if parent in _SCALERS else self.words).setdefault(word, cursor)
        named = word in _MODEL_KEYS or (parent in {"model", "models", "modelspec"} and word in _MODEL_INNER)
        if named and self.model is None and _MODEL.fullmatch(cursor.string):
            self.model = cursor
        if word == "image":
            self._part(word, cursor)
        if word.endswith("args") and _FLAG.match(cursor.string):
            self._arguments(cursor, cursor.string.split())

    def _sequence(self, word: str, cursor: Cursor) -> None:
        if word == "env":
            self.parts.setdefault(word, cursor)
            return
        words = [item.string for item in cursor.items()]
        if words and (word.endswith("args") or word == "command") and all(words):
            self._arguments(cursor, words)
            self.lists.sort(key=lambda one: one.key is None or one.key.value.lower() != "command")

    def _arguments(self, cursor: Cursor, words: list[str]) -> None:
        self.lists.append(cursor)
        self.spoken = self.spoken or bool(engine_of_flags(words) or engine_of_words(words)[0])

    def _part(self, word: str, cursor: Cursor) -> None:
        if word == "image":
            engine = engine_of_image(image_of(cursor)[0])
            if engine and self.image is None:
                self.image, self.engine = cursor, engine
        else:
            self.parts.setdefault(word, cursor)


def draft_of(look: Look, owner: Owner, name: str) -> Draft:
    """Return the serving that a mapping makes."""
    image, tag = image_of(look.image)
    at = look.lists[-1] if look.lists else look.root
    environment = owner.environment(look.parts.get("env"))
    settings = read_engine(Container(at, look.lists, environment, image, tag, look.engine or "vllm"))
    draft = owner.draft(name, settings.engine)
    draft.name = owner.name if owner.kind else name
    draft.add(settings.hits)
    for word, found in _WORDS.items():
        cursor = look.words.get(word)
        if cursor is not None and not found.endswith("_replicas"):
            draft.add({found: field_hit(found, vocabulary.read(found, cursor.string), cursor)})
    if look.model is not None:
        draft.add({"model": model_hit(look.model)})
    if look.lists:
        draft.adders.update(settings.adders)
    _take_scale(draft, look)
    _take_rest(draft, look)
    return draft


def _take_scale(draft: Draft, look: Look) -> None:
    enabled = look.scaler.get("enabled")
    if enabled is None or enabled.value is not True:
        return
    for word, found in _WORDS.items():
        cursor = look.scaler.get(word)
        if cursor is not None and found.endswith("_replicas"):
            draft.add({found: field_hit(found, vocabulary.read(found, cursor.string), cursor)})
    reason = "the chart's autoscaler owns the number of replicas"
    draft.refusals["replicas"] = reason
    if "replicas" in draft.hits:
        draft.hits["replicas"] = replace(draft.hits["replicas"], locked=reason)


def _take_rest(draft: Draft, look: Look) -> None:
    """Add GPUs, host and selector; where the chart has the keys, they can be added to."""
    asked = look.parts.get("resources")
    sites = resources.gpu_sites(asked)
    if sites or "gpu_count" not in draft.hits:
        resources.take_gpus(draft, sites)
    if asked is not None:
        resources.take_host(draft, asked, "")
    selector = look.parts.get("nodeselector")
    found = tuple(resources.selectors_in(selector)) if selector is not None else ()
    affinity = look.parts.get("affinity")
    if affinity is not None:
        terms = affinity.get("nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
        found += tuple(resources.selector_terms(terms))
    resources.take_selector(draft, found, selector, "")
