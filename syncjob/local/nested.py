"""Files in subfolders of the descriptions, which look like descriptions and are none."""

import os
from collections.abc import Mapping
from pathlib import Path

from syncjob.errors import Stopped
from syncjob.git.processes import Ending
from syncjob.local.names import name_of, shown_name
from syncjob.problems import Problem, warning
from syncjob.text.sanitize import shorten
from syncjob.text.tags import is_id

_NAMED = 10  # of very many files


def find(folder: Path, stop: Ending) -> Mapping[str, str]:
    """The path below the folder of each, by the name that it would have as a description; raises Stopped.

    What begins with a dot is nobody's description, and no link is followed.
    """
    found: dict[str, str] = {}
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if stop.requested:
            raise Stopped
        below = os.path.relpath(parent, folder)
        for name in files if below != "." else ():
            if name.lower().endswith(".md") and is_id(name[:-3]):
                found.setdefault(name_of(name[:-3]), f"{below}/{name}")
    return found


def kept(path: str) -> Problem:
    """Why the description of a file that was moved into a subfolder is not deleted."""
    return Problem("file-nested", f"its file is {shorten(shown_name(path))}: descriptions are not nested; move it back")


def overlooked(paths: Mapping[str, str], folder: str) -> Problem:
    count = f"{len(paths):,} files in subfolders are" if len(paths) > 1 else "1 file in a subfolder is"
    some = [*sorted(map(shown_name, paths.values()))[:_NAMED], *(["…"] if len(paths) > _NAMED else [])]
    advice = f"descriptions are not nested, so move what is one into {shown_name(folder)}"
    return warning("file-nested", f"{count} not looked at ({shorten(', '.join(some))}): {advice}")
