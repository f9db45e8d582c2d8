"""Pictures of HTML, light and dark, by headless Chromium."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
# Flat colours and text: so many are enough, and a picture is a quarter of its size.
_COLOURS = 128


@dataclass(frozen=True)
class Camera:
    """Takes pictures with this browser, into this folder."""

    browser: Browser
    folder: Path

    def shot(self, html: str, width: int, height: int | None, scheme: Scheme = "light") -> Image.Image:
        """A picture of a page, in CSS pixels, each of which is two wide; without a height, of all of it."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height or 100}, color_scheme=scheme, device_scale_factor=2
        )
        opened = context.new_page()
        opened.set_content(html, wait_until="load")
        taken = Image.open(BytesIO(opened.screenshot(full_page=height is None))).convert("RGB")
        context.close()
        return taken

    def keep(self, name: str, html: str, width: int, height: int | None = None) -> None:
        """Writes NAME-light.png and NAME-dark.png."""
        for scheme in SCHEMES:
            few = self.shot(html, width, height, scheme).quantize(_COLOURS, dither=Image.Dither.NONE)
            few.save(self.folder / f"{name}-{scheme}.png", optimize=True)
