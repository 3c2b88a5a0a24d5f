"""The values of any other chart, by the words that charts share: which mapping serves, and what its keys say.

Only unmistakable words make a mapping a serving: a key or a flag that nothing but an inference engine has, an engine's
image, or a part of a chart named after an engine, beside a model or a GPU. Which template reads a key is not known
here; rendering proves it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from trimtab.manifest import resources, selector, vocabulary
from trimtab.manifest.address import model_hit
from trimtab.manifest.container import Container, field_hit, nim_model, read_engine
from trimtab.manifest.environment import Environment
from trimtab.manifest.flags import dialect, field_of, flag_for
from trimtab.manifest.hit import Draft
from trimtab.manifest.options import take_first_argument, take_options
from trimtab.manifest.pod import PodSpec, take_shm
from trimtab.manifest.shapes.owner import Owner, image_of
from trimtab.manifest.shapes.values_defaults import take_defaults
from trimtab.manifest.shapes.values_look import CLOSED, Look
from trimtab.manifest.shapes.values_parts import BARE, is_another, is_off, sites_of
from trimtab.manifest.shapes.values_words import ENGINES, WORDS, engine_of_chart, plain
from trimtab.manifest.source import Cursor

_CATALOGUES = frozenset({"models", "modelspecs", "inferenceservices"})
"""Keys of mappings of models by name."""
_WORKS = re.compile(r"(?:^|-)(?:bench(?:mark)?s?|fine-?tun\w*|train(?:ing|er)?|eval(?:uation)?)(?:-|$)")
"""Names of charts that run an engine's image for other work than serving."""
_MOUNTED = re.compile(r"(?:/[\w.-]+)*/models?/?")
"""Where charts mount the model whose address another key says."""
_REFERENCE = re.compile(r"\{\{-?\s*\.Values\.([\w.]+)\s*(?:\|\s*(?:quote|toString)\s*)?-?\}\}")
"""A value that a template puts another in the place of."""
_NO_PARTS = frozenset({"defaults", "global", "tokenizer"})
"""Keys of what every part of a chart has, and of what only runs an engine's image."""
_NESTED = 3
"""How deep charts lie in charts."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the values that serves by itself.

    Attributes:
        name: Its own, or the key it stands under.
        dotted: All keys to it.
        look: What stands in it.
        listed: Whether it is an item of a list of models.
    """

    name: str
    dotted: str
    look: Look
    listed: bool


def read(values: Cursor, owner: Owner) -> Iterator[Draft]:
    """Yield the servings: items of a list of models, charts below the chart, or the values as a whole."""
    whole = Look.at(values, owner.chart, hint=engine_of_chart(owner.chart))
    whole.whole = True
    found = _parts(values, whole, "", owner)
    if not found and not whole.serves:
        found = list(_named(values))
    names = Counter(part.name for part in found)
    for part in found:
        draft = draft_of(part.look, owner, part.name if names[part.name] == 1 else part.dotted)
        if draft.hits or part.look.hint:
            yield followed(draft, part.look.root, values)
    if not found and not _WORKS.search(owner.chart) and (whole.serves or (whole.keyed and whole.is_whole)):
        yield followed(draft_of(whole, owner, owner.name_of(values)), values)


def followed(draft: Draft, *scopes: Cursor) -> Draft:
    """Return a serving, what only refers to another value followed to it: the part's own first, then the file's."""
    for field, hit in draft.hits.items():
        match = _REFERENCE.fullmatch(hit.text.value)
        places = [at.get(*match[1].split(".")) for at in scopes] if match is not None else []
        said = next((at for at in places if at is not None and at.string and "{{" not in at.string), None)
        if said is not None:
            draft.hits[field] = field_hit(field, vocabulary.read(field, said.string), said)
    return draft


def _parts(at: Cursor, whole: Look, dotted: str, owner: Owner) -> list[Part]:
    """Return what stands under the keys of a mapping and serves by itself, the innermost."""
    found: list[Part] = []
    for key, cursor in at.entries().items():
        path = f"{dotted}.{key}" if dotted else key
        found += _items(key, path, cursor, whole.hint if dotted else "")
        if plain(key) in _NO_PARTS:
            continue
        if models := _catalogue(key, path, cursor):
            found += [part for part in models if not is_off(part.look.root)]
        elif cursor.is_mapping and plain(key) not in CLOSED and not is_off(cursor):
            found += _nested(key, path, cursor, owner)
    alone = len(found) == 1 and not found[0].listed
    return [] if alone and found[0].look.model is None and whole.model is not None else found


def _named(values: Cursor) -> Iterator[Part]:
    """Yield the parts named after an engine, which the charts of engines keep their own keys under."""
    for key, cursor in values.entries().items():
        look = Look.at(cursor, key)
        if look.hint and not is_off(cursor) and look.serves:
            yield Part(key, key, look, listed=False)


def _items(key: str, path: str, listed: Cursor, hint: str) -> Iterator[Part]:
    """Yield the items of a list that serve; of a list of models all that name theirs, where one plainly serves."""
    items = [item for item in listed.items() if item.is_mapping and not is_off(item)]
    looks = [(item, Look.at(item, parent=plain(key), hint=hint)) for item in items]
    every = plain(key) in _CATALOGUES and any(look.serves for _, look in looks)
    for index, (item, look) in enumerate(looks):
        if look.serves or (every and look.model is not None):
            name = item.word("name") or f"{key}-{index}"
            yield Part(name, f"{path}.{name}", look, listed=True)


