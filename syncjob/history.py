"""What git knows of the descriptions: which files changed since a revision, and every text that it held."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from syncjob.display import shorten
from syncjob.edits import Version
from syncjob.git import GitFailed, Repository
from syncjob.text import canonical

_NO_COMMIT = re.compile(r"0{40}(?:0{24})?")
_ADVICE = "in GitHub Actions check out with fetch-depth: 0"
# Every commit that HEAD reaches, children before parents; a merge is listed with what is in none of its parents.
# All Markdown of the repository, because a rename may lead from another folder.
_LOG = (
    "log", "--topo-order", "--full-history", "--diff-merges=combined",
    "-z", "--raw", "--no-abbrev", "--find-renames", "--format=%H", "HEAD", "--", "*.md",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Changed:
    """Names of the files that changed since a revision; `names` is None, with the reason, where that is not known.

    `deleted` are those of them that are gone. What git has and did not check out is not gone.
    """

    names: frozenset[str] | None
    deleted: frozenset[str] = frozenset()
    reason: str = ""


class Texts:
    """Every text that git held for a folder's files; nothing is read from git before it is asked for."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._gap: str | None = None
        self._log: _Log | None = None
        self._read: Callable[[str], bytes | None] = lambda blob: None

    def gap(self) -> str | None:
        """Why there may be more texts than those that were read; None where there are not."""
        return self._gap

    def of(self, name: str) -> Iterator[Version]:
        """A file's texts, newest first, canonical; those of the files that it was renamed from too."""
        if self._log is None:
            self._log = self._open()
        commits: dict[str, str] = {}
        for commit, blob in self._log.of(name):
            commits.setdefault(blob, commit)
        for blob, commit in commits.items():
            data = self._read(blob)
            if data is None:
                self._gap = self._gap or f"git lacks objects of its own history; {_ADVICE}"
                continue
            with suppress(UnicodeDecodeError):  # no text, so it never was a description
                yield Version(commit, canonical(data.decode("utf-8")))

    def _open(self) -> "_Log":
        """Starts the two programs that all further texts come from."""
        try:
            repository = Repository(self._folder)
            gap, log = _gap(repository), _log(repository)
        except GitFailed as error:
            self._gap = f"{error}; {_ADVICE}"
            return _Log("")
        self._gap = gap
        if log.versions:
            self._read = self._stack.enter_context(repository.blobs()).read
        return log


@dataclass(frozen=True, slots=True)
class _Log:
    """The (commit, blob) of each version of every path, newest first, and what it was renamed from."""

    prefix: str
    versions: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    renamed: Mapping[str, set[str]] = field(default_factory=dict)

    def of(self, name: str) -> Iterator[tuple[str, str]]:
        """The versions of a file of the folder, then those of all that it was renamed from.

        All of theirs: which of two branches git lists first says nothing of which came first.
        """
        paths = [self.prefix + name]
        for each in paths:
            paths.extend(sorted(self.renamed.get(each, set()) - set(paths)))
        return (version for each in paths for version in self.versions.get(each, ()))


def changed_since(folder: Path, revision: str) -> Changed:
    """The names in a folder that differ from the merge base of `revision` and HEAD, or did in between.

    The working tree counts, untracked files too; a renamed file counts under both names. What was
    changed and changed back counts, because a run between the two may have written it.
    """
    shown = f"--since {shorten(revision, 100)}"
    if _NO_COMMIT.fullmatch(revision):
        return Changed(None, reason=f"{shown} names no commit (a new branch)")
    try:
        repository = Repository(folder)
        base = _merge_base(repository, revision)
        return _changed_since(folder, repository, base)
    except GitFailed as error:
        return Changed(None, reason=f"{shown}: {error}")


def not_checked_out(folder: Path) -> frozenset[str]:
    """The names that git has in a folder and keeps out of the working tree (a sparse checkout)."""
    try:
        return _not_checked_out(Repository(folder))
    except GitFailed:
        return frozenset()


