"""The engine's settings of one container: flags, scripts, variables, image; and how to say one that is not said yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.adding import adder
from trimtab.manifest.assignments import assigned, is_assigned, is_sourced
from trimtab.manifest.command import Command, Flag, is_open, read_command, read_flags, variable_of
from trimtab.manifest.engines import engine_of_image, engine_of_variables, image_tag, is_base, model_of_nim
from trimtab.manifest.environment import Environment, Variable
from trimtab.manifest.flags import dialect, switch_for
from trimtab.manifest.gpu_bound import devices_of, why_bound
from trimtab.manifest.hit import Hit, Writer
from trimtab.manifest.longest_input import above_input
from trimtab.manifest.removing import remove_switches
from trimtab.manifest.scalars import spell
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import NewLine, Splice
from trimtab.manifest.text import Text
from trimtab.manifest.unsaid import unsaid
from trimtab.manifest.wrapped import WRAPPED, is_wrapped
from trimtab.manifest.write import replace_part, replace_scalar


@dataclass(frozen=True, slots=True)
class Container:
    """What the words of a container are read from, whatever shape it stands in.

    Attributes:
        at: The container's own mapping.
        lists: `command` and `args` that are present.
        environment: Its variables.
        image: The image's whole name.
        tag: The scalar that holds the image's tag, alone or at its end.
        engine: The engine where the shape tells it; empty to find out.
    """

    at: Cursor
    lists: Sequence[Cursor]
    environment: Environment
    image: str
    tag: Cursor | None
    engine: str = ""


def pod_container(at: Cursor, environment: Environment) -> Container:
    """Return a container of a Pod's own form."""
    lists = [cursor for key in ("command", "args") if (cursor := at.get(key)) is not None]
    return Container(at, lists, environment, at.word("image"), at.get("image"))


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What a container tells its engine.

    Attributes:
        engine: Empty where no engine is recognised.
        hits: By field.
        adders: By field: how to say what is not said.
        spoken: Whether the command itself names the engine.
        command: The command, for shapes that look further.
        bound: Why what it loads fits its GPUs alone; empty where it does not.
        devices: The GPUs that it names by their numbers; empty where it takes what it is given.
        nodes: How many nodes its flags name, in figures; empty where none does.
    """

    engine: str
    hits: dict[str, Hit]
    adders: dict[str, Writer]
    spoken: bool
    command: Command
    bound: str = ""
    devices: str = ""
    nodes: str = ""


def read_engine(container: Container) -> EngineSettings:
    """Return what a container tells its engine, each with its place."""
    assumed = container.engine or engine_of_variables(container.environment.names(), container.image)
    command = read_command(container.lists, container.image, container.environment, assumed)
    engine = command.engine or engine_of_image(container.image) or assumed
    hits: dict[str, Hit] = {}
    _take_image(container, engine, hits)
    _take_variables(container, engine, hits)
    if command.positional is not None:
        word = command.positional
        hits["model"] = _hit_of(Flag("model", word.text, word.text, word), container, command)
    for flag in read_flags(command.words, engine):
        hits[flag.field] = _hit_of(flag, container, command)
    if engine == "vllm" and not command.spoken and command.script is None:
        _take_wrapped(container, hits)
    fields = _addable(engine, hits.get("model"))
    adders = {field: adder(field, engine, container.at, container.environment, command) for field in fields}
    words = [word.text.value for word in command.words]
    if engine == "tgi" and "max_model_len" in hits:
        hits["max_model_len"] = above_input(hits["max_model_len"], words, container.environment)
    model = str(hits["model"].value) if "model" in hits else ""
    bound = why_bound(engine, container.image, words, container.environment, model)
    devices = devices_of(container.environment, command.script[1].value if command.script is not None else "")
    return EngineSettings(engine, hits, adders, command.spoken, command, bound, devices, _nodes(words))


def _nodes(words: Sequence[str]) -> str:
    """Return how many nodes the engine is told that it runs on, in figures (`--nnodes` of SGLang 0.5, vLLM 0.12)."""
    joined = re.search(r"(?:^| )--nnodes[ =](\d+)(?: |$)", " ".join(words))
    return joined[1] if joined is not None else ""


_OF_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def _addable(engine: str, model: Hit | None) -> frozenset[str]:
    """Return what an engine can be told; a revision only where a model of a hub is named, which has some."""
    known = dialect(engine)
    said = {*known.flags.values(), *known.variables.values(), *(field for field, _ in known.switches.values())}
    named = model is not None and _OF_HUB.fullmatch(str(model.value)) is not None
    return frozenset(said - {"model"} - (set() if named else {"revision"}))


def _take_image(container: Container, engine: str, hits: dict[str, Hit]) -> None:
    """Add the image's tag, and the model of a NIM image."""
    if container.tag is None or not engine or is_base(container.image):
        return
    text = container.tag.text()
    if text is None or "{{" in text.value or text.value.startswith("sha256:"):
        return
    tag = text.value.partition("@")[0] if _is_tag(text.value, container) else image_tag(text.value)
    if tag:
        start = text.value.rindex(tag, 0, len(text.value.partition("@")[0]))
        where = text.cut(start, start + len(tag))
        hit = field_hit("engine_version", tag, container.tag, where)
        pinned = "the image is pinned by its digest, and the tag decides nothing; change both by hand"
        hits["engine_version"] = replace(hit, locked=hit.locked or (pinned if "@" in text.value else ""))
    if engine == "nim" and "model" not in hits:
        hits.update(nim_model(container.tag))


