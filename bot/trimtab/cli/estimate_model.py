"""Where `trimtab estimate` finds a model: a file, the catalogue, a folder of that name, the hub."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from trimtab.catalog import Away, fetch_model, find_model, read_model
from trimtab.errors import UsageError
from trimtab.fleet import Found, Model, Unknown
from trimtab.text.clean import visible

_HINT = "give its config.json or its folder with --config"


@dataclass(slots=True)
class Models:
    """Looks models up; once the hub could not be reached it is not asked again.

    Attributes:
        offline: Whether no network may be asked.
    """

    offline: bool = False
    _known: dict[str, Found[Model] | Unknown] = field(default_factory=dict)

    def find(self, name: str, config: Path | None = None) -> Model:
        """Return a model by its file, else by its name.

        Raises:
            UsageError: There is no such file, it is no configuration, or nobody knows the model.
        """
        if config is not None:
            found = read_model(config, name)
            if isinstance(found, Unknown):
                raise UsageError(
                    visible(found.reason), "a config.json of the Hugging Face kind, or the folder that holds it"
                )
            return found.value
        if name not in self._known:
            self._known[name] = self._named(name)
        known = self._known[name]
        if isinstance(known, Unknown):
            raise UsageError(visible(known.reason), _HINT)
        return known.value

    def _named(self, name: str) -> Found[Model] | Unknown:
        known = find_model(name)
        if isinstance(known, Found):
            return known
        if _is_folder(name):
            return read_model(Path(name))
        fetched = fetch_model(name, offline=self.offline)
        if isinstance(fetched, Found):
            return fetched
        self.offline = self.offline or isinstance(fetched, Away)
        return Unknown(f"{known.reason.partition(';')[0]}, and {fetched.reason}")


def _is_folder(name: str) -> bool:
    try:
        return (Path(name) / "config.json").is_file()
    except (OSError, ValueError):
        return False
