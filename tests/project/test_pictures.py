"""The pictures of the README are made by a command, from the demo as it is."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from pictures.__main__ import main

pytestmark = pytest.mark.deep

NAMES = {f"{name}-{scheme}.png" for name in ("comment", "flow", "page") for scheme in ("light", "dark")} | {
    "terminal.gif"
}


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on PATH")
def test_every_picture_is_made_and_each_shows_something(tmp_path: Path) -> None:
    main(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == NAMES
    for path in tmp_path.iterdir():
        with Image.open(path) as picture:
            assert len(picture.convert("RGB").getcolors(1 << 24) or ()) > 8, path.name
    with Image.open(tmp_path / "terminal.gif") as recording:
        assert getattr(recording, "n_frames", 1) > 4
