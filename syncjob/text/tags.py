"""`{asset:<id>}` and `{model:<id>}` in a text, and the near misses of both. Pure.

The form of a tag and of an id is inferred from the ids that Scenario's documentation shows; the
page *Description* says only that the two tags are allowed. Whatever else is in braces is text.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["asset", "model"]

ID_PATTERN = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,255}"
_ID = re.compile(ID_PATTERN)
# One pass finds both: what reads like a tag in any spelling, up to its brace or the next space.
_CANDIDATE = re.compile(
    r"\{(?P<open>[ \t]*)(?P<kind>(?ai:assets?|models?))(?P<sep>[ \t]*[:=][ \t]*)(?P<id>[^\s{}]*)(?P<close>[ \t]*\}?)"
)
_WELL_FORMED = re.compile(r"\{(?:asset|model):" + ID_PATTERN + r"\}")
# Where any near miss begins, and perhaps what is none: one pass that stops at no tag.
_DOUBTFUL = re.compile(r"\{(?!(?:asset|model):" + ID_PATTERN + r"\})[ \t]*(?ai:assets?|models?)[ \t]*[:=]")


@dataclass(frozen=True, slots=True)
class Tag:
    """A well-formed reference; `line` and `column` count from 1, in characters."""

    kind: Kind
    id: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{{{self.kind}:{self.id}}}"


@dataclass(frozen=True, slots=True)
class NearMiss:
    """What was surely meant as a tag and is none; `repair` is None if the id is not clear."""

    text: str
    repair: str | None
    line: int
    column: int


def is_id(text: str) -> bool:
    """Whether a text can be a model or asset id; never true of "." and "..", which climb a path."""
    return _ID.fullmatch(text) is not None


def near_misses(text: str) -> tuple[NearMiss, ...]:
    """Those that `find` finds, in a tenth of the time if there are none."""
    return find(text)[1] if _DOUBTFUL.search(text) else ()


def find(text: str) -> tuple[tuple[Tag, ...], tuple[NearMiss, ...]]:
    """All tags and all near misses, in the order of the text, code included."""
    if "{" not in text:
        return (), ()
    tags: list[Tag] = []
    misses: list[NearMiss] = []
    for match, line, column in _positions(text):
        if _WELL_FORMED.fullmatch(match.group()):
            kind: Kind = "asset" if match["kind"] == "asset" else "model"
            tags.append(Tag(kind, match["id"], line, column))
            continue
        meant = match["id"].strip("\"'`<>")
        repair = f"{{{match['kind'].lower().rstrip('s')}:{meant}}}" if is_id(meant) else None
        # `{asset:` as it should be is always meant; another spelling only with an id behind it.
        if repair or (match["kind"] in ("asset", "model") and match["sep"] == ":" and not match["open"]):
            misses.append(NearMiss(match.group(), repair, line, column))
    return tuple(tags), tuple(misses)


def _positions(text: str) -> Iterator[tuple[re.Match[str], int, int]]:
    starts: list[int] = []
    for match in _CANDIDATE.finditer(text):
        if not starts:
            starts = [0, *(newline.end() for newline in re.finditer("\n", text))]
        line = bisect_right(starts, match.start())
        yield match, line, match.start() - starts[line - 1] + 1
