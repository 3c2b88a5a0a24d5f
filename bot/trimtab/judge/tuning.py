"""Settings of rules, as the configuration gives them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from pydantic import ValidationError

from trimtab.errors import UsageError
from trimtab.judge.loading import LoadedRule
from trimtab.rule import RuleSettings


def settings_of(rules: Sequence[LoadedRule], given: Mapping[str, Mapping[str, object]]) -> dict[str, RuleSettings]:
    """Return the settings of every rule that is on, by its name.

    Args:
        rules: All that were loaded.
        given: `rules` of the configuration: settings by rule's name; `{enabled: false}` turns one off.

    Raises:
        UsageError: A rule or a key is unknown, or a value is out of bounds; names it, and the nearest that is known.
    """
    names = [rule.name for rule in rules]
    for name in given:
        if name not in names:
            raise UsageError(f"rules.{name}: no such rule", _nearest(name, names))
    return {
        one.name: _one(one, {key: value for key, value in given.get(one.name, {}).items() if key != "enabled"})
        for one in rules
        if _enabled(one.name, given.get(one.name, {}))
    }


def _enabled(name: str, given: Mapping[str, object]) -> bool:
    enabled = given.get("enabled", True)
    if not isinstance(enabled, bool):
        raise UsageError(f"rules.{name}.enabled: {enabled!r} is neither true nor false", "write `enabled: false`")
    return enabled


def _one(loaded: LoadedRule, given: Mapping[str, object]) -> RuleSettings:
    try:
        return loaded.rule.Settings.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        known = ["enabled", *loaded.rule.Settings.model_fields]
        if first["type"] == "extra_forbidden":
            raise UsageError(f"rules.{loaded.name}.{key}: no such setting", _nearest(key, known)) from None
        hint = f"see `trimtab rules show {loaded.name}`"
        raise UsageError(f"rules.{loaded.name}.{key}: {first['msg']}", hint) from None


def _nearest(word: str, known: Iterable[str]) -> str:
    ordered = sorted(known)
    close = difflib.get_close_matches(word, ordered, n=1, cutoff=0.5)
    return f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(ordered)}"
