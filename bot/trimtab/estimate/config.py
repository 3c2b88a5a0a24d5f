"""Reads a model's `config.json` without trusting it: every number has bounds, every error says which key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from trimtab.estimate.class_defaults import Json, class_defaults, without_sizes

MOST_BYTES = 64 * 1024 * 1024
"""A configuration longer than this is refused; the longest real one is 3 MB."""
MOST_LAYERS = 1_000
"""A model deeper than this is refused; the deepest real one has under 200 layers."""
MOST = 1 << 40
_WRAPPERS = ("text_config", "llm_config", "language_config", "thinker_config")


class ConfigError(ValueError):
    """The configuration is broken; the message names the key."""


@dataclass(frozen=True, slots=True)
class Keys:
    """A JSON object, read by key with a type and bounds.

    Attributes:
        tree: The object.
        where: Dotted path of the object, for messages.
        defaults: What Transformers' class for this `model_type` has where the object has no such key.
    """

    tree: Mapping[str, Json]
    where: str = ""
    defaults: Mapping[str, Json] = field(default_factory=dict)

    def integer(self, *names: str, default: int | None = None, least: int = 0, most: int = MOST) -> int:
        """Return the first of `names` that is set, within bounds.

        Raises:
            ConfigError: None is set and there is no default, or the value is no whole number in bounds.
        """
        value = self.number(*names, default=default, least=least, most=most)
        if value != int(value):
            raise ConfigError(f"{self._name(names[0])} is {value}, not a whole number")
        return int(value)

    def number(self, *names: str, default: float | None = None, least: float = 0, most: float = MOST) -> float:
        """Return the first of `names` that is set, within bounds; see `integer`."""
        name, value = self._first(names)
        if value is None:
            if default is None:
                raise ConfigError(f"config.json has no {self._name(names[0])}")
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ConfigError(f"{self._name(name)} is {json.dumps(value)[:40]}, not a number from {least} to {most}")
        return value

    def layer_integer(self, index: int, *names: str, default: int | None = None, least: int = 0) -> int:
        """Return the first of `names` that is set: itself, or the entry of layer `index` where it is a list."""
        name, value = self._first(names)
        if not isinstance(value, list):
            return self.integer(*names, default=default, least=least)
        own = value[index] if index < len(value) else None
        return Keys({name: own}, self.where).integer(name, default=default, least=least)

    def text(self, *names: str, default: str = "") -> str:
        """Return the first of `names` that is text."""
        value = self._first(names)[1]
        return value if isinstance(value, str) else default

    def flag(self, *names: str, default: bool = False) -> bool:
        """Return the first of `names` that is set, as a truth value."""
        value = self._first(names)[1]
        return default if value is None else bool(value)

    def items(self, *names: str) -> Sequence[Json]:
        """Return the first of `names` that is a list; empty where none is."""
        value = self._first(names)[1]
        return value if isinstance(value, list) else ()

    def layer_list(self, *names: str) -> Sequence[Json]:
        """Return the first of `names` that is a list with something for each layer, as far as layers can go."""
        return self.items(*names)[:MOST_LAYERS]

    def within(self, *names: str) -> Keys:
        """Return the first of `names` that is an object; an empty one where none is."""
        name, value = self._first(names)
        if not isinstance(value, Mapping) or name not in self.tree:
            return Keys({}, self._name(names[0]))
        implied = self.defaults.get(name)
        kind = value.get("model_type") or (implied.get("model_type") if isinstance(implied, Mapping) else None)
        return Keys(value, self._name(name), {**class_defaults(str(kind or "")), "model_type": str(kind or "")})

    def implied(self, name: str) -> Keys:
        """Return the object that the model's class makes where the configuration has none; empty where it has none."""
        made = self.defaults.get(name)
        own = made if isinstance(made, Mapping) else {}
        return Keys(own, self._name(name), {**class_defaults(str(own.get("model_type", ""))), **own})

    def has(self, *names: str) -> bool:
        """Whether any of `names` is set to something that is not null."""
        return self._first(names)[1] is not None

    def _first(self, names: tuple[str, ...]) -> tuple[str, Json]:
        """Return what is set of `names`; a null, too, keeps the class's default from counting."""
        for tree in (self.tree, self.defaults):
            for name in names:
                value = tree.get(name)
                if value is not None:
                    return name, value
            if any(name in tree for name in names):
                break
        return names[0], None

    def _name(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name


def parse_config(config_json: str) -> Keys:
    """Return the configuration's top object.

    Raises:
        ConfigError: It is no JSON object, nested too deeply or too long.
    """
    if len(config_json) > MOST_BYTES:
        raise ConfigError(f"config.json is longer than {MOST_BYTES} characters")
    try:
        tree = json.loads(config_json)
    except RecursionError:
        raise ConfigError("config.json is nested too deeply") from None
    except ValueError as error:
        raise ConfigError(f"config.json is not JSON: {error}") from None
    if not isinstance(tree, dict):
        raise ConfigError("config.json holds no object")
    return Keys(tree, defaults=without_sizes(class_defaults(str(tree.get("model_type", "")))))


def language_part(top: Keys) -> Keys:
    """Return the part that describes the language model; the top object itself where there is no other.

    Older configurations of composite models (Qwen2-VL) have its keys at the top: its class's defaults count there.
    """
    for name in _WRAPPERS:
        inner = top.within(name)
        if inner.tree:
            return language_part(inner)
    flat = top.implied("text_config").defaults
    return replace(top, defaults={**without_sizes(flat), **top.defaults}) if flat else top
