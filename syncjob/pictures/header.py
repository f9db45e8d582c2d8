"""What a picture is by its first bytes: one of five formats, and its size. Pure.

An SVG is none of them: it is a document, which may hold a script.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from struct import error, unpack_from
from typing import Literal

Format = Literal["png", "jpeg", "gif", "webp", "avif"]
_Size = tuple[int, int]

_JPEG_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_AVIF_SIZE = re.compile(rb"ispe")
_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})  # markers without a segment
_SEARCHED = 65_536  # bytes of an AVIF in which its boxes are looked for


@dataclass(frozen=True, slots=True)
class Header:
    """A format, and the width and height in pixels that the picture claims, which a decoder need not confirm."""

    format: Format
    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height


def header_of(data: bytes) -> Header | None:
    """None if the bytes are no picture, or say no size."""
    try:
        format_ = next((name for name, starts in _STARTS.items() if starts(data)), None)
        width, height = _SIZES[format_](data) if format_ else (0, 0)
    except (error, IndexError):
        return None
    return Header(format_, width, height) if format_ and width > 0 and height > 0 else None


def _png(data: bytes) -> _Size:
    width, height = unpack_from(">II", data, 16)
    return (width, height) if data[12:16] == b"IHDR" else (0, 0)


def _gif(data: bytes) -> _Size:
    width, height = unpack_from("<HH", data, 6)
    return width, height


def _jpeg(data: bytes) -> _Size:
    place = 2
    while match := _JPEG_MARKER.match(data, place):
        marker, place = match[1][0], match.end()
        if marker in _JPEG_FRAMES:
            height, width = unpack_from(">HH", data, place + 3)
            return width, height
        if marker not in _JPEG_ALONE:
            place += int(unpack_from(">H", data, place)[0])
    return 0, 0


def _webp(data: bytes) -> _Size:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = int(unpack_from("<I", data, 21)[0])
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _avif(data: bytes) -> _Size:
    """The largest of all sizes that its parts claim."""
    sizes = [unpack_from(">II", data, match.end() + 4) for match in _AVIF_SIZE.finditer(data[:_SEARCHED])]
    return max((width for width, _ in sizes), default=0), max((height for _, height in sizes), default=0)


def _is_avif(data: bytes) -> bool:
    if data[4:8] != b"ftyp":
        return False
    brands = data[8 : min(int(unpack_from(">I", data)[0]), 256)]
    return any(brands[place : place + 4] in (b"avif", b"avis") for place in range(0, len(brands), 4))


_STARTS: Mapping[Format, Callable[[bytes], bool]] = {
    "png": lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"),
    "jpeg": lambda data: data.startswith(b"\xff\xd8\xff"),
    "gif": lambda data: data.startswith((b"GIF87a", b"GIF89a")),
    "webp": lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP",
    "avif": _is_avif,
}
_SIZES: Mapping[Format, Callable[[bytes], _Size]] = {
    "png": _png,
    "jpeg": _jpeg,
    "gif": _gif,
    "webp": _webp,
    "avif": _avif,
}
