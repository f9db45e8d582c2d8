"""Whose a file is, and whether git takes a repository for one of ours."""

import os
from pathlib import Path

from syncjob.git.call import GitFailed
from syncjob.git.git import Git

_ROOT = 0


def owners(path: Path) -> frozenset[int]:
    """The users whom a path, and the link if it is one, belongs to; {-1} if that cannot be told."""
    try:
        return frozenset({path.lstat().st_uid, path.stat().st_uid})
    except OSError:
        return frozenset({-1})


def strangers(path: Path) -> frozenset[int]:
    """Those of the owners who are neither root nor ourselves."""
    return owners(path) - {_ROOT, os.geteuid()}


def is_accepted(folder: Path, git: Git) -> bool:
    """Whether git works with the repository around a folder; somebody else's it takes only by `safe.directory`."""
    try:
        git.around(folder)
    except GitFailed:
        return False
    return True
