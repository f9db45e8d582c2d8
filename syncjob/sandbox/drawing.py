"""A small picture of its own for each asset: hills under a sky, in colours that its id says. Pure."""

import colorsys
import hashlib
import math
import struct
import zlib

WIDTH, HEIGHT = 320, 240
_Colour = tuple[int, int, int]


def drawn(asset_id: str) -> bytes:
    """The same PNG for the same id."""
    seed = hashlib.sha256(asset_id.encode()).digest()
    hue = seed[0] / 255
    sky, ground = _colour(hue, 0.75, 0.55), _colour(hue + 0.35 + seed[1] / 1020, 0.35, 0.45)
    ridge = [
        HEIGHT * (0.62 + 0.1 * math.sin(x / 45 + seed[2]) + 0.06 * math.sin(x / 17 + seed[3])) for x in range(WIDTH)
    ]
    sun_x, sun_y, sun = 40 + seed[4] % 240, 35 + seed[5] % 70, 16 + seed[6] % 20
    rows = []
    for y in range(HEIGHT):
        row = bytearray(_mixed(sky, (255, 250, 240), y / HEIGHT)) * WIDTH
        if abs(y - sun_y) < sun:
            half = int(math.sqrt(sun**2 - (y - sun_y) ** 2))
            row[3 * max(0, sun_x - half) : 3 * (sun_x + half)] = b"\xff\xf4\xc8" * (sun_x + half - max(0, sun_x - half))
        shade = bytes(_mixed(ground, (20, 20, 30), y / HEIGHT / 2))
        for x, top in enumerate(ridge):
            if y >= top:
                row[3 * x : 3 * x + 3] = shade
        rows.append(b"\x00" + bytes(row[: 3 * WIDTH]))
    return _png(b"".join(rows))


def _colour(hue: float, lightness: float, saturation: float) -> _Colour:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, lightness, saturation)
    return round(255 * red), round(255 * green), round(255 * blue)


def _mixed(one: _Colour, other: _Colour, share: float) -> _Colour:
    red, green, blue = (round(left + (right - left) * share) for left, right in zip(one, other, strict=True))
    return red, green, blue


def _png(rows: bytes) -> bytes:
    """An image of rows of RGB, each after its filter (w3.org/TR/png-3)."""
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