def _catalogue(key: str, path: str, at: Cursor) -> list[Part]:
    """Return the models of a mapping that holds nothing else, by their names; one at least must plainly serve."""
    if plain(key) not in _CATALOGUES or not at.is_mapping:
        return []
    looks = {name: Look.at(entry, parent=plain(key)) for name, entry in at.entries().items() if entry.is_mapping}
    if len(looks) != len(at.entries()) or not all(look.model is not None for look in looks.values()):
        return []
    parts = [Part(name, f"{path}.{name}", look, listed=True) for name, look in looks.items()]
    return parts if any(part.look.serves for part in parts) else []


def _nested(key: str, path: str, cursor: Cursor, owner: Owner) -> list[Part]:
    look = Look.at(cursor, owner.chart_of(key) if path == key else key, part=True)
    inner = _parts(cursor, look, path, owner) if path.count(".") + 1 < _NESTED else []
    if inner or is_another(cursor):
        return inner
    return [Part(key, path, look, listed=False)] if look.serves and look.stands_alone else []


def draft_of(look: Look, owner: Owner, name: str) -> Draft:
    """Return the serving that a mapping makes."""
    image, tag = image_of(look.own_image)
    engine = look.engine or look.said or look.keyed or look.spoken or "vllm"
    lists = _own_lists(look, engine)
    at = lists[-1] if lists else look.root
    environment = owner.environment(look.parts.get("env"))
    settings = read_engine(Container(at, lists, environment, image, tag, engine))
    draft = owner.draft(name, settings.engine)
    draft.name, draft.image = owner.name if owner.kind else name, image
    draft.add(settings.hits)
    for word, found in WORDS.items():
        cursor = look.words.get(word)
        if cursor is not None and _is_value(found, cursor):
            draft.add({found: field_hit(found, vocabulary.read(found, cursor.string), cursor)})
    if look.model is not None:
        if "model" in draft.hits and _MOUNTED.fullmatch(str(draft.hits["model"].value)):
            del draft.hits["model"]
        draft.add({"model": model_hit(look.model)})
    if draft.engine == "nim" and look.image is not None:
        draft.add(nim_model(look.image.get("repository")))
    draft.adders.update({field: one for field, one in settings.adders.items() if _has_place(field, look, environment)})
    if look.options is not None and not look.lists:
        take_options(draft, *look.options, settings.engine)
    elif look.empty is not None and not look.lists:
        take_first_argument(draft, *look.empty, settings.engine)
    _take_scale(draft, look)
    _take_rest(draft, look)
    take_defaults(draft, look, owner.at, owner.defaults)
    return draft


def _own_lists(look: Look, engine: str) -> list[Cursor]:
    """Return the lists of arguments that are not another engine's by a key above them; what speaks to this one last."""

    def flags(one: Cursor) -> int:
        return sum(bool(field_of(item.string.partition("=")[0], engine)) for item in one.items() or (one,))

    above = len(look.root.path)
    own = [one for one in look.lists if all(ENGINES.get(plain(str(key)), engine) == engine for key in one.path[above:])]
    return sorted(own, key=lambda one: flags(one) > 0)


def _has_place(field: str, look: Look, environment: Environment) -> bool:
    """Return whether the chart is known to read what would say a field: its list of arguments, or its variables.

    A list that the chart does not have would be a key that nothing reads.
    """
    if look.lists:
        return True
    engine = look.engine or look.said
    known = dialect(engine).variables if engine else {}
    by_variable = "env" in look.parts and field in known.values()
    return by_variable and (not flag_for(field, engine) or any(name in known for name in environment.names()))


def _is_value(field: str, cursor: Cursor) -> bool:
    """Return whether a scalar says a value of the field, or a template or variable that will become one."""
    value = vocabulary.read(field, cursor.string)
    return vocabulary.is_value_of(field, value) or any(mark in cursor.string for mark in ("{{", "${", "$("))


def _take_scale(draft: Draft, look: Look) -> None:
    if not _is_scaled(look):
        return
    for word, found in WORDS.items():
        cursor = look.scaler.get(word)
        if cursor is not None and found.endswith("_replicas"):
            draft.add({found: field_hit(found, vocabulary.read(found, cursor.string), cursor)})
    reason = "the chart's autoscaler owns the number of replicas"
    draft.refusals["replicas"] = reason
    if "replicas" in draft.hits:
        draft.hits["replicas"] = replace(draft.hits["replicas"], locked=reason)


def _is_scaled(look: Look) -> bool:
    """Return whether the chart's autoscaler is on: it says so, or nothing else fixes the number."""
    enabled = look.scaler.get("enabled")
    if enabled is not None:
        return enabled.value is True
    return "minreplicas" in look.scaler and not {"replicas", "replicacount"} & set(look.words)


def _take_rest(draft: Draft, look: Look) -> None:
    """Add GPUs, host and selector; where the chart has the keys, they can be added to."""
    asked = look.parts.get("resources")
    sites = sites_of(asked)
    if resources.gpu_sites(asked):
        draft.hits.pop("gpu_count", None)
    if sites or "gpu_count" not in draft.hits:
        resources.take_gpus(draft, sites)
    if sites and plain(sites[0].resource) in BARE:
        draft.hits.pop("gpu_resource")
        draft.refusals["gpu_resource"] = "the chart names the resource itself"
    named = look.words.get("resourcename")
    if named is not None and resources.GPU_RESOURCE.fullmatch(named.string):
        draft.add({"gpu_resource": field_hit("gpu_resource", named.string, named)})
    if asked is not None:
        resources.take_host(draft, asked, "")
    take_shm(draft, PodSpec(look.root), look.root)
    nodes = look.parts.get("nodeselector")
    found = tuple(selector.selectors_in(nodes)) if nodes is not None else ()
    affinity = look.parts.get("affinity")
    if affinity is not None:
        terms = affinity.get("nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
        found += tuple(selector.selector_terms(terms))
    selector.take_selector(draft, found, nodes, "")
