"""Texts on Scenario that the team has seen and that may be replaced: a file a model, lines `<profile> <SHA-256>`.

They are tracked beside the descriptions, so the decision is reviewed, and survives a squash of its commits.
"""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from syncjob.files import regular, whole
from syncjob.git.call import GitFailed
from syncjob.git.head import HeadFiles
from syncjob.problems import Problem
from syncjob.text.sanitize import shorten

FOLDER = ".acknowledged"
CODE = "acknowledged-line"
MAX_BYTES = 100_000  # a file holds a line a profile, so this is a thousand of them
_DIGEST = re.compile("[0-9a-f]{64}")
_MARKERS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


class Line(NamedTuple):
    """The text with this digest, its canonical form's, may be replaced on Scenario by a run of this profile."""

    profile: str
    sha256: str


# The lines of a model, and what is wrong with its file: one with problems counts for nothing.
Read = tuple[frozenset[Line], tuple[Problem, ...]]


def parse(data: bytes) -> Read:
    """The lines of a file, and a problem for each that is none. Pure."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return frozenset(), (Problem(CODE, "is not UTF-8; delete the file, and acknowledge again"),)
    found = [_line(line.removesuffix("\r")) for line in text.removesuffix("\n").split("\n")]
    wrong = tuple(Problem(CODE, each, number, 1) for number, each in enumerate(found, 1) if isinstance(each, str))
    return frozenset(each for each in found if isinstance(each, Line)), wrong


class Committed:
    """The lines that HEAD has: they alone decide what a run may replace."""

    def __init__(self, files: HeadFiles) -> None:
        self._files = files

    def of(self, model_id: str) -> Read:
        """The lines of a model, none if a single one is wrong; raises Stopped."""
        try:
            data = self._files.read(model_id)
        except GitFailed as error:
            return frozenset(), (Problem(CODE, str(error)),)
        lines, problems = parse(data) if data is not None else (frozenset[Line](), ())
        return (frozenset(), problems) if problems else (lines, ())


def _line(line: str) -> Line | str:
    """What a line says, or why it says nothing."""
    profile, _, digest = line.rpartition(" ")
    if profile and profile.isprintable() and _DIGEST.fullmatch(digest):
        return Line(profile, digest)
    if line.startswith(_MARKERS):
        return "a conflict marker: keep the lines of both sides, and remove it"
    what = f'"{shorten(line, 100)}" is not' if line else "an empty line is not"
    return f"{what} `PROFILE SHA-256`; remove it, and run `syncjob acknowledge` for its model"


def render(lines: Iterable[Line]) -> bytes:
    """The file that holds these lines. Pure."""
    return "".join(f"{profile} {digest}\n" for profile, digest in sorted(set(lines))).encode()


def with_text(lines: Iterable[Line], profile: str, digest: str) -> frozenset[Line]:
    """The lines of a model with this one for a profile; what the profile held before is dropped. Pure."""
    return without(lines, profile) | {Line(profile, digest)}


def without(lines: Iterable[Line], profile: str) -> frozenset[Line]:
    """The lines of all other profiles. Pure."""
    return frozenset(line for line in lines if line.profile != profile)


def path_of(folder: Path, model_id: str) -> Path:
    """The file of a model in the folder of the descriptions."""
    return folder / FOLDER / model_id


def read(folder: Path, model_id: str) -> Read:
    """The lines of the working tree, none if there is no file, and what is wrong with them."""
    try:
        return parse(_bytes(path_of(folder, model_id)))
    except FileNotFoundError:
        return frozenset(), ()
    except regular.Unfit as error:
        return frozenset(), (Problem(CODE, error.what),)
    except OSError as error:
        return frozenset(), (Problem(CODE, f"cannot be read: {error.strerror}"),)


def write(folder: Path, model_id: str, lines: Iterable[Line]) -> None:
    """Writes the lines of a model whole, or removes its file if there is none, and an empty folder with it.

    Raises OSError; a link is never followed, and whatever else is not a regular file stays.
    """
    path, data = path_of(folder, model_id), render(lines)
    _require_own_folder(path.parent)
    with suppress(FileNotFoundError):
        regular.require(path)
    if data:
        whole.write(path, data)
        return
    path.unlink(missing_ok=True)
    with suppress(OSError):  # it is not empty, or was not there
        path.parent.rmdir()


def _bytes(path: Path) -> bytes:
    _require_own_folder(path.parent)
    return regular.read(path, MAX_BYTES)


def _require_own_folder(folder: Path) -> None:
    """Raises if there is something else in the folder's place, such as a link."""
    if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir()):
        raise regular.Unfit(f"is in {FOLDER}, which is not a folder of its own", folder)
