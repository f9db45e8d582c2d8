"""What git knows of the descriptions' past: which files changed since a revision, and every text that it held."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from syncjob import gitlog
from syncjob.conversions import checked_out
from syncjob.display import shorten
from syncjob.git import GitFailed, Repository
from syncjob.processes import NEVER, Ending
from syncjob.text import canonical
from syncjob.worktree import kept_by_git, names_of, pathspec

_NO_COMMIT = re.compile(r"0{40}(?:0{24})?")
_PARTIAL = r"^(extensions\.partialclone|remote\..*\.promisor)$"
_ADVICE = "in GitHub Actions check out with fetch-depth: 0"


@dataclass(frozen=True, slots=True)
class Version:
    """One text that git holds or held for a file; `text` is canonical, `commit` a full hash."""

    commit: str
    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """Names of the files that changed since a revision; `names` is None, with the reason, where that is not known.

    `deleted` are those of them that are gone. What git has and did not check out is not gone.
    """

    names: frozenset[str] | None
    deleted: frozenset[str] = frozenset()
    reason: str = ""


class Texts:
    """Every text that git held for a folder's files; nothing is read from git before it is asked for.

    `encodings` are those that git's attributes name for files. Raises Stopped once `stop` is requested.
    """

    def __init__(self, folder: Path, stack: ExitStack, stop: Ending, encodings: Mapping[str, str]) -> None:
        self._folder = folder
        self._stack = stack
        self._stop = stop
        self._encodings = encodings
        self._gap: str | None = None
        self._repository: Repository | None = None
        self._log: gitlog.Log | None = None
        self._read: Callable[[str], bytes | None] = lambda blob: None

    def gap(self) -> str | None:
        """Why there may be more texts than those that were read; None where there are not."""
        return self._gap

    def of(self, name: str) -> Iterator[Version]:
        """A file's texts, newest first, canonical; those of the files that it was renamed from too.

        Renames that take long to find are looked for when all others are read.
        """
        if self._log is None:
            self._log = self._open()
        seen: dict[str, str] = {}
        yield from self._unseen(self._log, name, seen)
        if self._log.unfollowed:
            self._follow(self._log)
            yield from self._unseen(self._log, name, seen)

    def _unseen(self, log: gitlog.Log, name: str, seen: dict[str, str]) -> Iterator[Version]:
        """The texts of the blobs that are not seen yet."""
        known = frozenset(seen)
        for commit, blob in log.of(name):
            seen.setdefault(blob, commit)
        for blob in [blob for blob in seen if blob not in known]:
            data = self._read(blob)
            if data is None:
                self._gap = self._gap or f"git lacks objects of its own history; {self._advice()}"
                continue
            for form in checked_out(data, blob, self._encodings.get(name)):
                with suppress(UnicodeDecodeError):  # no text, so it never was a description
                    yield Version(seen[blob], canonical(form.decode("utf-8")))

    def _open(self) -> gitlog.Log:
        """Starts the two programs that all further texts come from."""
        try:
            self._repository = Repository(self._folder, self._stop)
            gap, log = _gap(self._repository), gitlog.read(self._repository)
        except GitFailed as error:
            self._gap = f"{error}; {self._advice()}"
            return gitlog.Log("")
        self._gap = gap
        if log.versions:
            self._read = self._stack.enter_context(self._repository.blobs()).read
        return log

    def _advice(self) -> str:
        with suppress(GitFailed):
            if self._repository and self._repository.run("config", "--get-regexp", _PARTIAL):
                return "the clone is partial, and nothing is fetched here: clone without --filter"
        return _ADVICE

    def _follow(self, log: gitlog.Log) -> None:
        if self._repository:
            try:
                gitlog.follow(self._repository, log)
            except GitFailed as error:
                self._gap = self._gap or f"very many files were renamed at once, and to follow them {error}"


def changed_since(folder: Path, revision: str, stop: Ending = NEVER) -> Changed:
    """The names in a folder that differ from the merge base of `revision` and HEAD, or did in between.

    The working tree counts, untracked files too; a renamed file counts under both names. What was
    changed and changed back counts, because a run between the two may have written it.
    """
    shown = f"--since {shorten(revision, 100)}"
    if _NO_COMMIT.fullmatch(revision):
        return Changed(None, reason=f"{shown} names no commit (a new branch)")
    try:
        repository = Repository(folder, stop)
        base = _merge_base(repository, revision)
        return _changed_since(folder, repository, base)
    except GitFailed as error:
        return Changed(None, reason=f"{shown}: {error}")


def gap_of(folder: Path, stop: Ending = NEVER) -> str | None:
    """Why git cannot tell every text that a folder's files held; None where it can."""
    try:
        return _gap(Repository(folder, stop))
    except GitFailed as error:
        return str(error)


@contextmanager
def texts(folder: Path, stop: Ending = NEVER, encodings: Mapping[str, str] | None = None) -> Iterator[Texts]:
    """Every text of a folder's files in all commits that HEAD reaches: at most one `git log`, one `git cat-file`.

    One log more where very many files were renamed at once. Where git cannot tell, the gap says why.
    """
    with ExitStack() as stack:
        yield Texts(folder, stack, stop, encodings or {})


def _merge_base(repository: Repository, revision: str) -> str:
    try:
        wanted = f"{revision}^{{commit}}"
        commit = repository.run("rev-parse", "--verify", "--quiet", "--end-of-options", wanted).decode().strip()
    except GitFailed as error:
        raise GitFailed(f"git knows no such commit here; {_ADVICE}") from error
    try:
        return repository.run("merge-base", commit, "HEAD").decode().strip()
    except GitFailed as error:
        raise GitFailed(f"it has no commit in common with HEAD; {_ADVICE}") from error


def _changed_since(folder: Path, repository: Repository, base: str) -> Changed:
    where = pathspec(repository)
    now = repository.differing(base, where)
    untracked = repository.tokens("ls-files", "-z", "--others", "--full-name", "--", where)
    between = repository.tokens(
        "log", "-z", "--format=", "--name-only", "--no-renames", "--full-history", "--diff-merges=combined",
        f"{base}..HEAD", "--", where,
    )  # fmt: skip
    paths = (*now, *untracked, *(path.lstrip("\n") for path in between))
    names = frozenset(names_of(repository, paths))
    # One that came and went in between is gone too: a run may have written it.
    gone = frozenset(name for name in names if not os.path.lexists(folder / name))
    return Changed(names, gone - kept_by_git(repository) if gone else gone)


def _gap(repository: Repository) -> str | None:
    """Why the history may hold less than there was."""
    if repository.run("rev-parse", "--is-shallow-repository").strip() == b"true":
        return f"the clone is shallow; fetch the whole history (git fetch --unshallow), {_ADVICE}"
    return None
