"""Whether new objects fit the schemas of their kinds: built-in ones, and the definitions that lie in the repository.

Structural schemas are a small part of OpenAPI v3: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/
custom-resource-definitions/#specifying-a-structural-schema (Kubernetes v1.34). Patterns and CEL rules are left to the
cluster: both are programs of whoever wrote the repository.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from trimtab.manifest import Plain, Tree, documents_of
from trimtab.render import ObjectId

Schemas: TypeAlias = Mapping[tuple[str, str], dict[str, Plain]]
"""By apiVersion and kind."""
_KIND = "CustomResourceDefinition"
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_EVERY_OBJECT = frozenset({"apiVersion", "kind", "metadata", "status"})


def schemas_of(tree: Tree) -> Schemas:
    """Return the schemas of the definitions in a tree."""
    found: dict[tuple[str, str], dict[str, Plain]] = {}
    for path in tree.yaml_paths:
        if _KIND.encode() in tree[path]:
            for document in documents_of(tree, path):
                if isinstance(document, dict) and document.get("kind") == _KIND:
                    found.update(_versions(_below(document, "spec")))
    return found


def _versions(spec: dict[str, Plain]) -> Iterator[tuple[tuple[str, str], dict[str, Plain]]]:
    group, kind = spec.get("group"), _below(spec, "names").get("kind")
    listed = spec.get("versions")
    for version in listed if isinstance(listed, list) else ():
        if isinstance(version, dict) and (schema := _below(_below(version, "schema"), "openAPIV3Schema")):
            yield (f"{group}/{version.get('name')}", str(kind)), schema


def misfits(schemas: Schemas, before: Mapping[ObjectId, Plain], after: Mapping[ObjectId, Plain]) -> tuple[str, ...]:
    """Return what of new objects their definitions do not take, and what of the old ones they took."""
    known = {fault for key, found in before.items() for fault in _of(schemas, key, found)}
    return tuple(fault for key in sorted(after) for fault in _of(schemas, key, after[key]) if fault not in known)


def _of(schemas: Schemas, key: ObjectId, found: Plain) -> Iterator[str]:
    schema = schemas.get((key.api_version, key.kind))
    if schema is not None and isinstance(found, dict):
        own = {name: value for name, value in found.items() if name not in _EVERY_OBJECT}
        rest = {**schema, "required": [one for one in _list(schema, "required") if one not in _EVERY_OBJECT]}
        yield from (f"{key} {fault}" for fault in _faults(rest, own, ""))


def _faults(schema: dict[str, Plain], value: Plain, at: str) -> Iterator[str]:
    """Yield what a schema does not take of a value; null counts as absent, as the API server drops it."""
    if value is None:
        return
    wanted = schema.get("type")
    if schema.get("x-kubernetes-int-or-string") is True:
        if isinstance(value, bool) or not isinstance(value, int | str):
            yield f"{at}: {value!r} is neither a whole number nor a text"
    elif isinstance(wanted, str) and not _is(value, wanted):
        yield f"{at}: {_short(value)} is no {wanted}"
        return
    yield from _of_value(schema, value, at)
    if isinstance(value, dict):
        yield from _of_mapping(schema, value, at)
    if isinstance(value, list) and (item := _below(schema, "items")):
        for index, one in enumerate(value):
            yield from _faults(item, one, f"{at}[{index}]")


def _of_value(schema: dict[str, Plain], value: Plain, at: str) -> Iterator[str]:
    listed = _list(schema, "enum")
    if listed and value not in listed:
        yield f"{at}: {_short(value)} is none of {', '.join(map(str, listed[:8]))}"
    size = len(value) if isinstance(value, str | list | dict) else value
    named = "Length" if isinstance(value, str) else "Items" if isinstance(value, list) else "Properties"
    ends = (f"min{named}", f"max{named}") if isinstance(value, str | list | dict) else ("minimum", "maximum")
    low, high = (schema.get(name) for name in ends)
    if isinstance(size, int | float) and not isinstance(value, bool):
        if isinstance(low, int | float) and size < low:
            yield f"{at}: {_short(value)} is below {low}"
        if isinstance(high, int | float) and size > high:
            yield f"{at}: {_short(value)} is above {high}"


def _of_mapping(schema: dict[str, Plain], value: dict[str, Plain], at: str) -> Iterator[str]:
    fields, more = _below(schema, "properties"), schema.get("additionalProperties")
    for name in _list(schema, "required"):
        if value.get(str(name)) is None:
            yield f"{at}.{name} is missing"
    is_open = more not in (None, False) or schema.get("x-kubernetes-preserve-unknown-fields") is True or not fields
    for name, below in value.items():
        inside = fields.get(name, more)
        if isinstance(inside, dict):
            yield from _faults(inside, below, f"{at}.{name}")
        elif not is_open and not (schema.get("x-kubernetes-embedded-resource") is True and name in _EVERY_OBJECT):
            yield f"{at}.{name} is no field, and would be dropped"


def _is(value: Plain, wanted: str) -> bool:
    kinds = _TYPES.get(wanted, (object,))
    return isinstance(value, kinds) and (isinstance(value, bool) is (wanted == "boolean") or wanted not in _TYPES)


def _short(value: Plain) -> str:
    return repr(value)[:80]


def _below(value: dict[str, Plain], key: str) -> dict[str, Plain]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _list(value: dict[str, Plain], key: str) -> list[Plain]:
    found = value.get(key)
    return found if isinstance(found, list) else []
