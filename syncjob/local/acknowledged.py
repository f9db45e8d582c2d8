"""The files of acknowledged lines, one a model: those of HEAD, those of the working tree, and their writes.

They are tracked beside the descriptions, so the decision is reviewed, and survives a squash of its commits.
"""

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from syncjob.files import regular, whole
from syncjob.git.call import GitFailed
from syncjob.git.history.head import HeadFiles
from syncjob.local.acknowledged_lines import CODE, FOLDER, MAX_BYTES, Line, Read, parse, render, updated
from syncjob.local.names import shown_name
from syncjob.problems import Problem, warning
from syncjob.text.sanitize import shorten
from syncjob.text.tags import is_id

_NO_ID = Problem(CODE, "is not named for a model: its name is not a valid model id; remove it")


class Committed:
    """The lines that HEAD has: they alone decide what a run may replace."""

    def __init__(self, files: HeadFiles) -> None:
        self._files = files

    @property
    def fault(self) -> str | None:
        """Why there may be more lines than were read so far; None if there are not."""
        return self._files.fault

    def of(self, model_id: str) -> Read:
        """The lines of a model; raises Stopped."""
        try:
            data = self._files.read(model_id)
        except GitFailed as error:
            return Read(problems=(Problem(CODE, str(error)),))
        return Read() if data is None else parse(data)


def path_of(folder: Path, model_id: str) -> Path:
    """The file of a model in the folder of the descriptions."""
    return folder / FOLDER / model_id


def has_lines(folder: Path, model_id: str) -> bool:
    """Whether there is anything in the place of a model's lines."""
    return os.path.lexists(path_of(folder, model_id))


def read(folder: Path, model_id: str) -> Read:
    """The lines of the working tree, none if there is no file, and what is wrong with them."""
    try:
        _require_own_folder(folder / FOLDER)
        return parse(regular.read(path_of(folder, model_id), MAX_BYTES))
    except FileNotFoundError:
        return Read()
    except regular.Unfit as error:
        return Read(problems=(Problem(CODE, error.what),))
    except OSError as error:
        return Read(problems=(Problem(CODE, f"cannot be read: {error.strerror}"),))


def update(folder: Path, model_id: str, profile: str, digest: str | None, *, is_seen: bool) -> None:
    """Brings the lines of a model up to date, as `updated` says; raises OSError."""
    lines, problems = read(folder, model_id)
    wanted = updated(lines, profile, digest, is_seen=is_seen)
    if wanted != lines or (is_seen and problems):  # a line in a faulty file would count for nothing
        write(folder, model_id, wanted)


def problems_of(folder: Path, shown_as: str, profiles: Collection[str]) -> Iterator[Problem]:
    """What is wrong with the files of all models, each problem with its path; `shown_as` is the folder in messages.

    A line of a profile that is none of `profiles` is a warning.
    """
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
        problems = _problems(read(folder, name), profiles) if is_id(name) else (_NO_ID,)
        yield from (replace(problem, path=f"{shown}/{shown_name(name)}") for problem in problems)


def _problems(found: Read, profiles: Collection[str]) -> Iterator[Problem]:
    yield from found.problems
    unknown = sorted({line.profile for line in found.lines}.difference(profiles))
    if unknown:
        names = shorten(", ".join(unknown), 200)
        yield warning(CODE, f"counts for nothing: config.yaml has no profile {names}; correct the line, or remove it")


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


def _require_own_folder(folder: Path) -> None:
    """Raises if there is something else in the folder's place, such as a link."""
    if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir()):
        raise regular.Unfit("is not a folder of its own", folder)
