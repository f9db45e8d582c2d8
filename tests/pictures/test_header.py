"""What is a picture, by its bytes alone."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncjob.pictures.header import Header, header_of
from tests.support.image_files import HTML, SVG, image

STARTS = [image(name) for name in ("PNG", "JPEG", "GIF", "WEBP", "AVIF")]


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (image("PNG"), "png"),
        (image("JPEG"), "jpeg"),
        (image("JPEG", progressive=True, exif=b"Exif\0\0" + bytes(600)), "jpeg"),
        (image("GIF"), "gif"),
        (image("WEBP"), "webp"),
        (image("WEBP", lossless=True), "webp"),
        (image("WEBP", mode="RGBA"), "webp"),
        (image("AVIF"), "avif"),
    ],
)
def test_five_formats_are_known_with_their_size(data: bytes, format: str) -> None:
    assert header_of(data) == Header(format, 40, 30)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        SVG,
        HTML,
        b"\xef\xbb\xbf" + SVG,
        image("BMP"),
        image("TIFF"),
        image("ICO"),
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n" + HTML,
        b"GIF89a",
        b"GIF89a" + struct.pack("<HH", 0, 9),
        b"\xff\xd8\xff\xe0\x00\x10" + HTML,
        b"\xff\xd8" + b"\xff" * 100,
        b"\xff\xd8\xff\xe0\x00\x00" * 100,
        b"RIFF\0\0\0\0WEBPVP8 " + HTML,
        b"\x00\x00\x00\x18ftypavif",
        b"\x00\x00\x00\x18ftypmp42\0\0\0\0mp42isom",
    ],
)
def test_what_is_none_of_them_or_says_no_size_is_no_picture(data: bytes) -> None:
    assert header_of(data) is None


@given(st.sampled_from(STARTS), st.integers(0, 200), st.binary(max_size=40))
def test_no_bytes_are_an_error(start: bytes, length: int, rest: bytes) -> None:
    header_of(start[:length] + rest)
