"""What a model is called: ids, paths, URIs, registries and tags brought down to what can be looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator

_HUB_CACHE = re.compile(r"models--([^/]+?)--([^/]+)")
_SCHEME = re.compile(r"^[a-z0-9+.-]+://", re.IGNORECASE)
_HOSTS = re.compile(
    r"^(?:(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)|nvcr\.io/nim|docker\.io|registry\.ollama\.ai/library"
    r"|ollama\.com/library|ollama\.com)/",
    re.IGNORECASE,
)
_VERSION = re.compile(r"[:@](?!q\d|iq\d|ud-|f16|bf16|f32|mxfp4|[\d.x]+[bm]\b)[\w.-]*$", re.IGNORECASE)
"""A revision or an image's tag; a file's type (`:Q4_K_M`) and a size (`:70b`) after the colon belong to the name."""
_WEIGHTS_FILE = re.compile(r"\.(?:safetensors|bin|pt|pth)$", re.IGNORECASE)
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_REVISION = re.compile(r"[@:]([A-Za-z0-9][\w.-]{0,99})$")
_MOST = 512


def tidy(name: str) -> str:
    """Return the part of a name, path or URI that can be an id; empty where there is none."""
    text = name.strip()[:_MOST]
    cached = _HUB_CACHE.search(text)
    if cached:
        return f"{cached[1]}/{cached[2]}"
    text = _SCHEME.sub("", _HOSTS.sub("", text))
    parts = [part for part in _HOSTS.sub("", text).split("/") if part not in {"", ".", ".."}]
    if len(parts) > 1 and _WEIGHTS_FILE.search(parts[-1]):
        parts.pop()
    return "/".join(parts)


def spellings(name: str) -> Iterator[str]:
    """Give the ids that a name may stand for, the most exact first: as written, then without its revision or tag."""
    whole = tidy(name)
    if whole:
        yield whole
    bare = _VERSION.sub("", whole)
    if bare and bare != whole:
        yield bare


def hub_id(name: str) -> tuple[str, str] | None:
    """Return `(org/model, revision)` where a name can be an id of the Hugging Face hub; None for paths and tags.

    `hf://org/model@revision`, `org/model:revision` and plain ids are; what has a folder before it, another scheme or
    another host is not. The revision is empty where none is said.
    """
    text = name.strip()[:_MOST]
    cached = _HUB_CACHE.search(text)
    if cached:
        return f"{cached[1]}/{cached[2]}", ""
    text = re.sub(r"^(?:hf|huggingface)://", "", text)
    if _SCHEME.match(text) and not _HOSTS.match(text):
        return None
    text = _HOSTS.sub("", text).rstrip("/")
    revision = _REVISION.search(text)
    plain = _REVISION.sub("", text)
    if not _HUB_ID.fullmatch(plain) or ".." in plain or "--" in plain:
        return None
    return plain, revision[1] if revision else ""
