"""The engine's settings of one container: flags, scripts, variables, image; and how to say one that is not said yet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.command import Command, Flag, Word, is_open, read_command, read_flags, variable_of
from trimtab.manifest.engines import engine_of_image, image_tag, model_of_nim
from trimtab.manifest.environment import Environment, Variable
from trimtab.manifest.flags import dialect, flag_for, switch_for, variable_for
from trimtab.manifest.hit import Hit, Writer
from trimtab.manifest.scalars import spell
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import NewLine, Splice
from trimtab.manifest.text import Text
from trimtab.manifest.write import add_items, add_mapping, add_pair, replace_part, replace_scalar


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
    """

    engine: str
    hits: dict[str, Hit]
    adders: dict[str, Writer]
    spoken: bool
    command: Command


def read_engine(container: Container) -> EngineSettings:
    """Return what a container tells its engine, each with its place."""
    command = read_command(container.lists, container.image, container.environment, container.engine)
    engine = command.engine or engine_of_image(container.image) or container.engine
    hits: dict[str, Hit] = {}
    _take_image(container, engine, hits)
    _take_variables(container, engine, hits)
    if command.positional is not None:
        word = command.positional
        hits["model"] = _hit_of(Flag("model", word.text, word.text, word), container, command)
    for flag in read_flags(command.words, engine):
        hits[flag.field] = _hit_of(flag, container, command)
    adders = {field: _adder(field, engine, container, command) for field in _addable(engine)}
    return EngineSettings(engine, hits, adders, command.spoken, command)


def _addable(engine: str) -> frozenset[str]:
    known = dialect(engine)
    said = {*known.flags.values(), *known.variables.values(), *(field for field, _ in known.switches.values())}
    return frozenset(said - {"model", "revision"})


def _take_image(container: Container, engine: str, hits: dict[str, Hit]) -> None:
    """Add the image's tag, and the model of a NIM image."""
    if container.tag is None or not engine:
        return
    text = container.tag.text()
    if text is None or "{{" in text.value:
        return
    tag = image_tag(text.value) if text.value == container.image else text.value
    if tag and not tag.startswith("sha256"):
        start = text.value.rindex(tag, 0, len(text.value.partition("@")[0]))
        where = text.cut(start, start + len(tag))
        hits["engine_version"] = field_hit("engine_version", tag, container.tag, where)
    model = model_of_nim(text.value)
    if engine == "nim" and model:
        start = text.value.index(model)
        hits["model"] = field_hit("model", model, container.tag, text.cut(start, start + len(model)))


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
        writer, locked = _switcher(flag, command), _why(flag, command)
        return Hit(flag.field, not flag.negated, path, document, flag.name, via, writer, locked)
    reference = variable_of(flag.value, via)
    if reference is not None and not word.literal:
        place = container.environment.find(reference.name)
        if place is not None:
            return variable_hit(flag.field, place)
        if reference.default is not None:
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
            return (replace_scalar(holder, new),)
        return (replace_part(holder.source.path, text, spell(new)),)

    return writer


def _switcher(flag: Flag, command: Command) -> Writer:
    """Return the writer that turns a bare switch into its opposite."""

    def writer(new: Scalar) -> tuple[Splice, ...]:
        wanted = switch_for(flag.field, bool(new), command.engine)
        if not wanted:
            raise RefusedError(f"{command.engine} has no flag that says {flag.field}={spell(new)}", "remove it by hand")
        return (replace_part(flag.word.holder.source.path, flag.name, wanted),)

    return writer


def _adder(field: str, engine: str, container: Container, command: Command) -> Writer:
    """Return the writer that says a field that nothing says yet."""

    def writer(new: Scalar) -> tuple[Splice, ...]:
        if command.several:
            raise RefusedError("the script starts an engine in more than one place", "edit the script by hand")
        words = _words_for(field, new, engine, command)
        if words and command.script is not None:
            return (_into_script(words, command),)
        if words and command.listed is not None and _is_own(command.listed, container):
            return _into_list(words, command)
        if words:
            return (add_pair(container.at, "args", ["=".join(words)]),)
        return (_into_environment(field, new, engine, container),)

    return writer