def nim_model(image: Cursor | None) -> dict[str, Hit]:
    """Return the hit of the model that a NIM image is named after; nothing where the text names none."""
    text = image.text() if image is not None else None
    model = model_of_nim(text.value) if text is not None else ""
    if image is None or text is None or not model:
        return {}
    start = text.value.index(model)
    return {"model": field_hit("model", model, image, text.cut(start, start + len(model)))}


def _is_tag(text: str, container: Container) -> bool:
    """Return whether a scalar is an image's tag alone, and not the whole name."""
    said = container.tag.said if container.tag is not None else ""
    if said:
        return said.endswith((f":{text}", f"@{text}"))
    return text != container.image and not {"/", ":"} & set(text.partition("@")[0])


def field_hit(field: str, value: Scalar, cursor: Cursor, part: Text | None = None, via: str = "field") -> Hit:
    """Return the hit of a scalar, or of a part of one."""
    text = part or cursor.text() or cursor.source.text.cut(cursor.real.start, cursor.real.start)
    locked = cursor.why_locked or _templated(text.value)
    path, document = cursor.source.path, cursor.source.number

    def writer(new: Scalar) -> tuple[Splice, ...]:
        if part is not None:
            return (replace_part(path, part, spell(new)),)
        return (replace_scalar(cursor, new),)

    return Hit(field, value, path, document, text, via, writer, locked)


def _templated(value: str) -> str:
    if "{{" in value:
        return "a template computes the value"
    if re.search(r"(?<!\$)\$\{|\$\(", value):
        return "a variable is put in before it is used, and its text is not in the tree"
    return ""


def _take_variables(container: Container, engine: str, hits: dict[str, Hit]) -> None:
    for name, field in dialect(engine).variables.items():
        place = container.environment.find(name)
        if place is not None:
            hits[field] = variable_hit(field, place)


def _take_wrapped(container: Container, hits: dict[str, Hit]) -> None:
    """Add what a program that wraps the engine is told by its variables."""
    words = [item.string for cursor in container.lists for item in (cursor.items() or (cursor,))]
    if is_wrapped([word for word in words if word], container.image):
        for name, field in WRAPPED.items():
            places = (container.environment.find(one) for one in (name, f"VLLM_{name}"))
            place = next((one for one in places if one is not None and one.text.value), None)
            if place is not None:
                hits.setdefault(field, variable_hit(field, place))


