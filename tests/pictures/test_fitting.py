"""What goes into a page: nothing but pictures, none too large, with Pillow and without."""

import sys
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from syncjob.pictures.fitting import MAX_BYTES, Picture, fitted
from tests.support.image_files import HTML, SVG, bomb, image, noise, png

NOT_AN_IMAGE = "what was sent is not a PNG, JPEG, GIF, WebP or AVIF image"
UNSAFE = "the image is too large to be opened safely"


def shown(data: bytes) -> Picture:
    found = fitted(data)
    assert isinstance(found, Picture), found
    return found


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP", "AVIF"])
def test_a_small_picture_goes_in_as_it_is(format: str) -> None:
    data = image(format)
    assert shown(data) == Picture(format.lower(), data, 40, 30)  # type: ignore[arg-type]


def test_without_pillow_what_fits_goes_in_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    data, large = noise("PNG", (320, 320)), noise("PNG", (400, 400))
    assert 200_000 < len(data) <= MAX_BYTES < len(large)
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    assert shown(data) == Picture("png", data, 320, 320)
    advice = "the image is too large; syncjob[images] scales it down"
    assert fitted(large) == advice
    assert fitted(bomb(4097, 1)) == advice
    assert fitted(bomb(40_000, 40_000)) == UNSAFE
    assert fitted(SVG) == NOT_AN_IMAGE


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_a_larger_one_is_scaled_down(format: str) -> None:
    made = shown(noise(format, (800, 600)))
    assert (made.format, made.width, made.height) == ("webp", 640, 480)
    assert len(made.data) <= MAX_BYTES
    with Image.open(BytesIO(made.data)) as opened:
        assert opened.size == (640, 480)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "I;16", "1"])
def test_a_picture_of_any_mode_is_scaled_down(mode: str) -> None:
    made = BytesIO()
    Image.new(mode, (5000, 10)).save(made, "JPEG" if mode == "CMYK" else "PNG")
    assert (shown(made.getvalue()).width, shown(made.getvalue()).height) == (640, 1)


def test_grey_of_16_bits_keeps_its_shades() -> None:
    made = BytesIO()
    Image.new("I;16", (5000, 10), 0x8000).save(made, "PNG")
    with Image.open(BytesIO(shown(made.getvalue()).data)) as opened:
        assert all(abs(value - 0x80) < 4 for value in opened.getpixel((0, 0)))  # type: ignore[union-attr]


def test_it_is_turned_as_it_is_to_be_seen() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    assert shown(image("JPEG", (5000, 2500), exif=turned)).height == 640


@pytest.mark.parametrize("data", [SVG, HTML, b"", b"\x89PNG\r\n\x1a\n" + HTML])
def test_what_is_no_picture_does_not_go_in(data: bytes) -> None:
    assert fitted(data) == NOT_AN_IMAGE


@pytest.mark.parametrize(
    "data",
    [
        image("PNG")[:60],
        png(40, 30, b"no zlib"),
        image("JPEG")[:200] + HTML,
        image("GIF")[:40],
        image("WEBP")[:60],
        image("AVIF")[:250],
    ],
)
def test_a_damaged_one_does_not_go_in(data: bytes) -> None:
    assert fitted(data) == "the image is damaged"


def test_a_decompression_bomb_is_not_opened() -> None:
    assert fitted(bomb(100_000, 100_000)) == UNSAFE
    assert fitted(bomb(7_000, 6_000)) == UNSAFE
    scans = image("JPEG", progressive=True)
    assert fitted(scans[:-2] + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" * 100 + scans[-2:]) == UNSAFE


def test_a_size_that_the_decoder_reads_otherwise_is_not_believed() -> None:
    """Two headers of a frame: the first is small, the second a bomb."""
    small = image("JPEG")
    place = small.index(b"\xff\xc0")
    frame = small[place : place + 19]
    for side in (b"\x40\x00\x40\x00", b"\xff\xff\xff\xff"):
        assert isinstance(fitted(small[:place] + frame + frame[:5] + side + frame[9:] + small[place + 19 :]), str)


@settings(max_examples=25)
@given(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP"]), st.integers(20, 400), st.binary(min_size=1, max_size=8))
def test_no_damage_is_an_error(format: str, place: int, bytes_: bytes) -> None:
    data = noise(format, (60, 60))
    fitted(data[:place] + bytes_ + data[place + len(bytes_) :])