def _is_own(listed: Cursor, container: Container) -> bool:
    """Return whether a list belongs to the container itself, and not to what it is merged with."""
    own = container.at.path
    return listed.source is container.at.source and listed.path[: len(own)] == own


def _words_for(field: str, new: Scalar, engine: str, command: Command) -> list[str]:
    """Return the flag's words as its siblings are written; none where the engine has a variable instead."""
    if field in vocabulary.BOOLEANS:
        switch = switch_for(field, bool(new), engine)
        if not switch:
            raise RefusedError(f"{engine} has no flag that says {field}={spell(new)}")
        return [switch]
    name = flag_for(field, engine)
    if not name:
        return []
    if command.script is None and command.listed is None:
        return [name, spell(new)]
    spellings = [word.text.value.partition("=")[0] for word in command.words if word.text.value.startswith("--")]
    if any("_" in one for one in spellings) and not any("-" in one[2:] for one in spellings):
        name = "--" + name[2:].replace("-", "_")
    return [f"{name}={spell(new)}"] if _joins(command) else [name, spell(new)]


def _joins(command: Command) -> bool:
    """Return whether the engine's flags are written with `=`: the last that has a value tells."""
    words = [word.text.value for word in command.words]
    for index in range(len(words) - 1, -1, -1):
        if words[index].startswith("--"):
            if "=" in words[index]:
                return True
            if index + 1 < len(words) and not words[index + 1].startswith("-"):
                return False
    return True


def _into_list(words: Sequence[str], command: Command) -> tuple[Splice, ...]:
    """Append words to the list of arguments, quoted as their siblings are."""
    listed = command.listed
    assert listed is not None  # noqa: S101 - the caller asked
    nodes = [item.scalar for item in listed.items()]
    flags = [node.style for node in nodes if node is not None and node.value.startswith("-")]
    values = [node.style for node in nodes if node is not None and not node.value.startswith("-")]
    style = _quote(flags or values)
    last = _quote(values) if len(words) > 1 and values else style
    quotes = [style, *([last] * (len(words) - 1))]
    return add_items(listed, list(zip(words, quotes, strict=True)))


def _quote(styles: Sequence[str]) -> str:
    """Return the quote that most use, the latest of those used as often."""
    counts = Counter(style for style in styles if style in {"", "'", '"'})
    most = max(counts.values(), default=0)
    return next((style for style in reversed(styles) if counts[style] == most), "")


def _into_script(words: Sequence[str], command: Command) -> Splice:
    """Append words to the engine's command inside a script."""
    assert command.script is not None  # noqa: S101 - the caller asked
    holder, script = command.script
    if holder.why_locked:
        raise RefusedError(holder.why_locked, "edit it by hand")
    own = [word for word in command.words if word.end >= 0]
    if not own:
        raise RefusedError("the script has no words of the engine to follow", "edit the script by hand")
    end = own[-1].end
    gap = _script_gap(script, own)
    at = script.cut(end, end)
    return replace_part(holder.source.path, at, gap + " ".join(words))


def _script_gap(script: Text, own: Sequence[Word]) -> str:
    """Return what separates the words of a script: a continued line where each flag has one, else a space."""
    flags = [word for word in own if word.text.value.startswith("-")]
    if not flags or script.layers[-1].style != "literal":
        return " "
    start = script.value.rfind("\n", 0, flags[-1].end) + 1
    before = script.value[:start].rstrip("\n")
    line = script.value[start : flags[-1].end]
    indent = line[: len(line) - len(line.lstrip())]
    return f" \\\n{indent}" if before.endswith("\\") else " "


def _into_environment(field: str, new: Scalar, engine: str, container: Container) -> Splice:
    """Add the engine's variable to the container's `env`."""
    name = variable_for(field, engine)
    env = container.environment.listed
    if not name:
        raise RefusedError(f"{engine or 'the engine'} has no flag and no variable for {field}")
    if env is None:
        raise RefusedError(f"the container lists no variables; add `env` with {name}", "edit it by hand")
    if env.is_mapping:
        return add_pair(env, name, spell(new))
    return add_mapping(env, {"name": name, "value": spell(new)})
