"""`python -m pictures FOLDER`."""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import demo
from pictures import comment, flow, page, recording, terminal
from pictures.camera import Camera


def main(folder: Path) -> None:
    """Makes every picture anew, in a folder that is made if there is none."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("a Chromium is needed to make pictures, and there is none on PATH")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        repository = Path(made) / "models"
        demo.main(repository)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        camera = Camera(browser, folder)
        flow.take(camera)
        page.take(camera, terminal.output_of(repository, "diff", "--format", "html"))
        comment.take(camera, terminal.output_of(repository, "diff", "--format", "markdown"))
        recording.take(camera, repository)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m pictures FOLDER")
    main(Path(sys.argv[1]))
