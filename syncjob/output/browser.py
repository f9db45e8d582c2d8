"""A page in the browser of whoever is at the machine; the only module that starts one."""

import webbrowser
from pathlib import Path

from syncjob.output.withheld import without_credentials


def is_opened(page: Path) -> bool:
    """Opens a file; returns whether a browser was found."""
    with without_credentials():
        try:
            return webbrowser.open(page.resolve().as_uri())
        except (webbrowser.Error, OSError):
            return False
