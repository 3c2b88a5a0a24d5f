"""Models of the Hugging Face hub: their configuration and their tensors' shapes, never their weights, never code.

The only home of huggingface_hub (2.4). The revision is resolved to a commit first, and everything is read at that
commit; files are kept in the hub's own cache (`HF_HOME`). `HF_ENDPOINT`, `HF_TOKEN` and `HF_HUB_OFFLINE` hold.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, Self, cast

from trimtab.catalog.names import hub_id
from trimtab.catalog.stored import Parts, Tensors, model_of, shards
from trimtab.fleet import Found, Model, Unknown

CONFIG, QUANTISATION, INDEX = "config.json", "hf_quant_config.json", "model.safetensors.index.json"
MOST_BYTES: Mapping[str, int] = {CONFIG: 4 << 20, QUANTISATION: 16 << 20, INDEX: 64 << 20}
"""The largest file that is read; a `config.json` has a few KB, the index of 200,000 tensors 20 MB."""
_MOST_SHARDS = 256
_SHARDS_AT_ONCE = 8
_TIMEOUT_S = 10.0
_DEADLINE_S = 60.0
_AWAY = frozenset({"ConnectError", "ConnectTimeout", "ReadTimeout", "ReadError", "ProxyError", "RemoteProtocolError"})
"""What the HTTP client raises where the hub cannot be reached; which client it is, is the library's own affair."""
_TOO_LONG = "longer than a file of its kind can be, or too slow"


@dataclass(frozen=True, slots=True)
class Away(Unknown):
    """The hub cannot be reached, so that no other model of it can be asked for either."""


class _TooLongError(Exception):
    """A download went over its bounds."""


class _File(Protocol):
    """A file of a repository, as the hub lists it."""

    rfilename: str


class _Info(Protocol):
    """What the hub says of a repository."""

    sha: str | None
    siblings: Sequence[_File] | None


class _Tensor(Protocol):
    """One tensor in a header."""

    dtype: str
    shape: Sequence[int]


class _Header(Protocol):
    """A safetensors header."""

    tensors: Mapping[str, _Tensor]


class _Api(Protocol):
    """What is used of `huggingface_hub.HfApi`."""

    def model_info(self, repo_id: str, *, revision: str | None, timeout: float) -> _Info: ...

    def hf_hub_download(
        self,
        repo_id: str,
        filename: str,
        *,
        revision: str,
        local_files_only: bool,
        etag_timeout: float,
        tqdm_class: object,
    ) -> str: ...

    def parse_safetensors_file_metadata(
        self, repo_id: str, filename: str, *, revision: str, timeout: float
    ) -> _Header: ...


@dataclass(frozen=True, slots=True)
class _Repo:
    """One repository at one commit, or at the revision that stands for one."""

    api: _Api
    name: str
    commit: str
    offline: bool


def fetch_model(name: str, *, offline: bool = False) -> Found[Model] | Unknown:
    """Return a model from the hub, or from what was fetched before where there is no network or `offline` is set.

    Args:
        name: `org/model`, with `@revision` where it is not the newest; `hf://` and the hub's own addresses too.
        offline: Ask no network.
    """
    known = hub_id(name)
    if known is None:
        return Unknown(f"{name[:80]!r} is no id of the Hugging Face hub")
    try:
        import huggingface_hub  # noqa: F401, PLC0415  # a second to import, wanted for unknown models only
    except ImportError:
        return Unknown("huggingface_hub is not installed")
    try:
        return _fetch(*known, offline=offline)
    except _TooLongError as error:
        return Unknown(f"{known[0]} on the hub: {error} is {_TOO_LONG}")
    except Exception as error:  # noqa: BLE001  # the library's errors, its HTTP client's, and JSON's, by the score
        return Unknown(f"{known[0]} on the hub: {_said(error)}")


def _fetch(name: str, revision: str, *, offline: bool) -> Found[Model] | Unknown:
    from huggingface_hub import HfApi, constants  # noqa: PLC0415  # a second to import

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    api = cast("_Api", HfApi(library_name="trimtab"))
    repo = _Repo(api, name, revision or "main", offline or constants.HF_HUB_OFFLINE)
    listed = frozenset((CONFIG, QUANTISATION, INDEX)) if repo.offline else _listed(repo)
    if isinstance(listed, Away):
        before = _model(replace(repo, offline=True), frozenset((CONFIG, QUANTISATION, INDEX)))
        return before if isinstance(before, Found) else listed
    return _model(repo, listed)


