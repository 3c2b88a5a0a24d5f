"""How to say a setting of the engine that nothing says yet: a flag as its siblings are written, or a variable."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest import shell, vocabulary
from trimtab.manifest.command import TERMINATOR, Command, Word, read_flags
from trimtab.manifest.environment import Environment
from trimtab.manifest.flags import canonical, dialect, flag_for, switch_for, variable_for
from trimtab.manifest.hit import Writer
from trimtab.manifest.items import add_items, add_mapping
from trimtab.manifest.scalars import Quoted, is_ambiguous, spell
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice
from trimtab.manifest.text import Layer, Text, encode
from trimtab.manifest.wrapped import WRAPPED
from trimtab.manifest.write import QUOTE, add_pair, first_item, replace_part


def adder(field: str, engine: str, at: Cursor, environment: Environment, command: Command) -> Writer:
    """Return the writer that says a field that nothing says yet.

    Args:
        field: The vocabulary's word.
        engine: What the flag or variable is for.
        at: The container's own mapping, which gets `args` where it has none of its own.
        environment: Its variables, for engines that are told by them.
        command: What it runs now.
    """

    def writer(new: Scalar) -> tuple[Splice, ...]:
        if command.several:
            raise RefusedError("the script starts an engine in more than one place", "edit the script by hand")
        words = (
            [] if _speaks_by_variables(field, engine, environment, command) else _words_for(field, new, engine, command)
        )
        if field not in {flag.field for flag in read_flags(command.words, engine)}:
            _refuse_abbreviation(words, command)
        if engine == "vllm" and words and not command.spoken:
            _refuse_told(field, environment)
        if words and command.script is not None:
            return (_into_script(words, command),)
        if words and command.listed is not None and _is_own(command.listed, at):
            return _into_list(words, command)
        if words:
            return (first_item(at, "args", "=".join(words)),)
        return (_into_environment(field, new, engine, at, environment),)

    return writer


def _speaks_by_variables(field: str, engine: str, environment: Environment, command: Command) -> bool:
    """Return whether the engine is told by variables and no flag at all, and has a variable for the field too."""
    if command.script is not None or command.words or not variable_for(field, engine):
        return False
    return any(name in dialect(engine).variables for name in environment.names())


def _refuse_abbreviation(words: Sequence[str], command: Command) -> None:
    """Refuse to add a flag where a word may be it already: abbreviated, or in one word with its value."""
    wanted = words[0].partition("=")[0] if words else ""
    for word in command.words:
        name = canonical(re.split(r"[=\s]", word.text.value, maxsplit=1)[0])
        if len(name) > len("--x") and name.startswith("--") and canonical(wanted).startswith(name):
            raise RefusedError(
                f"`{word.text.value}` may stand for {wanted}", "write the flag in full, its value after it, first"
            )


def _refuse_told(field: str, environment: Environment) -> None:
    """Refuse to add a flag where a variable that no known program reads is named after it: what starts may read it."""
    told = [name for name in environment.names() if WRAPPED.get(name) == field]
    if told:
        raise RefusedError(f"the variable {told[0]} may say {field} already", "edit it, or the flag, by hand")


def _is_own(listed: Cursor, at: Cursor) -> bool:
    """Return whether a list belongs to the container itself, or a layer of it, and not to another object's."""
    written = listed.source is at.source and listed.path[: len(at.path)] == at.path
    laid = (at.get(key) for key in ("command", "args"))
    return written or any(one is not None and one.node is listed.node for one in laid)


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
    words = [word.text.value for word in _before_terminator(command.words)]
    for index in range(len(words) - 1, -1, -1):
        if words[index].startswith("--"):
            if "=" in words[index]:
                return True
            if index + 1 < len(words) and not words[index + 1].startswith("-"):
                return False
    return True


_OPERATOR = re.compile(r"(?:^|\s)(?:\|{1,2}|&&|&|;|\d?>>?(?:&\d)?|2>&1)(?:\s|$)")
"""What a shell acts on, standing alone."""


