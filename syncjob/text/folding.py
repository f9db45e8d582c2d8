"""Lines that fit the width of a terminal, broken at blanks. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_NARROWEST = 20
# What stays together: blanks, or a word with the colours in it.
_UNIT = re.compile(r"\s+|(?:\x1b\[\d+m|[^\s\x1b])+|\x1b")
_PART = re.compile(r"\x1b\[\d+m|.")
_COLOR = re.compile(r"(\x1b\[\d+m)")
_RESET = "\x1b[0m"
_WIDE = re.compile(
    r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\U0001f000-\U0003fffd]"
)


def folded(line: str, width: int, hanging: str = "  ") -> Iterator[str]:
    """The rows of a line, each but the first after `hanging`; a colour lasts on in the next row.

    A word is broken if it is too long for a row, or if its script has no blanks.
    """
    width = max(width, _NARROWEST)
    if cells(line) <= width:
        yield line
        return
    row = _Row("", width, "")
    for unit in _UNIT.findall(line):
        is_taken = row.takes(unit)
        if not is_taken and (unit.isspace() or _is_whole(unit, width - cells(hanging))):
            yield row.ended()
            row = _Row(hanging, width, row.style)
        for part in [unit] if is_taken or row.takes(unit) else _PART.findall(unit):
            if not row.takes(part):
                yield row.ended()
                row = _Row(hanging, width, row.style)
            row.add("" if part.isspace() and not is_taken else part)
    if row.is_begun:
        yield row.ended()


def cells(text: str) -> int:
    """How many columns of a terminal a text takes; colours take none."""
    if "\x1b" in text:
        text = _COLOR.sub("", text)
    return len(text) if text.isascii() else sum(map(_cells, text))


@lru_cache(4096)
def _cells(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class _Row:
    """A row that fills; `style` are the colours that are on at its end."""

    def __init__(self, hanging: str, width: int, style: str) -> None:
        self.room = width - cells(hanging)
        self.style = style
        self.is_begun = False
        self._parts = [hanging + style]

    def takes(self, unit: str) -> bool:
        return cells(unit) <= self.room

    def add(self, unit: str) -> None:
        self._parts.append(unit)
        self.room -= cells(unit)
        self.is_begun = self.is_begun or bool(unit)
        for color in _COLOR.findall(unit):
            self.style = "" if color == _RESET else self.style + color

    def ended(self) -> str:
        return "".join(self._parts).rstrip() + (_RESET if self.style else "")


def _is_whole(unit: str, room: int) -> bool:
    """Whether a word goes onto a row of its own rather than to be broken."""
    return cells(unit) <= room and not _WIDE.search(unit)
