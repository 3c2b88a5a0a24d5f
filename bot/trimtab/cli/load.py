"""Reads the configuration file for the commands that take `--config`."""

from __future__ import annotations

from pathlib import Path

from trimtab.config import Config, build_config
from trimtab.errors import UsageError
from trimtab.manifest import plain

DEFAULT_NAME = "trimtab.yaml"


def load_config(path: Path) -> Config:
    """Return the configuration in `path`; paths inside it are relative to its folder.

    Raises:
        UsageError: The file is missing, unreadable, no YAML, or not a configuration; names file, line and key.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file", "write one with `trimtab init`, or name it with --config") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    tree, line_of = plain(data, str(path))
    return build_config(tree, line_of, str(path))
