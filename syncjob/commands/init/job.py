"""`init`: writes what is missing, and changes nothing that is there."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from syncjob.commands.init.outcome import Became, File
from syncjob.errors import UsageError
from syncjob.files import regular, whole
from syncjob.git import setup
from syncjob.git.call import GitFailed
from syncjob.git.git import Git, NoRepository

_LARGEST = 1_000_000


def branch_of(folder: Path) -> str | None:
    """The branch that a repository's changes are merged into; None if there is no repository. Raises UsageError.

    The folder must be the repository's root: GitHub reads workflows there alone, and theirs serve a config there.
    """
    try:
        repository = Git().around(folder)
        if repository.prefix:
            raise UsageError(
                f"{folder} is inside the repository {repository.root}: run `syncjob init` there, or add --no-workflows"
            )
        return setup.main_branch(repository)
    except NoRepository:
        return None
    except GitFailed as error:
        raise UsageError(f"git cannot tell about {folder}: {error}") from error


def make_repository(folder: Path, branch: str) -> bool:
    """Makes a git repository in the folder, and returns whether it did: not if there is one. Raises UsageError."""
    if _has_repository(folder):
        return False
    try:
        setup.new_repository(folder, branch)
    except GitFailed as error:
        raise UsageError(f"cannot make a git repository: {error}") from error
    return True


def _has_repository(folder: Path) -> bool:
    """Whether a repository is around the folder, also one that git does not work with."""
    try:
        Git().around(folder)
    except GitFailed as error:
        return not isinstance(error, NoRepository)
    return True


def require_folders(folder: Path, paths: Iterable[str]) -> None:
    """Raises UsageError if what a path leads through is no folder of its own: a link could lead out of the repository."""
    for parent in (parent for path in paths for parent in list(Path(path).parents)[:-1]):
        place = folder / parent
        if os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
            raise UsageError(f"{parent} is not a folder: move it away, then run `syncjob init` again")


def write(folder: Path, texts: Mapping[str, str]) -> Iterator[File]:
    """Writes each file that is not there, by its path; says what became of it. Raises UsageError."""
    for path, text in texts.items():
        try:
            yield File(path, _written(folder / path, text))
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from error


def lacks(folder: Path, paths: Iterable[str]) -> bool:
    """Whether any of the paths is not there."""
    return not all(os.path.lexists(folder / path) for path in paths)


def _written(path: Path, text: str) -> Became:
    if os.path.lexists(path):
        return "as is" if _holds(path, text) else "kept"
    whole.write(path, text.encode())
    return "written"


def _holds(path: Path, text: str) -> bool:
    try:
        return regular.read(path, _LARGEST) == text.encode()
    except OSError:  # something else is there, and stays
        return False
