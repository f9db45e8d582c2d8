"""What branches that HEAD may be behind have of a folder's files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from syncjob.git.call import GitFailed
from syncjob.git.git import Git, NoRepository
from syncjob.git.history import gitlog
from syncjob.git.history.branches import Branch, ahead_of_head, with_revision
from syncjob.git.history.gitlog import BlobVersion
from syncjob.git.repository import Repository

BranchVersion = tuple[str, BlobVersion]  # a branch's name to show, and what it has


class Elsewhere:
    """Versions in other branches; nothing is read from git before it is asked for. `since` is the revision of --since.

    `fault` says why git did not tell all that it was asked so far; None if it did.
    """

    def __init__(self, folder: Path, git: Git, stack: ExitStack, since: str | None) -> None:
        self.fault: str | None = None
        self._folder = folder
        self._git = git
        self._stack = stack
        self._since = since

    def versions(self, name: str, known_as: Iterable[str]) -> Iterator[BranchVersion]:
        """Those of a file, or of what it is `known_as`, that HEAD's history does not hold."""
        paths = tuple(known_as)
        for branch, log in self._logs:
            try:
                yield from ((branch.name, held) for held in log.of(name, paths) if held.is_brought)
            except GitFailed as error:
                self.note(error)

    def at_tips(self, name: str, own: str | None) -> Iterator[BranchVersion]:
        """That of a file at each branch's tip that HEAD is an ancestor of, if its blob is not HEAD's `own`."""
        for branch, blobs in self._tips:
            blob = blobs.get(name)
            if blob and blob != own:
                yield branch.name, BlobVersion(branch.commit, blob, is_brought=False)

    def note(self, error: GitFailed) -> None:
        """Keeps the first fault; without a repository there is nothing that git could not tell."""
        if not isinstance(error, NoRepository):
            self.fault = self.fault or str(error)

    @property
    def _repository(self) -> Repository:
        return self._git.around(self._folder)

    @cached_property
    def _tips(self) -> Sequence[tuple[Branch, Mapping[str, str]]]:
        """The branches that HEAD is behind and has nothing beside, each with the blobs of its files."""
        try:
            return [(branch, self._repository.blobs_of(branch.commit)) for branch in ahead_of_head(self._repository)]
        except GitFailed as error:
            self.note(error)
            return ()

    @cached_property
    def _logs(self) -> Sequence[tuple[Branch, gitlog.Log]]:
        """The log of what each branch has and HEAD has not."""
        try:
            repository = self._repository
            branches: dict[str, Branch] = {}
            for branch in with_revision(repository, self._since):
                if branch.commit not in branches and repository.is_commit(branch.commit):  # else it leads nowhere
                    branches[branch.commit] = branch
            logs = (gitlog.reading(repository, commit, f"^{repository.head}") for commit in branches)
            return [
                (branch, self._stack.enter_context(log)) for branch, log in zip(branches.values(), logs, strict=True)
            ]
        except GitFailed as error:
            self.note(error)
            return ()
