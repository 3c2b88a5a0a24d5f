"""What a workload is for where nobody said so: inferred, and never taken for declared."""

from __future__ import annotations

import json
import re

from trimtab.fleet import Found, Intent, Model, Traffic, Unknown
from trimtab.join.traffic import idle_share, longest_idle_hours

_TRAINING_KINDS = frozenset({"PyTorchJob", "TFJob", "MPIJob", "JAXJob", "PaddleJob", "XGBoostJob", "TrainJob"})
_BATCH_KINDS = frozenset({"Job", "CronJob"})
_EMBEDDING_ENGINES = frozenset({"tei"})
_EMBEDDING = re.compile(r"(^|[^a-z])(embed|embedder|embedding|embeddings|rerank|reranker|bge|gte|e5)([^a-z]|$)")
_AGENTIC = re.compile(r"(^|[^a-z])agent(s|ic)?([^a-z]|$)")
_BATCH = re.compile(r"(^|[^a-z])(batch|offline|nightly)([^a-z]|$)")
_ENCODERS = re.compile(r"(Bert|Roberta|MPNet|Embedding)")

BATCH_IDLE_SHARE = 0.6
"""Share of hours almost without traffic from which work that comes in runs is taken for a batch."""
BATCH_IDLE_HOURS = 10
"""Shortest silence, hours in a row, that goes with it: people who chat sleep for fewer."""


def infer_intent(kind: str, names: str, engine: str, model: Found[Model] | Unknown, traffic: Traffic) -> Intent:
    """Return the likeliest intent.

    Args:
        kind: The top owner's kind.
        names: Names and labels of the workload, in one text.
        engine: The inference engine; empty where none shows.
        model: What it serves.
        traffic: Its hourly shape tells work in runs from people.
    """
    text = names.lower()
    if kind in _TRAINING_KINDS:
        return Intent.TRAINING
    if engine in _EMBEDDING_ENGINES or _EMBEDDING.search(text) or _encodes(model):
        return Intent.EMBEDDING
    if kind in _BATCH_KINDS or _BATCH.search(text) or _in_runs(traffic):
        return Intent.BATCH
    if _AGENTIC.search(text):
        return Intent.AGENTIC
    return Intent.CHAT if engine or isinstance(model, Found) else Intent.UNKNOWN


def _encodes(model: Found[Model] | Unknown) -> bool:
    """Return whether the model only encodes text, by its name or its configuration's architecture."""
    if isinstance(model, Unknown):
        return False
    if _EMBEDDING.search(model.value.name.lower()):
        return True
    try:
        config = json.loads(model.value.config_json)
    except (ValueError, RecursionError):
        return False
    named = config.get("architectures") if isinstance(config, dict) else None
    return isinstance(named, list) and any(_ENCODERS.search(str(one)) for one in named)


def _in_runs(traffic: Traffic) -> bool:
    """Return whether traffic comes in runs with long silences between them."""
    hours = traffic.hourly_output_tokens_per_s or traffic.hourly_requests_per_s
    return idle_share(hours) >= BATCH_IDLE_SHARE and longest_idle_hours(hours) >= BATCH_IDLE_HOURS
