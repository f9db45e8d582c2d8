"""A page in the browser of whoever is at the machine; the only module that starts one."""

import os
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from syncjob.credentials import JWT, KEY, SECRET


def is_opened(page: Path) -> bool:
    """Opens a file; returns whether a browser was found."""
    with _without_credentials():
        try:
            return webbrowser.open(page.resolve().as_uri())
        except (webbrowser.Error, OSError):
            return False


@contextmanager
def _without_credentials() -> Iterator[None]:
    """A browser gets none: it is another program, and outlasts this one."""
    held = {name: os.environ.pop(name) for name in (KEY, SECRET, JWT) if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(held)
