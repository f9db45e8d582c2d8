"""What the runner of GitHub Actions reads in a step's output, and in the files that it gives a step.

The rules are those of actions/runner: ActionCommand.cs (the two forms of a command),
ActionCommandManager.cs (stop-commands and its token), and FileCommandManager.cs (outputs).
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

STOP = "stop-commands"
COMMANDS = frozenset(
    [
        "add-mask",
        "add-matcher",
        "add-path",
        "debug",
        "echo",
        "endgroup",
        "error",
        "group",
        "notice",
        "remove-matcher",
        "save-state",
        "set-env",
        "set-output",
        STOP,
        "warning",
    ]
)
# White space to .NET's Char.IsWhiteSpace, which TrimStart drops. Python's own set holds U+001C to U+001F too.
_DOTNET_SPACES = "".join(
    chr(code)
    for code in (*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
)  # fmt: skip
_LINE_END = re.compile(r"\r\n|\n|\r")
# What .NET's comparison by culture skips: with it, a text starts with `::` though such a character comes before.
_WEIGHTLESS = "[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f\\xad\\u061c\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufe00-\\ufe0f\\ufeff]*"


@dataclass(frozen=True)
class Command:
    """A command that the runner obeys; names are in lower case."""

    name: str
    data: str
    properties: dict[str, str] = field(default_factory=dict)


def lines(output: bytes) -> list[str]:
    """The lines of one stream, as .NET's StreamReader gives them: without a byte order mark at its start."""
    *ended, last = _LINE_END.split(output.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace"))
    return [*ended, last] if last else ended


def obeyed(read: Iterable[str]) -> list[Command]:
    """The commands that the runner obeys in lines, in the order in which it reads them; resume tokens among them."""
    token: str | None = None
    found = []
    for line in read:
        command = parse(line, COMMANDS | ({token.lower()} if token else set()))
        if command is None or (token is not None and command.name != token.lower()):
            continue
        found.append(command)
        token = command.data if command.name == STOP and token is None else None
    return found


def interleavings(out: Sequence[str], err: Sequence[str]) -> Iterator[list[str]]:
    """Orders in which the runner may come to read two streams, less the lines that can be no command at any time."""
    tokens = {command.data.lower() for command in map(parse, (*out, *err)) if command and command.name == STOP}
    known = COMMANDS | tokens
    first, second = ([line for line in stream if parse(line, known)] for stream in (out, err))
    for one, other in ((first, second), (second, first)):
        yield from ([*one[:place], *other, *one[place:]] for place in range(len(one) + 1))
        yield [line for pair in zip_longest(one, other) for line in pair if line is not None]


def parse(line: str, known: frozenset[str] = COMMANDS) -> Command | None:
    """The command in a line, if its name is known; texts are compared exactly, then by culture, as .NET may do."""
    for skipped in ("", _WEIGHTLESS):
        for form in (_parse_colons, _parse_brackets):
            command = form(line, known, skipped)
            if command:
                return command
    return None


def _parse_colons(line: str, known: frozenset[str], skipped: str) -> Command | None:
    """`::name key=value,key=value::data` after white space."""
    colons = re.compile(f":{skipped}:")
    text = line.lstrip(_DOTNET_SPACES)
    if not re.match(f"{skipped}:{skipped}:", text):
        return None
    end = colons.search(text, 2)
    name, properties = _named(text[2 : end.start()] if end else "", known)
    if end is None or name is None:
        return None
    escapes = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    data = _unescape(text[end.start() + 2 :], {"%0D": "\r", "%0A": "\n", "%25": "%"})
    return Command(name, data, _properties(properties.strip(_DOTNET_SPACES), ",", escapes))


def _parse_brackets(line: str, known: frozenset[str], skipped: str) -> Command | None:
    """`##[name key=value;key=value]data` anywhere in a line; the first `##[` alone is looked at."""
    start = re.search(f"#{skipped}#{skipped}\\[", line)
    end = line.find("]", start.start()) if start else -1
    if start is None or end < 0:
        return None
    name, properties = _named(line[start.start() + 3 : end], known)
    if name is None:
        return None
    escapes = {"%3B": ";", "%0D": "\r", "%0A": "\n", "%5D": "]", "%25": "%"}
    return Command(name, _unescape(line[end + 1 :], escapes), _properties(properties, ";", escapes))


def _named(text: str, known: frozenset[str]) -> tuple[str | None, str]:
    name, _, properties = text.partition(" ")
    return (name.lower() if name.lower() in known else None), properties


def _properties(text: str, separator: str, escapes: dict[str, str]) -> dict[str, str]:
    pairs = (pair.lstrip("=").partition("=") for pair in text.split(separator))
    given = ((key.lower(), value.lstrip("=")) for key, _, value in pairs)
    return {key: _unescape(value, escapes) for key, value in given if key and value}


def _unescape(text: str, escapes: dict[str, str]) -> str:
    for escape, sign in escapes.items():
        text = text.replace(escape, sign)
    return text


def outputs(text: str) -> dict[str, str]:
    """What a step wrote to its file of outputs: `name=value`, or `name<<end`, lines, `end`; lines end at `\\n` alone."""
    found: dict[str, str] = {}
    rest = iter(text.removesuffix("\n").split("\n")) if text else iter(())
    for line in rest:
        if not line:
            continue
        sign = min(("=", "<<"), key=lambda sign: line.find(sign) if sign in line else len(line))
        name, used, value = line.partition(sign)
        assert used, f"invalid format {line!r}"
        if sign == "<<":
            assert name, f"invalid format {line!r}"
            assert value, f"invalid format {line!r}"
            inner: list[str] = []
            while (inside := next(rest, None)) != value:
                assert inside is not None, f"delimiter not found: {value}"
                inner.append(inside)
            value = "\n".join(inner)
        found[name] = value
    return found
