"""What stands in a mapping of values that an inference engine could be made of, and whether it is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from trimtab.manifest.engines import (
    engine_of_flags,
    engine_of_image,
    engine_of_part,
    engine_of_words,
    is_plainly,
    is_stand_in,
)
from trimtab.manifest.flags import field_of
from trimtab.manifest.resources import GPU_RESOURCE
from trimtab.manifest.shapes.owner import image_of
from trimtab.manifest.shapes.values_parts import (
    engine_of_script,
    is_another,
    is_choice,
    is_off,
    only_part,
    sites_of,
)
from trimtab.manifest.shapes.values_words import ENGINE_KEYS, ENGINES, STRONG, WORDS, names_model, plain
from trimtab.manifest.source import Cursor

CLOSED = frozenset({"resources", "nodeselector", "env", "affinity", "image"})
SCALERS = frozenset({"autoscaling", "keda", "hpa", "scaledobject", "autoscaler"})
_ENV = frozenset({"env", "envs", "extraenv", "extraenvs", "envvars", "extraenvvars", "environment"})
_GPUS = frozenset({"gpu", "gpus", "accelerator"})
_COUNTS = frozenset({"count", "number", "num"})
_RESOURCES = frozenset({"type", "resource", "resourcename", "nvidiaresource"})
_MEMORY = frozenset({"shm", "dshm", "sharedmemory"})
_SIZES = frozenset({"size", "sizelimit"})
_SPREAD = frozenset({"tensor", "pipeline", "data"})
"""What stands below `parallelism`."""
_ARGS = ("args", "arguments")
_CLIENT = frozenset({"baseurl", "apibase", "apibaseurl", "endpoint", "endpointurl", "openaiapibaseurl"})
_OPTIONS = ("engineargs", "serverargs")
_ADDRESS = re.compile(r"[\d.:\[\]]*|localhost|.*\{\{.*")
_MODEL = re.compile(r"(?:hf://|oci://|s3://|pvc://|gs://)?/?[\w.-]+/[\w./:-]+")
_TAGGED = re.compile(r"[\w.-]+(?::[\w.-]+)?")
_FLAG = re.compile(r"-{1,2}[A-Za-z]")
_ASIDE = frozenset(
    {
        "kvtransfer",
        "scheduler",
        "pdscheduler",
        "epp",
        "router",
        "routerspec",
        "gateway",
        "tokenizer",
        "renderer",
        "vllmrender",
    }
)
"""Parts of a chart whose keys are of what stands beside or before the engine."""
_RUNTIMES = "/mnt/models"
"""Where KServe mounts whatever model a service asks its runtime for."""
_DEPTH = 4
_SCRIPTS = ("cli", "cmd", "command", "script", "entrypoint", "args")
"""How the keys end that hold what a shell is given."""


@dataclass(slots=True)
class Look:
    """What stands in a mapping, to the depth that charts nest their keys; the shallowest of each word.

    Attributes:
        root: The mapping.
        hint: The engine that the mapping's own key, or the chart's name, is of; empty where it is of none.
        words: Scalars by normalised key.
        scaler: The same below `autoscaling` and its like.
        lists: Lists and texts of arguments.
        image: An engine's image.
        engine: The image's engine, else the hint.
        said: The engine that a key such as `framework` says.
        keyed: The engine that a part is named after.
        images: Images by the engine that their keys are named after, for charts that run one of several.
        empty: What has an empty list of arguments, and its key.
        options: What has a mapping of the engine's flags as keys, and its key.
        parts: Mappings by normalised key: `resources`, `nodeselector`, `env`.
        model: The scalar that names the model.
        tagged: The scalar that would name it to Ollama, by a bare name and perhaps a tag.
        spoken: The engine that arguments, or a script, name.
        told: Whether arguments name the model.
        pulls: Whether there is a list of models to be loaded.
        whole: Whether it is all that a chart is told.
    """

    root: Cursor
    hint: str = ""
    words: dict[str, Cursor] = field(default_factory=dict)
    scaler: dict[str, Cursor] = field(default_factory=dict)
    lists: list[Cursor] = field(default_factory=list)
    empty: tuple[Cursor, str] | None = None
    options: tuple[Cursor, str] | None = None
    image: Cursor | None = None
    engine: str = ""
    said: str = ""
    keyed: str = ""
    images: dict[str, Cursor] = field(default_factory=dict)
    parts: dict[str, Cursor] = field(default_factory=dict)
    model: Cursor | None = None
    tagged: Cursor | None = None
    spoken: str = ""
    told: bool = False
    pulls: bool = False
    whole: bool = False

    @classmethod
    def at(cls, root: Cursor, name: str = "", parent: str = "", hint: str = "", *, part: bool = False) -> Look:
        """Return what stands in a mapping, whose key or chart has a name, and which stands under a parent's key.

        Args:
            root: The mapping.
            name: The key's or the chart's.
            parent: The key above.
            hint: The engine of what it is an item of, where that tells one.
            part: Whether it is a part of a chart, whose name may tell its engine and what that is for.
        """
        look = cls(root, hint or ENGINES.get(plain(name), "") or (engine_of_part(name) if part else ""))
        level = [(parent, root)] if root.is_mapping else []
        for _ in range(_DEPTH):
            level = [below for parent, at in level for below in look._level(at, parent)]
        look._choose_image()
        look.engine = look.engine or look.hint
        look.model = look.model or (look.tagged if look.engine == "ollama" else None)
        return look

    @property
    def serves(self) -> bool:
        """Return whether this is a serving: unmistakable words, an engine's image or name, beside a model or a GPU."""
        runs = self.own_image is not None and self.asks_for_gpus
        if (_CLIENT & set(self.words) and not runs) or self._calls_a_host:
            return False
        if is_stand_in(image_of(self.root.get("image"))[0]):
            return False
        strong = bool(STRONG & set(self.words)) or bool(self.spoken)
        if strong and (self.model is not None or self.told or self.asks_for_gpus or bool(self.engine)):
            return True
        if self.said and self.is_whole:
            return True
        return bool(self.engine) and (
            self.asks_for_gpus or self.model is not None or self.pulls or self._runs_an_engine
        )

    @property
    def own_image(self) -> Cursor | None:
        """Return the engine's image; in a chart that is named after the engine, the image, whatever it is called."""
        named = self.root.get("image") if self.whole and self.hint else None
        return self.image or (named if image_of(named)[0] else None)

    @property
    def _runs_an_engine(self) -> bool:
        """Return whether an engine's own image stands beside what a container has; resources need the name too.

        A whole chart that is named after the engine needs nothing more.
        """
        asked = self.parts.get("resources")
        counted = bool({"replicacount", "replicas"} & set(self.words))
        image = image_of(self.image)[0]
        ran = engine_of_image(image)
        named = bool(self.hint) and asked is not None and bool(asked.entries())
        has = self.lists or self.empty or counted or named or (self.hint == ran and self.whole)
        return bool(has and ran and is_plainly(self.engine, image))

    @property
    def is_whole(self) -> bool:
        """Return whether a model and GPUs stand here, though nothing but a key tells for which engine."""
        return self.asks_for_gpus and self.model is not None and not self._calls_a_host

    @property
    def _calls_a_host(self) -> bool:
        """Return whether this only says where another's engine answers: a host's name, and nothing that runs."""
        if self.image is not None or self.lists or "resources" in self.parts or self.asks_for_gpus:
            return False
        host, url = self.words.get("host"), self.words.get("url")
        called = url is not None and url.string.startswith(("http://", "https://"))
        return called or (host is not None and _ADDRESS.fullmatch(host.string) is None)

    @property
    def asks_for_gpus(self) -> bool:
        """Return whether GPUs are asked for, as resources or by a key of the chart's own."""
        counted = (self.words.get(word) for word, field in WORDS.items() if field == "gpu_count")
        counts = any(at is not None and at.string.isdigit() and at.string != "0" for at in counted)
        return counts or bool(sites_of(self.parts.get("resources")))

    @property
    def stands_alone(self) -> bool:
        """Return whether it has what a chart of its own has: an image, resources, replicas, or a switch."""
        switched = bool(self.hint) and self.root.word("enabled") == "true"
        return switched or self.image is not None or "resources" in self.parts or "replicacount" in self.words

    def _level(self, at: Cursor, parent: str) -> Iterator[tuple[str, Cursor]]:
        """Take what a mapping says itself, and yield the mappings inside it."""
        for key, cursor in at.entries().items():
            word = plain(key)
            if cursor.scalar is not None:
                self._scalar(word, cursor, parent)
            elif word in _ENV:
                self._environment(cursor)
            elif cursor.is_sequence:
                self._sequence(word, cursor, parent)
                if word.endswith(_ARGS) and not cursor.items():
                    self.empty = self.empty or (at, key)
            elif word in CLOSED or word == "images":
                self._part(word, cursor)
            elif self._opens(word, cursor):
                self._take_options(at, key)
                yield word, cursor

    def _take_options(self, at: Cursor, key: str) -> None:
        """Take a mapping of flags by its key, as where a new one goes."""
        if plain(key).endswith(_OPTIONS):
            self.options = self.options or (at, key)

    def _opens(self, word: str, cursor: Cursor) -> bool:
        """Return whether a mapping belongs to this serving, so that its keys count here."""
        if word in SCALERS:
            return True
        if word in _ASIDE or is_off(cursor) or is_another(cursor):
            return False
        self.keyed = self.keyed or ENGINES.get(word, "")
        return not is_choice(cursor)

    def _scalar(self, word: str, cursor: Cursor, parent: str) -> None:
        if not cursor.string:
            return
        word = "gpucount" if parent in _GPUS and word in _COUNTS else word
        named = parent in _GPUS and word in _RESOURCES and GPU_RESOURCE.fullmatch(cursor.string) is not None
        word = "resourcename" if named else word
        word = "shmsize" if parent in _MEMORY and word in _SIZES else word
        word = f"{word}parallelism" if parent == "parallelism" and word in _SPREAD else word
        if word in ENGINE_KEYS:
            self.said = ENGINES.get(plain(cursor.string), self.said)
        (self.scaler if parent in SCALERS else self.words).setdefault(word, cursor)
        if self.model is None and names_model(word, parent):
            self._take_model(cursor)
        if word == "image":
            self._part(word, cursor)
        if word.endswith(_ARGS) and _FLAG.match(cursor.string):
            self._arguments(cursor, cursor.string.split())
        elif word.endswith(_SCRIPTS) and (engine := engine_of_script(cursor.string)):
            self.lists.append(cursor)
            self.spoken = self.spoken or engine

    def _take_model(self, cursor: Cursor) -> None:
        """Take what names a model; a bare name is one to Ollama alone, which may be told further down."""
        if _MODEL.fullmatch(cursor.string):
            self.model = cursor
        elif self.tagged is None and _TAGGED.fullmatch(cursor.string):
            self.tagged = cursor

    def _environment(self, cursor: Cursor) -> None:
        """Take the variables; some charts name the model among them."""
        self.parts.setdefault("env", cursor)
        for key, value in cursor.entries().items():
            if self.model is None and plain(key) in {"llmmodelid", "modelid"}:
                self._take_model(value)

    def _sequence(self, word: str, cursor: Cursor, parent: str) -> None:
        words = [item.string for item in cursor.items()]
        listed = word in {"pull", "run"} if parent == "models" else word == "models" and self.hint == "ollama"
        if listed and words and all(_TAGGED.fullmatch(one) for one in words):
            self.pulls = True
            self.model = self.model or (cursor.items()[0] if len(words) == 1 else None)
        if words and (word.endswith(_ARGS) or word == "command") and all(words):
            self._arguments(cursor, words)
            self.lists.sort(key=lambda one: one.key is None or one.key.value.lower() != "command")

    def _arguments(self, cursor: Cursor, words: list[str]) -> None:
        self.lists.append(cursor)
        engine = engine_of_words(words)[0] or engine_of_flags(words)
        self.spoken = self.spoken or engine
        named = any(field_of(word.partition("=")[0], engine) == "model" for word in words)
        self.told = self.told or (named and not any(_RUNTIMES in word for word in words))

    def _part(self, word: str, cursor: Cursor) -> None:
        if word == "images":
            self._images(cursor)
        elif word == "image":
            engine = engine_of_image(image_of(cursor)[0])
            if engine and self.image is None:
                self.image, self.engine = cursor, engine
                self._inside(cursor)
            elif cursor.is_mapping and not image_of(cursor)[0] and self._images(cursor):
                return
            elif self.hint and self.image is None and not image_of(cursor)[0]:
                self.image = cursor
        else:
            self.parts.setdefault(word, only_part(cursor) if word == "resources" else cursor)

    def _images(self, at: Cursor) -> bool:
        """Take images that stand side by side under the names of engines, and return whether there are any."""
        named = (
            (ENGINES.get(plain(key)) or engine_of_image(image_of(one)[0]), one) for key, one in at.entries().items()
        )
        found = {engine: one for engine, one in named if engine}
        self.images = {**found, **self.images}
        return bool(found)

    def _choose_image(self) -> None:
        """Let the image of the engine that is said to run be the image, or the only one that there is."""
        chosen = self.images.get(self.said) or (next(iter(self.images.values())) if len(self.images) == 1 else None)
        if self.image is None and chosen is not None:
            self.image = chosen
            self.engine = next(engine for engine, one in self.images.items() if one is chosen)

    def _inside(self, image: Cursor) -> None:
        """Take what some charts keep beside the image's name: the command, and the number of GPUs."""
        for key, cursor in image.entries().items():
            word = plain(key)
            if cursor.is_sequence and (word.endswith(_ARGS) or word == "command"):
                self._sequence(word, cursor, "image")
            elif WORDS.get(word) == "gpu_count" and cursor.string:
                self.words.setdefault(word, cursor)
