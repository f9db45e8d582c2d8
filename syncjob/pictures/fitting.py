"""Bytes from anywhere -> a picture for a page, or why there is none; the one home of Pillow, which may be missing.

Pillow, if it is installed, opens a picture only as the format that its bytes say, and only if its size is sane.
"""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from syncjob.pictures.header import Format, Header, header_of

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 256 * 1024  # of one picture in a page
MAX_PAGE = 8 * 1024 * 1024  # characters of all pictures of a page
FULL = f"the page holds {MAX_PAGE // 1024**2} MiB of pictures already"
_ENOUGH_BYTES = 64 * 1024  # what is no more than this goes in as it is
_SIDE = 640  # pixels, twice what a card shows
_SANE_SIDE = 4096  # pixels; a browser is to decode no more
_SANE_PIXELS = 40_000_000  # and neither is Pillow
_MOST_SCANS = 64  # of a JPEG: each costs the time of the whole picture, and a dozen is usual
_ONE_AT_A_TIME = threading.Lock()  # a picture takes four bytes a pixel


@dataclass(frozen=True, slots=True)
class Picture:
    """What goes into a page as it is; width and height in pixels."""

    format: Format
    data: bytes
    width: int
    height: int

    @property
    def weight(self) -> int:
        """How many characters of a page it takes, in base64."""
        return (len(self.data) + 2) // 3 * 4


def fitted(data: bytes) -> Picture | str:
    """The picture, scaled down if it has to be; else the reason, to be said of it."""
    header = header_of(data)
    if header is None:
        return "what was sent is not a PNG, JPEG, GIF, WebP or AVIF image"
    if header.pixels > _SANE_PIXELS or (data.count(b"\xff\xda") > _MOST_SCANS and header.format == "jpeg"):
        return "the image is too large to be opened safely"
    try:
        import PIL.Image  # noqa: F401  late: few runs show pictures
    except ImportError:
        return _as_it_is(data, header)
    with _ONE_AT_A_TIME:
        return _opened(data, header)


def _as_it_is(data: bytes, header: Header) -> Picture | str:
    if len(data) > MAX_BYTES or max(header.width, header.height) > _SANE_SIDE:
        return "the image is too large; syncjob[images] scales it down"
    return Picture(header.format, data, header.width, header.height)


def _opened(data: bytes, header: Header) -> Picture | str:
    """With Pillow, which also tells whether the rest of the bytes is what the first promise."""
    from PIL import Image

    try:
        with _no_bombs(), Image.open(BytesIO(data), formats=[header.format]) as image:
            if image.width * image.height > _SANE_PIXELS:
                return "the image is too large to be opened safely"
            if len(data) <= _ENOUGH_BYTES and max(image.size) <= _SANE_SIDE:
                image.load()
                return Picture(header.format, data, image.width, image.height)
            return _scaled(image)
    except Exception:  # noqa: BLE001  a decoder may raise anything over bytes from anywhere
        return "the image is damaged"


@contextmanager
def _no_bombs() -> Iterator[None]:
    """Within it Pillow raises what it would only warn of: its own reading of a size may not be ours."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _scaled(image: "Image") -> Picture | str:
    """Its first frame, upright, as a WebP."""
    from PIL import ImageOps

    image.draft("RGB", (_SIDE, _SIDE))  # a JPEG is then decoded at an eighth, a quarter or a half
    if image.mode.startswith("I"):  # 16 bits of grey, as depth maps have
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    image.thumbnail((_SIDE, _SIDE))
    upright = ImageOps.exif_transpose(image)
    made = BytesIO()
    upright.convert("RGBA" if upright.has_transparency_data else "RGB").save(made, "WEBP", quality=80)
    data = made.getvalue()
    return Picture("webp", data, *upright.size) if len(data) <= MAX_BYTES else "the image is too large"