def variable_hit(field: str, place: Variable) -> Hit:
    """Return the hit of a variable's text."""
    locked = place.locked or _templated(place.text.value)

    def writer(new: Scalar) -> tuple[Splice, ...]:
        return (write_variable(place, spell(new)),)

    value = vocabulary.read(field, place.text.value)
    return Hit(field, value, place.path, place.document, place.text, place.via, writer, locked)


def write_variable(place: Variable, new: str) -> Splice:
    """Return the splice that makes a variable say `new`."""
    if place.via == "dotenv":
        start, end = place.text.span()
        return Splice(place.path, start, end, new, NewLine(place.name, new))
    whole = place.holder.text()
    if whole is not None and whole.span() == place.text.span():
        return replace_scalar(place.holder, new)
    return replace_part(place.path, place.text, new)


def _hit_of(flag: Flag, container: Container, command: Command) -> Hit:
    """Return a flag's hit, followed to the variable that it refers to."""
    word = flag.word
    path, document = word.holder.source.path, word.holder.source.number
    via = word.via
    if flag.value is None:
        writer, locked = _switcher(flag, command, container), _why(flag, command)
        return Hit(flag.field, not flag.negated, path, document, flag.name, via, writer, locked)
    reference = None if word.literal else variable_of(flag.value, via)
    said = assigned(reference.name, word) if reference is not None else None
    if said is not None:
        return _hit_of(Flag(flag.field, flag.name, said.text, said, flag.negated), container, command)
    if reference is not None and not is_assigned(reference.name, word):
        place = container.environment.referred(reference.name)
        if place is not None:
            return variable_hit(flag.field, place)
        open_default = container.environment.may_set(reference.name) or is_sourced(word)
        if reference.default is not None and not open_default:
            default = Flag(flag.field, flag.name, reference.default, word, flag.negated)
            return _hit_of(default, container, command)
    locked = _why(flag, command)
    if is_open(flag.value, word):
        locked = locked or f"{flag.value.value} is computed before the engine sees it, and its text is not in the tree"
    value = _value_of(flag)
    return Hit(flag.field, value, path, document, flag.value, via, _flag_writer(flag), locked)


def _value_of(flag: Flag) -> Scalar:
    text = flag.value.value if flag.value is not None else ""
    value = vocabulary.read(flag.field, text)
    return value != flag.negated if isinstance(value, bool) else value


def _why(flag: Flag, command: Command) -> str:
    if command.several:
        return "the script starts an engine in more than one place"
    return flag.word.holder.why_locked


def _flag_writer(flag: Flag) -> Writer:
    text = flag.value or flag.name
    holder = flag.word.holder

    def writer(new: Scalar) -> tuple[Splice, ...]:
        whole = holder.text()
        if whole is not None and whole.span() == text.span() and flag.word.via == "flag":
            return (replace_scalar(holder, vocabulary.spelled_like(text.value, new)),)
        return (replace_part(holder.source.path, text, spell(vocabulary.spelled_like(text.value, new))),)

    return writer


def _switcher(flag: Flag, command: Command, container: Container) -> Writer:
    """Return the writer that removes a bare switch, or turns it into its opposite where absence does not say so."""

    def writer(new: Scalar) -> tuple[Splice, ...]:
        tag = container.tag.string if container.tag is not None else ""
        version = tag if _is_tag(tag, container) else image_tag(tag)
        if unsaid(command.engine, container.image, version).get(flag.field) == new:
            return remove_switches(flag.field, command)
        wanted = switch_for(flag.field, bool(new), command.engine)
        if not wanted:
            raise RefusedError(f"{command.engine} has no flag that says {flag.field}={spell(new)}", "remove it by hand")
        return (replace_part(flag.word.holder.source.path, flag.name, wanted),)

    return writer
