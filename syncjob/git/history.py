"""What git knows of the descriptions' past: which files changed since a revision, and every text that it held."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from syncjob.environment import is_step
from syncjob.git import gitlog
from syncjob.git.call import GitFailed, split
from syncjob.git.conversions import checked_out
from syncjob.git.git import Git, NoRepository
from syncjob.git.head import HeadFiles
from syncjob.git.repository import Repository, TooLarge
from syncjob.git.worktree import kept_by_git, names_unlike
from syncjob.text.canonical import canonical
from syncjob.text.sanitize import shorten

_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NO_COMMIT = re.compile(r"0{40}(?:0{24})?")
_PARTIAL = re.compile(r"extensions\.partialclone|remote\..*\.promisor", re.DOTALL)
_FETCH = "run `git fetch --unshallow`"
_BEGIN = "run `git init` and commit, then `syncjob pull` and commit what it took"
_TOUCHED = (
    "log", "-z", "--format=", "--name-only", "--no-renames", "--full-history", "--diff-merges=combined",
)  # fmt: skip
_HANDFUL = 1_000  # of names on a command line
# Bytes of a version that is compared, unless descriptions may be larger: a commit may hold anything under their names.
_LARGEST = 2_000_000


@dataclass(frozen=True, slots=True)
class Version:
    """One text that git holds or held for a file; `text` is canonical, `commit` a full hash."""

    commit: str
    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """Names of the files that changed since a revision; `names` is None, with the reason, if that is not known.

    `deleted` are those that are gone, and were not just not checked out. `is_slip`: the revision was mistyped.
    """

    names: frozenset[str] | None
    deleted: frozenset[str] = frozenset()
    reason: str = ""
    is_slip: bool = False


class _NoSuchCommit(GitFailed):
    """A revision that names nothing here."""


class Texts:
    """Every text that git held for a folder's files; nothing is read from git before it is asked for.

    `encodings` are those that git's attributes name for files; versions of more than `largest` bytes are not read.
    Raises Stopped once the run is to end.
    """

    def __init__(self, folder: Path, git: Git, stack: ExitStack, encodings: Mapping[str, str], largest: int) -> None:
        self._folder = folder
        self._git = git
        self._stack = stack
        self._encodings = encodings
        self._largest = largest
        self._gap: str | None = None
        self._gaps: dict[str, str] = {}
        self._unfollowed: str | None = None
        self._read: Callable[[str], bytes | None] = lambda blob: None

    def gap(self, name: str) -> str | None:
        """Why there may be more texts of a file than those that were read; None if there are not."""
        return self._gap or self._gaps.get(name)

    def at_head(self, subfolder: str, largest: int) -> HeadFiles:
        """What HEAD has in a subfolder, files of more than `largest` bytes not among it."""
        return self.at("HEAD", subfolder, largest)

    def at(self, commit: str, subfolder: str, largest: int) -> HeadFiles:
        """What a commit has in a subfolder, "" for the folder itself."""
        return HeadFiles(self._folder, subfolder, self._git, self._stack, largest, commit)

    def of(self, name: str) -> Iterator[Version]:
        """A file's texts, newest first, canonical; those of the files that it was renamed from too.

        Renames that take long to find are looked for when all others are read.
        """
        seen: dict[str, str] = {}
        yield from self._unseen(name, seen)
        if self._log.is_uncertain(name):
            self._follow()
            yield from self._unseen(name, seen)
        if self._unfollowed and self._log.is_uncertain(name):
            self._gaps.setdefault(name, self._unfollowed)

    def _unseen(self, name: str, seen: dict[str, str]) -> Iterator[Version]:
        """The texts of the blobs that are not seen yet."""
        known = frozenset(seen)
        for commit, blob in self._log.of(name):
            seen.setdefault(blob, commit)
        for blob in [blob for blob in seen if blob not in known]:
            for form in checked_out(self._data(name, blob), blob, self._encodings.get(name)):
                with suppress(UnicodeDecodeError):  # no text, so it never was a description
                    yield Version(seen[blob], canonical(form.decode("utf-8")))

    def _data(self, name: str, blob: str) -> bytes:
        """What a blob holds; nothing, and a gap, if that cannot be read."""
        try:
            data = self._read(blob)
        except TooLarge as error:
            data, gap = None, str(error)
        else:
            gap = f"git lacks objects of its own history; {self._whole_clone}"
        if data is None:
            self._gaps.setdefault(name, gap)
        return data or b""

    @cached_property
    def _log(self) -> gitlog.Log:
        """Starts the two programs that all texts come from."""
        try:
            repository = self._git.around(self._folder)
            self._gap, log = _gap(repository), gitlog.read(repository)
        except GitFailed as error:
            self._gap = _told(error)
            return gitlog.Log("")
        if log.versions:
            self._read = self._stack.enter_context(repository.blobs(self._largest))
        return log

    @cached_property
    def _whole_clone(self) -> str:
        """How to come by the objects that are missing."""
        with suppress(GitFailed):
            if any(map(_PARTIAL.fullmatch, self._git.around(self._folder).settings)):
                return "the clone is partial, and nothing is fetched here: clone without --filter"
        return _advice("`git fsck` says more, and a new clone has them")

    def _follow(self) -> None:
        if not self._unfollowed:
            try:
                gitlog.follow(self._git.around(self._folder), self._log)
            except GitFailed as error:
                self._unfollowed = f"very many files were renamed at once, and to follow them {error}"


def changed_since(folder: Path, revision: str, git: Git, *, beside: str = "") -> Changed:
    """The names in a folder that differ from the merge base of `revision` and HEAD, or did in between.

    The working tree counts, untracked files too; a renamed file counts under both names. What was
    changed and changed back counts, because a run between the two may have written it. So does a file `x.md` of
    which the subfolder `beside` has a committed file `x` that changed.
    """
    shown = f"--since {shorten(revision, 100)}"
    if _NO_COMMIT.fullmatch(revision):
        return Changed(None, reason=f"{shown} names no commit (a new branch)")
    try:
        repository = git.around(folder)
        return _changed_since(folder, repository, _merge_base(repository, revision), beside)
    except GitFailed as error:
        # In a checkout of one commit, or once a branch was rewritten, there may be such a commit elsewhere.
        is_slip = isinstance(error, _NoSuchCommit) and not (_HASH.fullmatch(revision) or is_step(os.environ))
        return Changed(None, reason=f"{shown}: {error}", is_slip=is_slip)


def gap_of(folder: Path, git: Git) -> str | None:
    """Why git cannot tell every text that a folder's files held; None if it can."""
    try:
        repository = git.around(folder)
        return "there is no commit yet; commit the descriptions" if repository.is_unborn() else _gap(repository)
    except GitFailed as error:
        return _told(error)


