"""Pictures in bytes, good and bad, as a server may send them."""

import struct
import zlib
from io import BytesIO

from PIL import Image


def image(format: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: object) -> bytes:
    """A plain picture."""
    made = BytesIO()
    Image.new(mode, size, (200, 120, 40, 90)[: len(mode)]).save(made, format, **options)
    return made.getvalue()


def noise(format: str, size: tuple[int, int]) -> bytes:
    """A picture that hardly any format makes smaller."""
    made = BytesIO()
    Image.effect_noise(size, 100).convert("RGB").save(made, format)
    return made.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is of that size."""
    return png(width, height, zlib.compress(bytes(100_000), 9))


def png(width: int, height: int, data: bytes) -> bytes:
    """A PNG with those bytes in the place of its rows."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    )


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><script>alert(1)</script>"
