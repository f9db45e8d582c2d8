"""Where a repository is, by the file system alone: the nearest folder that holds a `.git`."""

import os
from contextlib import suppress
from pathlib import Path


def root_of(folder: Path) -> Path | None:
    """The nearest folder, itself or above, that holds a `.git`; no further than GIT_CEILING_DIRECTORIES allows.

    Nothing else is taken for a repository: the files of a bare one may lie in any folder that others write to.
    """
    listed = os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep)
    ceilings = {Path(path).resolve() for path in listed if path}
    for place in (folder, *folder.parents):
        if place in ceilings and place != folder:
            return None
        if os.path.lexists(place / ".git"):
            return place
    return None


def named_by(root: Path) -> Path:
    """The folder that a root's `.git` is, or names if it is a file, as in a linked worktree or a submodule."""
    dot_git = root / ".git"
    with suppress(OSError):
        if dot_git.is_file():
            named = os.fsdecode(dot_git.read_bytes()).removeprefix("gitdir: ")
            return root / named.rstrip("\n")
    return dot_git


def is_same(one: Path, other: Path) -> bool:
    with suppress(OSError, ValueError):
        return one.samefile(other)
    return False