def uncommitted(folder: Path) -> frozenset[str] | None:
    """The names in a folder whose file is not what HEAD has, untracked ones too; None where git cannot tell.

    Those among them that git was told not to look at (`--assume-unchanged`, `--skip-worktree`).
    """
    try:
        repository = Repository(folder)
        where = _pathspec(repository)
        changed = repository.tokens("diff", "-z", "--name-only", "--no-renames", "--no-ext-diff", "HEAD", "--", where)
        untracked = repository.tokens("ls-files", "-z", "--others", "--full-name", "--", where)
        tagged = repository.tokens("ls-files", "-v", "-z", "--full-name", "--", where)
        unseen = (entry[2:] for entry in tagged if entry[0] == "S" or entry[0].islower())
        return frozenset(_names(repository, (*changed, *untracked, *unseen)))
    except GitFailed:
        return None


def gap_of(folder: Path) -> str | None:
    """Why git cannot tell every text that a folder's files held; None where it can."""
    try:
        return _gap(Repository(folder))
    except GitFailed as error:
        return str(error)


@contextmanager
def texts(folder: Path) -> Iterator[Texts]:
    """Every text of a folder's files in all commits that HEAD reaches: at most one `git log`, one `git cat-file`.

    Where git cannot tell, the gap says why.
    """
    with ExitStack() as stack:
        yield Texts(folder, stack)


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


def _not_checked_out(repository: Repository) -> frozenset[str]:
    listed = repository.tokens("ls-files", "-t", "-z", "--full-name", "--", _pathspec(repository))
    return frozenset(_names(repository, (entry[2:] for entry in listed if entry.startswith("S "))))


def _changed_since(folder: Path, repository: Repository, base: str) -> Changed:
    where = _pathspec(repository)
    now = repository.tokens("diff", "-z", "--name-only", "--no-renames", "--no-ext-diff", base, "--", where)
    untracked = repository.tokens("ls-files", "-z", "--others", "--full-name", "--", where)
    between = repository.tokens(
        "log", "-z", "--format=", "--name-only", "--no-renames", "--full-history", "--diff-merges=combined",
        f"{base}..HEAD", "--", where,
    )  # fmt: skip
    paths = (*now, *untracked, *(path.lstrip("\n") for path in between))
    names = frozenset(_names(repository, paths))
    # One that came and went in between is gone too: a run may have written it.
    gone = frozenset(name for name in names if not os.path.lexists(folder / name))
    return Changed(names, gone - _not_checked_out(repository) if gone else gone)


def _pathspec(repository: Repository) -> str:
    return f":(top,literal){repository.prefix}"


def _names(repository: Repository, paths: Iterable[str]) -> Iterator[str]:
    """Those of the paths that stand in the folder itself, as names."""
    for path in paths:
        name = path.removeprefix(repository.prefix)
        if name and "/" not in name and path.startswith(repository.prefix):
            yield name


def _gap(repository: Repository) -> str | None:
    """Why the history may hold less than there was."""
    if repository.run("rev-parse", "--is-shallow-repository").strip() == b"true":
        return f"the clone is shallow; fetch the whole history (git fetch --unshallow), {_ADVICE}"
    return None


def _log(repository: Repository) -> _Log:
    try:
        repository.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except GitFailed:
        return _Log(repository.prefix)  # no commit yet: a history, and an empty one
    versions: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    renamed: defaultdict[str, set[str]] = defaultdict(set)
    try:
        for commit, blob, old, new in _entries(repository.tokens(*_LOG)):
            versions[new].append((commit, blob))
            if old:
                renamed[new].add(old)
    except (IndexError, RuntimeError) as error:
        raise GitFailed("git log answers in a form that is not known here") from error
    return _Log(repository.prefix, versions, renamed)


def _entries(tokens: Iterator[str]) -> Iterator[tuple[str, str, str | None, str]]:
    """(commit, blob, path before a rename or None, path) of each file that a commit left, newest first.

    The form is that of `git diff-tree --raw -z`: one colon a parent, then modes, blobs, status and paths.
    """
    commit = ""
    for token in tokens:
        entry = token.lstrip("\n")
        if not entry.startswith(":"):
            commit = entry or commit
            continue
        parents = len(entry) - len(entry.lstrip(":"))
        fields = entry.split(" ")
        blob, status = fields[2 * parents + 1], fields[-1]
        is_rename = parents == 1 and status[0] in "RC"
        old = next(tokens) if is_rename else None
        path = next(tokens)
        if blob.strip("0"):  # else it was deleted
            yield commit, blob, old, path
