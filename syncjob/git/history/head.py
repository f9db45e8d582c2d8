"""What HEAD, or another commit, has in the folder of the descriptions or below, whatever the working tree holds."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from syncjob.git.call import EndedEarly, GitFailed
from syncjob.git.git import Git
from syncjob.git.repository import TooLarge, is_file


class HeadFiles:
    """The files of a subfolder, "" for the folder itself, as a commit has them; nothing is read before it is asked for.

    At most one `git ls-tree`, and one `git cat-file` that ends with `stack`. `fault` says why a file could not be read
    that may be there.
    """

    def __init__(
        self, folder: Path, subfolder: str, git: Git, stack: ExitStack, largest: int, commit: str = "HEAD"
    ) -> None:
        self.fault: str | None = None
        self._folder = folder
        self._subfolder = subfolder
        self._git = git
        self._stack = stack
        self._largest = largest
        self._commit = commit

    def read(self, name: str) -> bytes | None:
        """A file's bytes; None if there is no such file or commit. Raises Stopped, and GitFailed, which says why."""
        try:
            return self._file(name)
        except EndedEarly as error:
            self.fault = str(error)
            raise GitFailed(f"cannot be read in git: {error}") from error

    def _file(self, name: str) -> bytes | None:
        if name not in self._entries:
            return None
        mode, blob = self._entries[name]
        if not is_file(mode):
            raise GitFailed("is not a regular file in git")
        try:
            data = self._read(blob)
        except TooLarge as error:
            raise GitFailed(f"holds more than {self._largest:,} bytes in git") from error
        if data is None:
            raise GitFailed("is missing in git's objects")
        return data

    @cached_property
    def _entries(self) -> dict[str, tuple[str, str]]:
        """(mode, blob) by name."""
        try:
            repository = self._git.around(self._folder)
            commit = repository.head if self._commit == "HEAD" else self._commit
            return repository.tree(commit, self._subfolder)
        except EndedEarly:
            raise
        except GitFailed:  # what git cannot tell allows nothing
            return {}

    @cached_property
    def _read(self) -> Callable[[str], bytes | None]:
        return self._stack.enter_context(self._git.around(self._folder).blobs(self._largest))