def _into_list(words: Sequence[str], command: Command) -> tuple[Splice, ...]:
    """Add words to the list of arguments, before its terminator, quoted as their siblings are."""
    listed = command.listed
    assert listed is not None  # noqa: S101 - the caller asked
    nodes = [node for item in listed.items() if (node := item.scalar) is not None]
    if any(_OPERATOR.search(node.value) for node in nodes if not node.value.startswith("{")):
        raise RefusedError("the list's items are joined to a script, which goes on after the engine", "edit it by hand")
    flags = [node.style for node in nodes if node.value.startswith("-")]
    values = [node for node in nodes if not node.value.startswith("-")]
    styles = [node.style for node in values]
    style = _quote(flags or styles)
    free = [node.style for node in values if not is_ambiguous(node.value)]
    last = _quote(free or flags) if len(words) > 1 and values else style
    if not last and is_ambiguous(words[-1]):
        last = _quote([one for one in (*styles, *flags) if one]) or QUOTE
    quotes = [style, *([last] * (len(words) - 1))]
    before = _before_terminator(command.words)
    stop = command.words[len(before)].holder.path if len(before) < len(command.words) else ()
    at = next((index for index, item in enumerate(listed.items()) if item.path == stop), None)
    return add_items(listed, list(zip(words, quotes, strict=True)), at)


def _before_terminator(words: Sequence[Word]) -> Sequence[Word]:
    """Return the words that the engine reads flags among."""
    return words[: next((at for at, word in enumerate(words) if word.text.value == TERMINATOR), len(words))]


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
    own = [word for word in _before_terminator(command.words) if word.via == "shell"]
    if not own:
        raise RefusedError("the script has no words of the engine to follow", "edit the script by hand")
    _refuse_elsewhere(words[0].partition("=")[0], script, own)
    end = own[-1].end
    gap = _script_gap(script, own)
    at = script.cut(end, end)
    splice = replace_part(holder.source.path, at, gap + " ".join(encode(word, Layer("word")) for word in words))
    lines = _folded_gap(holder, script, own)
    return replace(splice, text=lines + splice.text[1:]) if lines and splice.text.startswith(" ") else splice


def _refuse_elsewhere(flag: str, script: Text, own: Sequence[Word]) -> None:
    """Refuse to add a flag that the script says in another place, such as a variable that it builds."""
    flag, starts = flag.replace("_", "-"), {word.start for word in own}
    for one in (one for words in shell.commands(script) if words[0].text.value != "echo" for one in words):
        if one.start not in starts and flag in one.text.value.replace("_", "-"):
            raise RefusedError(f"the script says {flag} in `{one.text.value[:60]}`", "edit it there, by hand")


def _folded_gap(holder: Cursor, script: Text, own: Sequence[Word]) -> str:
    """Return the line break and column that read as a space where a folded text has a flag on each line."""
    flags = [word for word in own if word.text.value.startswith("-")]
    if not flags or script.layers[-1].style != "folded" or len(script.layers) > 1 or holder.source.text.layers:
        return ""
    whole, line = holder.source.text.value, script.layers[-1].line
    first = script.cut(flags[-1].start, flags[-1].start).span()[0]
    last = script.cut(own[-1].end, own[-1].end).span()[0]
    alone = whole[:first].endswith(line) and "\n" not in whole[first:last]
    return line if alone and script.value[flags[-1].start - 1 : flags[-1].start] == " " else ""


def _script_gap(script: Text, own: Sequence[Word]) -> str:
    """Return what separates the words of a script: a continued line where each flag has one, else a space."""
    flags = [word for word in own if word.text.value.startswith("-")]
    if not flags or script.layers[-1].style not in {"literal", "folded"}:
        return " "
    start = script.value.rfind("\n", 0, flags[-1].end) + 1
    before = script.value[:start].rstrip("\n")
    line = script.value[start : flags[-1].end]
    indent = line[: len(line) - len(line.lstrip())]
    return f" \\\n{indent}" if before.endswith("\\") else " "


def _into_environment(field: str, new: Scalar, engine: str, at: Cursor, environment: Environment) -> Splice:
    """Add the engine's variable to the container's `env`."""
    name = variable_for(field, engine)
    env = environment.listed
    if not name:
        raise RefusedError(f"{engine or 'the engine'} has no flag and no variable for {field}")
    if env is not None and env.is_mapping:
        return add_pair(env, name, spell(new))
    if env is not None and env.items():
        return add_mapping(env, {"name": name, "value": spell(new)})
    if not _is_container(at):
        raise RefusedError(f"the container lists no variables; add `env` with {name}", "edit it by hand")
    return first_item(at, "env", {"name": name, "value": Quoted(spell(new))})


def _is_container(at: Cursor) -> bool:
    """Return whether a mapping is a container of Kubernetes or KServe, whose `env` is a list of names and values."""
    return at.get("modelFormat") is not None or bool(at.word("name") and at.word("image"))