def _model(repo: _Repo, listed: frozenset[str]) -> Found[Model] | Unknown:
    """Return the model; everything is read at the commit at which its configuration was."""
    config = _download(repo, CONFIG)
    if isinstance(config, Unknown):
        return config
    fixed = replace(repo, commit=config.value.parent.name)
    index = _text(fixed, INDEX) if INDEX in listed else None
    parts = Parts(
        config=_read(config.value),
        quantisation=_text(fixed, QUANTISATION) if QUANTISATION in listed else None,
        index=index,
        tensors={} if repo.offline else _tensors(fixed, shards(listed, index)),
    )
    return model_of(repo.name, parts, f"Hugging Face hub, {repo.name} at {fixed.commit[:12]}")


def _listed(repo: _Repo) -> frozenset[str] | Away:
    """Return the names of the repository's files; `Away` where the hub cannot be reached.

    This question comes first because the library asks it once, while it asks for a file for half a minute.
    """
    try:
        info = repo.api.model_info(repo.name, revision=repo.commit, timeout=_TIMEOUT_S)
    except Exception as error:
        if type(error).__name__ not in _AWAY:
            raise
        return Away(f"{repo.name} on the hub: {_said(error)}")
    return frozenset(file.rfilename for file in info.siblings or ())


def _download(repo: _Repo, name: str) -> Found[Path] | Unknown:
    """Return where a file lies in the cache; its folder is named by the commit that the revision means.

    Raises:
        _TooLongError: It is longer than a file of its kind can be, or took too long.
    """
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError  # noqa: PLC0415  # a second to import

    most = MOST_BYTES[name]
    try:
        path = repo.api.hf_hub_download(
            repo.name,
            name,
            revision=repo.commit,
            local_files_only=repo.offline,
            etag_timeout=_TIMEOUT_S,
            tqdm_class=_Gauge(name, most),
        )
    except LocalEntryNotFoundError:
        why = "was not fetched before, and no network may be asked" if repo.offline else "cannot be reached on the hub"
        return Unknown(f"{repo.name} {why}")
    except EntryNotFoundError:
        return Unknown(f"{repo.name} on the hub has no {name}; name the model that it was made from")
    if Path(path).stat().st_size > most:
        raise _TooLongError(name)
    return Found(Path(path))


def _text(repo: _Repo, name: str) -> str | None:
    found = _download(repo, name)
    return _read(found.value) if isinstance(found, Found) else None


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


class _Gauge:
    """Stands where the library would draw a progress bar: draws nothing, and ends what is too long or too slow."""

    def __init__(self, name: str, most: int) -> None:
        self._name, self._left = name, most
        self._until = time.monotonic() + _DEADLINE_S

    def __call__(self, *_: object, total: float | None = None, **__: object) -> Self:
        if (total or 0) > self._left:
            raise _TooLongError(self._name)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, amount: float = 0) -> None:
        self._left -= int(amount)
        if self._left < 0 or time.monotonic() > self._until:
            raise _TooLongError(self._name)


def _tensors(repo: _Repo, files: Sequence[str]) -> Tensors:
    """Return types and shapes of all tensors from the headers of the weights' files; empty where one cannot be read.

    All or nothing: half of a checkpoint would be taken for a small model.
    """
    if not 0 < len(files) <= _MOST_SHARDS:
        return {}

    def header(name: str) -> Tensors:
        of_file = repo.api.parse_safetensors_file_metadata(repo.name, name, revision=repo.commit, timeout=_TIMEOUT_S)
        return {tensor: (str(info.dtype), tuple(info.shape)) for tensor, info in of_file.tensors.items()}

    try:
        with ThreadPoolExecutor(_SHARDS_AT_ONCE) as pool:
            return {name: entry for tensors in pool.map(header, files) for name, entry in tensors.items()}
    except Exception:  # noqa: BLE001  # a help, not a need: the configuration's arithmetic stands without it
        return {}


def _said(error: Exception) -> str:
    """Return what went wrong in a few words, with what to do where that is known."""
    kind = type(error).__name__
    known = {
        "GatedRepoError": "is gated: accept its terms there, and set HF_TOKEN",
        "RepositoryNotFoundError": "is not there, or is private: for a private one set HF_TOKEN",
        "RevisionNotFoundError": "has no such revision",
        "LocalEntryNotFoundError": "cannot be reached",
        "OfflineModeIsEnabled": "cannot be asked: HF_HUB_OFFLINE is set",
        "ConnectError": "cannot be reached",
        "ConnectTimeout": "cannot be reached in time",
        "ReadTimeout": "did not answer in time",
        "UnicodeDecodeError": "answered with what is no text",
        "JSONDecodeError": "answered with what is no JSON",
    }
    return known.get(kind) or f"{kind}: {str(error).strip().splitlines()[0][:160] if str(error).strip() else ''}"