def had(folder: Path, name: str, git: Git) -> bool:
    """Whether a commit that HEAD reaches touched a file of the folder; False if git cannot tell."""
    try:
        repository = git.around(folder)
        return bool(repository.run("log", "-1", "--format=%H", "HEAD", "--", repository.pathspec(name)))
    except GitFailed:
        return False


@contextmanager
def texts(
    folder: Path, git: Git, encodings: Mapping[str, str] | None = None, max_file_bytes: int = 0
) -> Iterator[Texts]:
    """Every text of a folder's files in all commits that HEAD reaches: at most one `git log`, one `git cat-file`.

    One log more if very many files were renamed at once. If git cannot tell, the gap says why.
    """
    with ExitStack() as stack:
        yield Texts(folder, git, stack, encodings or {}, max(_LARGEST, max_file_bytes))


def _merge_base(repository: Repository, revision: str) -> str:
    try:
        wanted = f"{revision}^{{commit}}"
        commit = repository.run("rev-parse", "--verify", "--quiet", "--end-of-options", wanted).decode().strip()
    except GitFailed as error:
        advice = _advice("`git branch --all` lists what there is")
        raise _NoSuchCommit(f"no such commit or branch here; {advice}") from error
    try:
        return repository.run("merge-base", commit, "HEAD").decode().strip()
    except GitFailed as error:
        raise GitFailed(f"it has no commit in common with HEAD; {_advice(_FETCH)}") from error


def _changed_since(folder: Path, repository: Repository, base: str, beside: str) -> Changed:
    between = _touched(repository, f"{base}..HEAD", repository.pathspec())
    own = names_unlike(repository, base, folder) | frozenset(repository.names(between))
    names = own | (_beside(repository, base, beside, between) if beside else frozenset())
    # One that came and went in between is gone too: a run may have written it.
    gone = frozenset(name for name in names if not os.path.lexists(folder / name))
    unknown = gone - own
    gone -= unknown - _had_of(repository, sorted(unknown))
    return Changed(names, gone - kept_by_git(repository) if gone else gone)


def _beside(repository: Repository, base: str, subfolder: str, between: Sequence[str]) -> frozenset[str]:
    """The names of the files whose own in a subfolder changed; `between` are the paths that commits changed."""
    inside = repository.seen_from(Path(repository.prefix) / subfolder)
    listed = repository.run(
        "diff-tree", "-r", "-z", "--name-only", "--no-renames", base, "HEAD", "--", inside.pathspec()
    )
    return frozenset(f"{name}.md" for name in inside.names((*split(listed), *between)))


def _touched(repository: Repository, commits: str, *pathspecs: str) -> list[str]:
    """The paths that commits changed."""
    listed = repository.tokens(*_TOUCHED, commits, "--", *pathspecs)
    return [path.lstrip("\n") for path in listed]


def _had_of(repository: Repository, names: Sequence[str]) -> frozenset[str]:
    """Those of the names that a commit touched which HEAD reaches."""
    parts = [names[start : start + _HANDFUL] for start in range(0, len(names), _HANDFUL)]
    paths = (path for part in parts for path in _touched(repository, "HEAD", *map(repository.pathspec, part)))
    return frozenset(repository.names(paths))


def _gap(repository: Repository) -> str | None:
    return f"the clone is shallow; {_advice(_FETCH)}" if repository.is_shallow else None


def _told(error: GitFailed) -> str:
    return f"{error}; {_advice(_BEGIN)}" if isinstance(error, NoRepository) else str(error)


def _advice(elsewhere: str) -> str:
    """How to come by a whole history: a checkout of GitHub Actions has one commit by default."""
    return "check out with fetch-depth: 0" if is_step(os.environ) else elsewhere
