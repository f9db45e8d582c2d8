"""One small YAML file -> plain values and where each stands; the only module that knows YAML.

Stricter than PyYAML: no anchors or aliases (a 700-byte merge bomb runs for half a minute), no
duplicate keys (PyYAML keeps the last in silence), and scalars as YAML 1.2 reads them, so that
`no` stays a text and `012` is no number. SafeLoader rather than CSafeLoader, which crashes the
process on deep nesting.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_BYTES = 65_536
_DEEPEST = 50
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


class YamlProblem(Exception):
    """The text is not such YAML; `line` and `column` count from 1, None where there is no place."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Parsed:
    """`value` as dicts, lists and scalars; `lines` maps a path such as `http.workers` to its line."""

    value: Any
    lines: dict[str, int] = field(default_factory=dict)


class _Loader(yaml.SafeLoader):
    """SafeLoader with the scalars of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  PyYAML's own way of declaring it


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
        text = data.decode("utf-8")
        _refuse_tokens(text)
        node = yaml.compose(text, Loader=_Loader)
        lines: dict[str, int] = {}
        _walk(node, "", lines)
        return Parsed(yaml.load(text, Loader=_Loader), lines)  # noqa: S506  _Loader is a SafeLoader
    except UnicodeDecodeError as error:
        raise YamlProblem("is not UTF-8", data.count(b"\n", 0, error.start) + 1) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise YamlProblem(error.problem or "is not YAML", *place) from error
    except yaml.YAMLError as error:
        raise YamlProblem("holds a character that YAML does not allow") from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise YamlProblem("is nested too deeply or holds a value out of range") from error


_OPENING = (
    yaml.BlockSequenceStartToken, yaml.BlockMappingStartToken, yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken,
)  # fmt: skip
_CLOSING = (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)


def _refuse_tokens(text: str) -> None:
    """Ends at the first token that is not allowed: PyYAML takes half a minute over 64 KiB of brackets."""
    depth = 0
    for token in yaml.scan(text, Loader=_Loader):
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        refusal = "is nested too deeply" if depth > _DEEPEST else _refusal(token)
        if refusal:
            raise YamlProblem(refusal, token.start_mark.line + 1, token.start_mark.column + 1)


def _refusal(token: yaml.Token) -> str | None:
    if isinstance(token, yaml.AnchorToken | yaml.AliasToken):
        return "anchors (&) and aliases (*) are not allowed"
    if isinstance(token, yaml.TagToken):  # of `!!bool x` and others PyYAML makes a KeyError
        return "tags (!) are not allowed"
    if isinstance(token, yaml.ScalarToken) and _NO_TEXT.search(token.value):
        return "a text holds NUL or half a surrogate pair"
    return None


def _walk(node: yaml.Node | None, path: str, lines: dict[str, int]) -> None:
    """Notes the line of every path, and refuses a key that stands twice or is no plain text."""
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        line, column = key.start_mark.line + 1, key.start_mark.column + 1
        if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
            raise YamlProblem("a key must be plain text", line, column)
        inner = f"{path}.{key.value}" if path else key.value
        if inner in lines:
            raise YamlProblem(f"the key {key.value!r} stands twice; first in line {lines[inner]}", line, column)
        lines[inner] = line
        _walk(value, inner, lines)
