"""What git knows of the descriptions' past: every text that it ever held."""

import re
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from syncjob.git.call import EndedEarly, GitFailed
from syncjob.git.conversions import checked_out
from syncjob.git.git import Git
from syncjob.git.history import gitlog
from syncjob.git.history.advice import FETCH, advice, with_advice
from syncjob.git.history.elsewhere import Elsewhere
from syncjob.git.history.head import HeadFiles
from syncjob.git.repository import Repository
from syncjob.text.canonical import canonical, same

_PARTIAL = re.compile(r"extensions\.partialclone|remote\..*\.promisor", re.DOTALL)
# Bytes of a version that is compared, unless descriptions may be larger: a commit may hold anything under their names.
_LARGEST = 2_000_000


@dataclass(frozen=True, slots=True)
class Version:
    """One text that git holds or held for a file; `text` is canonical, `commit` a full hash.

    `commit` brought the text or, if it is the one looked for, still had it.
    """

    commit: str
    text: str


class Texts:
    """Every text that git held for a folder's files; nothing is read from git before it is asked for.

    `encodings` are those that git's attributes name for files; versions of more than `largest` bytes are not read.
    `since` is the revision of --since. Raises Stopped once the run is to end. For one thread.
    """

    def __init__(
        self,
        folder: Path,
        git: Git,
        stack: ExitStack,
        encodings: Mapping[str, str],
        largest: int,
        since: str | None = None,
    ) -> None:
        self._folder = folder
        self._git = git
        self._stack = stack
        self._encodings = encodings
        self._largest = largest
        self._elsewhere = Elsewhere(folder, git, stack, since)
        self._faults: dict[str, str] = {}
        self._gap: str | None = None
        self._gaps: dict[str, str] = {}
        self._unfollowed: str | None = None

    def gap(self, name: str) -> str | None:
        """Why there may be more texts of a file than those that were read; None if there are not."""
        return self._gap or self._gaps.get(name)

    def at(self, subfolder: str, largest: int, commit: str = "HEAD") -> HeadFiles:
        """What a commit has in a subfolder, "" for the folder itself, but files of more than `largest` bytes."""
        return HeadFiles(self._folder, subfolder, self._git, self._stack, largest, commit)

    def of(self, name: str, wanted: str | None = None, but: Container[str] = ()) -> Iterator[Version]:
        """A file's texts, newest first, canonical; those of the files that it was renamed from too.

        History is read no further than the texts are asked for. The text that is `wanted` comes as soon as a commit is
        read that still had it, however old it is, and may come again. Renames that take long to find come last.
        Those that no commit had `but` these are left out.
        """
        seen: set[str] = set()
        yield from self._unseen(name, wanted, but, seen)
        if self._log.is_uncertain(name):
            self._follow()
            yield from self._unseen(name, wanted, but, seen)
        if self._unfollowed and self._log.is_uncertain(name):
            self._gaps.setdefault(name, self._unfollowed)

    def elsewhere(self, name: str) -> Iterator[tuple[str, Version]]:
        """The texts of a file that HEAD's history does not hold and a branch does that HEAD may be behind.

        Each with the branch's name to show. The revision of --since counts as one.
        """
        for branch, held in self._elsewhere.versions(name, self._log.paths(name)):
            yield from ((branch, version) for version in self._of_branch(name, held))

    def ahead(self, name: str) -> Iterator[tuple[str, Version]]:
        """The text of a file at each branch's tip that HEAD is an ancestor of, with the branch's name to show."""
        for branch, held in self._elsewhere.at_tips(name, self._head[1].get(name)):
            yield from ((branch, version) for version in self._of_branch(name, held))

    def fault(self, name: str) -> str | None:
        """Why there may be more texts of a file `elsewhere` or `ahead`, or why git was ended; None if all is told."""
        return self._elsewhere.fault or self._faults.get(name)

    def _of_branch(self, name: str, held: gitlog.BlobVersion) -> Iterator[Version]:
        """The texts of a blob; none, and a fault, if it cannot be read."""
        try:
            data = self._read(held.blob)
            if data is None:
                raise GitFailed(f"git lacks objects of it; {self._whole_clone}")
        except GitFailed as error:
            self._faults.setdefault(name, str(error))
        else:
            yield from self._versions(name, held, data)

    def _unseen(self, name: str, wanted: str | None, but: Container[str], seen: set[str]) -> Iterator[Version]:
        """The texts of the blobs that are not seen yet; of what commits merely had only the one that is wanted."""
        looked_at: set[str] = set()
        for held in self._held(name, is_at_hand=wanted is not None):
            if held.commit in but or held.blob in seen or (held.blob in looked_at and not held.is_brought):
                continue
            (seen if held.is_brought else looked_at).add(held.blob)
            if held.is_brought or wanted is not None:
                for version in self._versions(name, held, self._data(name, held.blob)):
                    if held.is_brought or same(version.text, wanted or ""):
                        yield version

    def _versions(self, name: str, held: gitlog.BlobVersion, data: bytes) -> Iterator[Version]:
        for form in checked_out(data, held.blob, self._encodings.get(name)):
            with suppress(UnicodeDecodeError):  # no text, so it never was a description
                yield Version(held.commit, canonical(form.decode("utf-8")))

    def _held(self, name: str, *, is_at_hand: bool) -> Iterator[gitlog.BlobVersion]:
        """The blobs of a file, that of HEAD first if what `is_at_hand` counts."""
        commit, blobs = self._head if is_at_hand else ("", {})
        if name in blobs:
            yield gitlog.BlobVersion(commit, blobs[name], is_brought=False)
        try:
            yield from self._log.of(name)
        except GitFailed as error:
            self._gap = with_advice(error)
            self._note(error)

    def _note(self, error: GitFailed) -> None:
        """An end of git's is a fault too: what comes of history may be lacking, such as names that a file had."""
        if isinstance(error, EndedEarly):
            self._elsewhere.note(error)

    def _data(self, name: str, blob: str) -> bytes:
        """What a blob holds; nothing, and a gap, if that cannot be read."""
        try:
            data = self._read(blob)
        except GitFailed as error:
            data, gap = None, str(error)
            self._note(error)
        else:
            gap = f"git lacks objects of its own history; {self._whole_clone}"
        if data is None:
            self._gaps.setdefault(name, gap)
        return data or b""

    @cached_property
    def _read(self) -> Callable[[str], bytes | None]:
        return self._stack.enter_context(self._git.around(self._folder).blobs(self._largest))

    @cached_property
    def _log(self) -> gitlog.Log:
        try:
            repository = self._git.around(self._folder)
            self._gap = _gap(repository)
            return self._stack.enter_context(gitlog.reading(repository, repository.head))
        except GitFailed as error:
            self._gap = with_advice(error)
            return gitlog.Log("")

    @cached_property
    def _head(self) -> tuple[str, Mapping[str, str]]:
        """HEAD's commit and the blobs of its files; none if git cannot tell, and the log then says why."""
        with suppress(GitFailed):
            repository = self._git.around(self._folder)
            return repository.head, repository.blobs_of(repository.head)
        return "", {}

    @cached_property
    def _whole_clone(self) -> str:
        """How to come by the objects that are missing."""
        with suppress(GitFailed):
            if any(map(_PARTIAL.fullmatch, self._git.around(self._folder).settings)):
                return "the clone is partial, and nothing is fetched here: clone without --filter"
        return advice("`git fsck` says more, and a new clone has them")

    def _follow(self) -> None:
        if not self._unfollowed:
            try:
                gitlog.follow(self._git.around(self._folder), self._log)
            except GitFailed as error:
                self._unfollowed = f"very many files were renamed at once, and to follow them {error}"


