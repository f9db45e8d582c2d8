"""One small YAML file -> plain values and their lines; the only module that knows YAML.

Stricter than PyYAML: no anchors or aliases (a 700-byte merge bomb runs for half a minute), no duplicate keys (PyYAML
keeps the last in silence), and scalars as YAML 1.2 reads them, so that `no` stays a text and `012` is no number.
SafeLoader rather than CSafeLoader, which crashes the process on deep nesting.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

MAX_BYTES = 65_536
_DEEPEST = 50
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


class YamlProblem(Exception):
    """The text is not such YAML; `line` and `column` count from 1, None if there is no place."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class Parsed(NamedTuple):
    """`value` as dicts, lists and scalars; `lines` maps a path such as `http.workers` to its line."""

    value: Any
    lines: dict[str, int]


class _Loader(yaml.SafeLoader):
    """SafeLoader with the scalars of YAML 1.2's core schema, which refuses while it composes.

    So the first thing that is not allowed ends it: PyYAML takes half a minute over 64 KiB of brackets.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  PyYAML's own way of declaring it

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._open: list[Any] = []  # the events that started what is not ended yet

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if is_nested := isinstance(event, yaml.CollectionStartEvent):
            self._open.append(event)
        refusal = "is nested too deeply" if len(self._open) > _DEEPEST else _refusal(event)
        if refusal:
            raise YamlProblem(refusal, *_place(event.start_mark))
        node = super().compose_node(parent, index)
        if is_nested:
            self._open.pop()
        if isinstance(node, yaml.MappingNode):
            _check_keys(node)
        return node

    def problem_of(self, error: yaml.MarkedYAMLError) -> YamlProblem:
        """What PyYAML says, but for a bracket that is never closed: of that, it says what it expected at the end."""
        if "<stream end>" in str(error.problem) and self._open and self._open[-1].flow_style:
            bracket = "{" if isinstance(self._open[-1], yaml.MappingStartEvent) else "["
            return YamlProblem(f"'{bracket}' is never closed", *_place(self._open[-1].start_mark))
        mark = error.problem_mark or error.context_mark
        return YamlProblem(error.problem or "is not YAML", *(_place(mark) if mark else ()))


for _tag, _pattern, _first in (
    ("null", r"(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)$", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)\.[0-9]*)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def parse(data: bytes) -> Parsed:
    """The one document in `data`; raises YamlProblem with the place of what is wrong."""
    if len(data) > MAX_BYTES:
        raise YamlProblem(f"holds {len(data):,} bytes; at most {MAX_BYTES:,} are read")
    try:
        loader = _Loader(data.decode("utf-8"))
        node = loader.get_single_node()
        return Parsed(loader.construct_document(node) if node else None, dict(_lines(node, "")))
    except UnicodeDecodeError as error:
        raise YamlProblem("is not UTF-8", data.count(b"\n", 0, error.start) + 1) from error
    except yaml.MarkedYAMLError as error:
        raise loader.problem_of(error) from error
    except yaml.YAMLError as error:
        raise YamlProblem("holds a character that YAML does not allow") from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise YamlProblem("is nested too deeply or holds a value out of range") from error


def _refusal(event: yaml.Event) -> str | None:
    if isinstance(event, yaml.AliasEvent) or (isinstance(event, yaml.NodeEvent) and event.anchor is not None):
        return "anchors (&) and aliases (*) are not allowed"
    if getattr(event, "tag", None) is not None:  # of `!!bool x` and others PyYAML makes a KeyError
        return "tags (!) are not allowed"
    if isinstance(event, yaml.ScalarEvent) and _NO_TEXT.search(event.value):
        return "a text holds NUL or half a surrogate pair"
    return None


def _check_keys(mapping: yaml.MappingNode) -> None:
    """Refuses a duplicate key and one that is no plain text."""
    first: dict[str, int] = {}
    for key, _ in mapping.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
            raise YamlProblem("a key must be plain text", *_place(key.start_mark))
        line, column = _place(key.start_mark)
        if key.value in first:
            raise YamlProblem(f"duplicate key {key.value!r}, first on line {first[key.value]}", line, column)
        first[key.value] = line


def _lines(node: yaml.Node | None, path: str) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = f"{path}.{key.value}" if path else key.value
            yield inner, key.start_mark.line + 1
            yield from _lines(value, inner)


def _place(mark: yaml.Mark) -> tuple[int, int]:
    """Line and column from 1, which PyYAML counts from 0."""
    return mark.line + 1, mark.column + 1
