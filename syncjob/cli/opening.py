"""`--open`: the page of a run in a browser."""

from collections.abc import Iterable
from pathlib import Path

import click

from syncjob.files import whole
from syncjob.output import browser
from syncjob.state.folder import state_folder
from syncjob.text.sanitize import one_line

_NAME = "diff.html"


def save_page(state_dir: Path, parts: Iterable[str]) -> Path:
    """Writes the page to its place in the state folder, never through a link; raises UsageError and OSError."""
    path = state_folder(state_dir) / _NAME
    path.unlink(missing_ok=True)  # whatever it is, and whatever may read it
    whole.save(path, (part.encode("utf-8", "backslashreplace") for part in parts))
    return path


def open_page(path: Path) -> None:
    """Opens a page, or says where it is."""
    if not browser.is_opened(path):
        click.echo(one_line(f"No browser was found here; open {path} in one."), err=True)