def gap_of(folder: Path, git: Git) -> str | None:
    """Why git cannot tell every text that a folder's files held; None if it can."""
    try:
        repository = git.around(folder)
        return "there is no commit yet; commit the descriptions" if repository.is_unborn() else _gap(repository)
    except GitFailed as error:
        return with_advice(error)


def had(folder: Path, name: str, git: Git) -> bool:
    """Whether a commit that HEAD reaches touched a file of the folder; False if git cannot tell."""
    try:
        repository = git.around(folder)
        return bool(repository.run("log", "-1", "--format=%H", repository.head, "--", repository.pathspec(name)))
    except GitFailed:
        return False


@contextmanager
def texts(
    folder: Path,
    git: Git,
    encodings: Mapping[str, str] | None = None,
    max_file_bytes: int = 0,
    since: str | None = None,
) -> Iterator[Texts]:
    """Every text of a folder's files in all commits that HEAD reaches: at most one `git log`, one `git cat-file`.

    One log more if very many files were renamed at once, one a branch for what is elsewhere, and what HEAD has. If git
    cannot tell, the gap says why.
    """
    with ExitStack() as stack:
        yield Texts(folder, git, stack, encodings or {}, max(_LARGEST, max_file_bytes), since)


def _gap(repository: Repository) -> str | None:
    return f"the clone is shallow; {advice(FETCH)}" if repository.is_shallow else None
