"""Texts on Scenario that the team has seen and that may be replaced: a file a model, lines `<profile> <SHA-256>`.

They are tracked beside the descriptions, so the decision is reviewed, and survives a squash of its commits.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from syncjob.files import regular, whole
from syncjob.git.call import GitFailed
from syncjob.git.head import HeadFiles
from syncjob.local.names import shown_name
from syncjob.problems import Problem
from syncjob.text.sanitize import shorten
from syncjob.text.tags import is_id

FOLDER = ".acknowledged"
CODE = "acknowledged-line"
MAX_BYTES = 100_000  # a file holds a line a profile, so this is a thousand of them
_MOST_WRONG = 10
_DIGEST = re.compile("[0-9a-f]{64}")
_NO_ID = Problem(CODE, "is not named for a model: its name is not a valid model id; remove it")
_MARKERS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


class Line(NamedTuple):
    """The text with this digest, its canonical form's, may be replaced on Scenario by a run of this profile."""

    profile: str
    sha256: str


class Read(NamedTuple):
    """The lines of a model, and what is wrong with its file."""

    lines: frozenset[Line] = frozenset()
    problems: tuple[Problem, ...] = ()

    def allows(self, profile: str, digest: str | None) -> bool:
        """Whether a run may replace the text with this digest; a file of which anything is wrong counts for nothing."""
        return not self.problems and Line(profile, digest or "") in self.lines


def parse(data: bytes) -> Read:
    """The lines of a file, and a problem for each of the first that are none. Pure."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Read(problems=(Problem(CODE, "is not UTF-8; delete the file, and acknowledge again"),))
    found = [_line(line.removesuffix("\r")) for line in text.removesuffix("\n").split("\n")]
    wrong = (Problem(CODE, each, number, 1) for number, each in enumerate(found, 1) if isinstance(each, str))
    return Read(frozenset(each for each in found if isinstance(each, Line)), tuple(islice(wrong, _MOST_WRONG)))


class Committed:
    """The lines that HEAD has: they alone decide what a run may replace."""

    def __init__(self, files: HeadFiles) -> None:
        self._files = files

    def of(self, model_id: str) -> Read:
        """The lines of a model; raises Stopped."""
        try:
            data = self._files.read(model_id)
        except GitFailed as error:
            return Read(problems=(Problem(CODE, str(error)),))
        return Read() if data is None else parse(data)


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


def held(lines: Iterable[Line], profile: str, digest: str | None) -> frozenset[Line]:
    """The lines without what a profile no longer holds, which is the text with this digest; None is no text. Pure."""
    return frozenset(line for line in lines if line.profile != profile or line.sha256 == digest)


def path_of(folder: Path, model_id: str) -> Path:
    """The file of a model in the folder of the descriptions."""
    return folder / FOLDER / model_id


def read(folder: Path, model_id: str) -> Read:
    """The lines of the working tree, none if there is no file, and what is wrong with them."""
    try:
        return parse(_bytes(path_of(folder, model_id)))
    except FileNotFoundError:
        return Read()
    except regular.Unfit as error:
        return Read(problems=(Problem(CODE, error.what),))
    except OSError as error:
        return Read(problems=(Problem(CODE, f"cannot be read: {error.strerror}"),))


def update(folder: Path, model_id: str, profile: str, digest: str | None, *, is_seen: bool) -> None:
    """Drops the lines of a profile but that of the text that it holds now; adds that one if it `is_seen`.

    `digest` is of that text, None for none. Raises OSError.
    """
    lines = read(folder, model_id).lines
    wanted = with_text(lines, profile, digest) if is_seen and digest else held(lines, profile, digest)
    if wanted != lines:
        write(folder, model_id, wanted)


def problems_of(folder: Path, shown_as: str) -> Iterator[Problem]:
    """What is wrong with the files of all models, each problem with its path; `shown_as` is the folder in messages."""
    shown = f"{shown_name(shown_as)}/{FOLDER}"
    try:
        _require_own_folder(folder / FOLDER)
        names = sorted(os.listdir(folder / FOLDER))
    except FileNotFoundError:
        return
    except OSError as error:
        what = error.what if isinstance(error, regular.Unfit) else f"cannot be listed: {error.strerror}"
        yield Problem(CODE, what, path=shown)
        return
    for name in names:
        problems = read(folder, name).problems if is_id(name) else (_NO_ID,)
        yield from (replace(problem, path=f"{shown}/{shown_name(name)}") for problem in problems)


def write(folder: Path, model_id: str, lines: Iterable[Line]) -> None:
    """Writes the lines of a model whole, or removes its file if there is none, and an empty folder with it.

    Raises OSError; a link is never followed, and whatever else is not a regular file stays.
    """
    path, data = path_of(folder, model_id), render(lines)
    require(folder, model_id)
    if data:
        whole.write(path, data)
        return
    path.unlink(missing_ok=True)
    with suppress(OSError):  # it is not empty, or was not there
        path.parent.rmdir()


def require(folder: Path, model_id: str) -> None:
    """Raises OSError if there is something else in the place of a model's lines, so that they cannot be written."""
    path = path_of(folder, model_id)
    _require_own_folder(path.parent)
    with suppress(FileNotFoundError):
        regular.require(path)


def _bytes(path: Path) -> bytes:
    _require_own_folder(path.parent)
    return regular.read(path, MAX_BYTES)


def _require_own_folder(folder: Path) -> None:
    """Raises if there is something else in the folder's place, such as a link."""
    if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir()):
        raise regular.Unfit("is not a folder of its own", folder)
