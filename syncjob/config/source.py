"""A config file as it is parsed: it knows the line of each key, and says what is wrong in plain words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from syncjob.config import strict_yaml
from syncjob.config.schema import ConfigFile, Http, Profile, Safety
from syncjob.errors import UsageError
from syncjob.files import regular
from syncjob.text.closest import closest
from syncjob.text.sanitize import one_line

_T = TypeVar("_T")
_LONGEST_SHOWN = 10
_WORDS = {
    "`str | null`": "a text", "`object`": "a mapping", "`null`": "nothing", "`str`": "a text", "`int`": "a whole number",
    "`float`": "a number", "`bool`": "true or false", "`array`": "a list",
}  # fmt: skip
_NESTED = {"http": Http, "safety": Safety}
_SECRET_KEY = re.compile(r"secret|jwt|token|passw|credential|api[_-]?key|^key$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed config file that knows the line of each key."""

    path: Path
    value: Any
    lines: Mapping[str, int]

    def place(self, key: str) -> str:
        line = self.lines.get(key)
        return f"{self.path}:{line}" if line else str(self.path)

    def convert(self, value: Any, type_: type[_T], path: str) -> _T:
        """The value at `path` as `type_`; raises UsageError with the line of the key that does not fit."""
        try:
            return msgspec.convert(value, type_)
        except msgspec.ValidationError as error:
            message, _, at = str(error).partition(" - at `")
            inner = at.rstrip("`").removeprefix("$").lstrip(".")
            key = ".".join(filter(None, [path, inner]))
            said = _plain(message, _text_at(value, inner))
            raise UsageError(f"{self.place(key)}: {one_line(key) or 'the file'}: {said}") from error


def read(path: Path) -> Source:
    """The file, whose keys are all known; raises UsageError."""
    try:
        parsed = strict_yaml.parse(regular.read(path, strict_yaml.MAX_BYTES, follow=True))
    except OSError as error:
        raise UsageError(f"cannot read the config {path}: {error.strerror}") from error
    except strict_yaml.YamlProblem as problem:
        place = ":".join(str(part) for part in (path, problem.line, problem.column) if part is not None)
        raise UsageError(f"{place}: {one_line(str(problem))}") from problem
    if parsed.value is None:
        raise UsageError(f"{path} is empty; it needs `profiles:` at least")
    source = Source(path, parsed.value, parsed.lines)
    if unknown := list(_unknown_keys(parsed.value, ConfigFile, "")):
        raise UsageError("\n".join(f"{source.place(key)}: {message}" for key, message in unknown))
    return source


def _plain(message: str, text: str | None) -> str:
    """msgspec's sentence in the words of somebody who writes YAML; with a text in the place of a number or of true."""
    for technical, plain in _WORDS.items():
        message = message.replace(technical, plain)
    # A longer one may be a key that was put here by mistake.
    if text is not None and len(text) <= _LONGEST_SHOWN and "expected a mapping" not in message.lower():
        message = message.replace("got a text", f'got "{one_line(text)}"')
    return message[:1].lower() + message[1:]


def _text_at(value: Any, path: str) -> str | None:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def _unknown_keys(value: Any, type_: Any, parent: str) -> Iterator[tuple[str, str]]:
    """(path of the key, what to do) for every key that its Struct does not have."""
    if not isinstance(value, dict):
        return
    known = {field.name: field.type for field in msgspec.structs.fields(type_)}
    for key, inner in value.items():
        path = f"{parent}.{key}" if parent else key
        if key not in known:
            yield path, _unknown_key(key, known)
        elif key == "profiles" and isinstance(inner, dict):
            for name, profile in inner.items():
                yield from _unknown_keys(profile, Profile, f"{path}.{name}")
        elif key in _NESTED:
            yield from _unknown_keys(inner, _NESTED[key], path)


def _unknown_key(key: str, known: Mapping[str, Any]) -> str:
    if _SECRET_KEY.search(key):
        return (
            f"{one_line(key.partition('=')[0])!r}: credentials do not belong in the config; set SCENARIO_SDK_API_KEY and "
            "SCENARIO_SDK_API_SECRET (or SCENARIO_SDK_JWT), and revoke what was written here"
        )
    near = closest(key, known)
    hint = f"did you mean {near!r}?" if near else f"known here: {listed(known)}"
    return f"unknown key {one_line(key)!r}; {hint}"


def listed(names: Mapping[str, Any]) -> str:
    """Names for a message."""
    return ", ".join(one_line(name) for name in sorted(names)) or "none"
