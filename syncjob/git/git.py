"""The repositories that a run asks git about, each found and checked once."""

import os
import re
from pathlib import Path

from syncjob.git import call, dotgit
from syncjob.git.call import ErrorStatus, GitFailed, split
from syncjob.git.processes import NEVER, Ending, Watch
from syncjob.git.repository import Repository
from syncjob.text.sanitize import shorten

# `log --diff-merges` and GIT_CONFIG_COUNT are the newest of what is used here.
LEAST_VERSION = (2, 31)
_VERSION = re.compile(rb"git version ([0-9]+)\.([0-9]+)[^\n]*\n")


class NoRepository(GitFailed):
    """There is no repository around the folder, so nothing that git could be asked."""


class Git:
    """git, until `stop` is requested or the seconds are over, as its `watch` tells each call."""

    def __init__(self, stop: Ending = NEVER, seconds: float | None = None) -> None:
        self.watch = Watch(stop, seconds)
        self._checked: dict[Path, Repository] = {}  # by their root
        self._seen: dict[Path, Repository] = {}  # by the folder

    def around(self, folder: Path) -> Repository:
        """The repository around a folder, which need not exist any more; raises NoRepository, other GitFailed, Stopped."""
        resolved = folder.resolve()
        if resolved not in self._seen:
            root = dotgit.root_of(resolved)
            if root is None:
                raise NoRepository("not a git repository (or any of the parent directories)")
            checked = self._checked.get(root) or _checked(root, self.watch)
            self._checked[root] = checked
            self._seen[resolved] = checked.seen_from(resolved.relative_to(root))
        return self._seen[resolved]


def _checked(root: Path, watch: Watch) -> Repository:
    """The repository of a root; raises GitFailed if git does not work with it, or its files are another's."""
    _require_version(root, watch)
    said = call.output(root, ("rev-parse", "--show-toplevel", "--absolute-git-dir", "--is-shallow-repository"), watch)
    *paths, shallow = said.removesuffix(b"\n").split(b"\n")
    if len(paths) != 2 or shallow not in (b"true", b"false"):
        raise GitFailed("`git rev-parse` printed something unexpected; is this git?")
    top, git_dir = (Path(os.fsdecode(path)) for path in paths)
    if not (dotgit.is_same(top, root) and dotgit.is_same(git_dir, dotgit.named_by(root))):
        raise GitFailed(f"git's working tree is {shorten(str(top))}, not {shorten(str(root))} (core.worktree)")
    _require_unplanted(root, watch)
    return Repository(root, git_dir, watch, is_shallow=shallow == b"true")


def _require_version(root: Path, watch: Watch) -> None:
    found = _VERSION.fullmatch(call.output(root, ("version",), watch))
    if found is None:
        raise GitFailed("`git version` printed something unexpected; is this git?")
    if (int(found[1]), int(found[2])) < LEAST_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        raise GitFailed(f"{shorten(found[0].decode())} is too old; install git {least} or newer")


def _require_unplanted(root: Path, watch: Watch) -> None:
    """Raises if the next repository above has files below this one's root, which git itself never does."""
    above = dotgit.root_of(root.parent)
    if above is None:
        return
    inside = f"{root.relative_to(above).as_posix()}/"
    try:
        listed = call.output(above, ("ls-files", "-z", "--full-name", "--", f":(top,literal){inside}"), watch)
    except ErrorStatus:  # it is somebody else's, or none
        return
    if any(path.startswith(inside) for path in split(listed, command="ls-files")):
        raise GitFailed(f"{shorten(str(root))} has files of the repository above and a .git too; remove that")
