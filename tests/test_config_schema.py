from __future__ import annotations

from trimtab.config_schema import PATH, schema_text


def test_committed_schema_is_the_code() -> None:
    """The committed schema is what the configuration's classes say today."""
    assert PATH.read_text(encoding="utf-8") == schema_text()
