"""Settings by type; text as people write it in flags is taken, and what cannot be is refused with its name."""

from __future__ import annotations

import math
from collections.abc import Mapping

from trimtab.estimate.config import ConfigError
from trimtab.fleet import Scalar

_ON = {"true", "1", "yes", "on", "enabled"}
_OFF = {"false", "0", "no", "off", "disabled", "none", ""}


class Settings:
    """An engine's settings in the vocabulary's words."""

    def __init__(self, settings: Mapping[str, Scalar]) -> None:
        """Hold the settings."""
        self._settings = settings

    def number(self, name: str, default: float, least: float, most: float) -> float:
        """Return a number.

        Raises:
            ConfigError: It is none, or out of bounds.
        """
        value = self._settings.get(name)
        if value is None or str(value).strip().lower() in {"", "auto", "none"}:
            return default
        try:
            number = float(value)
        except ValueError:
            raise ConfigError(f"{name} is {str(value)[:40]!r}, not a number") from None
        if not (math.isfinite(number) and least <= number <= most):
            raise ConfigError(f"{name} is {value}, not from {least:g} to {most:g}")
        return number

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number.

        Raises:
            ConfigError: It is none, or out of bounds.
        """
        number = self.number(name, default, least, most)
        if number != int(number):
            raise ConfigError(f"{name} is {number:g}, not a whole number")
        return int(number)

    def text(self, name: str) -> str:
        """Return a text in lower case; empty where it is unset."""
        return str(self._settings.get(name, "")).strip().lower()

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a switch.

        Raises:
            ConfigError: It is neither on nor off.
        """
        if name not in self._settings:
            return default
        word = self.text(name)
        if word not in _ON | _OFF:
            raise ConfigError(f"{name} is {word[:40]!r}, neither true nor false")
        return word in _ON
