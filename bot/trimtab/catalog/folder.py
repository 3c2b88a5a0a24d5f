"""A model from a `config.json`, or from the folder that holds one."""

from __future__ import annotations

from pathlib import Path

from trimtab.catalog.headers import read_headers
from trimtab.catalog.repacks import with_scheme
from trimtab.catalog.stored import Parts, model_of
from trimtab.fleet import Found, Model, Unknown

_MOST_BYTES = 64 << 20
"""The longest file that is read: an index of tensors, or many cases."""
_MOST_CONFIG = 4 << 20
"""The longest `config.json`, as from the hub: it has a few KB, and some hundred with long lists."""


def read_model(path: Path, name: str = "") -> Found[Model] | Unknown:
    """Return the model that a file or a folder describes, with what stands beside it.

    Beside `config.json`: `hf_quant_config.json`, `model.safetensors.index.json` and the headers of `*.safetensors`;
    beside any other `NAME.json`: `NAME.hf_quant.json`. A name that tells a quantisation (`…-AWQ`) fills in the one that
    the configuration lacks.
    """
    whole = path.is_dir()
    file = path / "config.json" if whole else path
    text = read_text(file, _MOST_CONFIG)
    if isinstance(text, Unknown):
        return text
    beside = file.name == "config.json"
    companion = file.parent / "hf_quant_config.json" if beside else file.with_suffix(".hf_quant.json")
    quantisation = read_text(companion) if companion.is_file() else None
    index_file = file.parent / "model.safetensors.index.json"
    index = read_text(index_file) if beside and index_file.is_file() else None
    listing = index.value if isinstance(index, Found) else None
    parts = Parts(
        config=with_scheme(text.value, name),
        quantisation=quantisation.value if isinstance(quantisation, Found) else None,
        index=listing,
        tensors=read_headers(file.parent, listing) if beside else {},
    )
    return model_of(name or (file.parent.resolve().name if beside else file.stem), parts, str(file))


def read_text(path: Path, most: int = _MOST_BYTES) -> Found[str] | Unknown:
    """Return a file's text; `Unknown` where it is no plain file, too long, unreadable or no UTF-8."""
    try:
        if not path.is_file():
            return Unknown(f"{path}: {'not a plain file' if path.exists() else 'no such file'}")
        with path.open("rb") as file:
            data = file.read(most + 1)
        if len(data) > most:
            return Unknown(f"{path}: longer than {most} bytes")
        return Found(data.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError:
        return Unknown(f"{path}: not UTF-8")
    except (OSError, ValueError) as error:
        return Unknown(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}")
