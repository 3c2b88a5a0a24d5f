"""Generates the JSON schema of `trimtab.yaml`, for editors and for readers.

`python -m trimtab.config_schema` writes `config.schema.json`; with `--check` it only says whether that is up to date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from trimtab.config import Config
from trimtab.generated import written

PATH = Path(__file__).with_name("config.schema.json")


def schema_text() -> str:
    """Return the schema as it is committed."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the schema, or check it; the exit code is 1 where it is out of date."""
    return written(PATH, schema_text(), PATH.name, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
