"""What `git log` lists: the version of each path that each commit left, and what it was renamed from."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from syncjob.git.call import GitFailed
from syncjob.git.repository import Repository

# As many files that went and came in one commit git compares at once, without taking long.
RENAME_LIMIT = 1000
# How long git may take to compare more of them, in seconds.
PATIENCE = 60.0
_FILE = "100"  # begins the mode of a file: neither of a link or a submodule, nor of what is gone
_HANDFUL = 20_000  # of commits, as many as fit on a command line
_FORM = (
    "log", "--diff-merges=combined", "--combined-all-paths", "-z", "--raw", "--no-abbrev", "--find-renames", "--format=%H",
)  # fmt: skip
# Every commit that HEAD reaches, children before parents; a merge is listed with what is in none of its parents.
_WALK = ("--topo-order", "--full-history", "HEAD")
# All Markdown of the repository, because a rename may lead from another folder.
_PATHS = ("--", "*.md")


class _Entry(NamedTuple):
    """What a commit did to a path; `statuses` are one letter a parent, `olds` what it was called in those."""

    commit: str
    mode: str
    blob: str
    statuses: str
    olds: tuple[str, ...]
    path: str

    @property
    def is_new(self) -> bool:
        """Whether no parent has the path, under any name that git has found."""
        return not self.statuses.strip("A")

    @property
    def renamed_from(self) -> Iterator[str]:
        return (old for old, status in zip(self.olds, self.statuses, strict=True) if status in "RC")


@dataclass(slots=True)
class Log:
    """The (commit, blob) of each version of every path, newest first, and what it was renamed from.

    `unfollowed` are the commits of which not all renames are known, `uncertain` the paths that were new in them.
    """

    prefix: str
    versions: defaultdict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    renamed: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unfollowed: list[str] = field(default_factory=list)
    uncertain: set[str] = field(default_factory=set)

    def of(self, name: str) -> Iterator[tuple[str, str]]:
        """The versions of a file of the folder, then those of all that it was renamed from.

        All of theirs: which of two branches git lists first says nothing of which came first.
        """
        return (version for path in self._paths(name) for version in self.versions.get(path, ()))

    def is_uncertain(self, name: str) -> bool:
        """Whether a file may have been renamed from more than is known."""
        return bool(self.uncertain) and not self.uncertain.isdisjoint(self._paths(name))

    def _paths(self, name: str) -> dict[str, None]:
        paths: dict[str, None] = {}
        left = [self.prefix + name]
        for path in left:
            if path not in paths:
                paths[path] = None
                left.extend(sorted(self.renamed.get(path, ())))
        return paths


def read(repository: Repository) -> Log:
    """The log of HEAD, without the renames that take long to find; raises GitFailed."""
    log = Log(repository.prefix)
    entries = _entries(repository.tokens(*_FORM, f"-l{RENAME_LIMIT}", *_WALK, *_PATHS))
    try:
        for commit, of_commit in groupby(entries, key=attrgetter("commit")):
            _take_in(log, commit, tuple(of_commit))
    except GitFailed:
        if not repository.is_unborn():
            raise
    return log  # of a branch without a commit a history, and an empty one


def follow(repository: Repository, log: Log) -> None:
    """Adds the renames that are not known yet, however long a commit is; raises GitFailed if it takes too long."""
    for start in range(0, len(log.unfollowed), _HANDFUL):
        some = log.unfollowed[start : start + _HANDFUL]
        tokens = repository.tokens(*_FORM, "-l0", "--no-walk=unsorted", *some, *_PATHS, seconds=PATIENCE)
        for entry in _entries(tokens):
            log.renamed[entry.path].update(entry.renamed_from)
    log.uncertain.clear()


def _take_in(log: Log, commit: str, entries: Sequence[_Entry]) -> None:
    for entry in entries:
        if entry.mode.startswith(_FILE):
            log.versions[entry.path].append((commit, entry.blob))
            log.renamed[entry.path].update(entry.renamed_from)
    new = [entry.path for entry in entries if entry.is_new]
    gone = sum(entry.statuses == "D" for entry in entries)
    # What went is not listed of a merge, so there each file that is new may be renamed.
    if (new and len(entries[0].statuses) > 1) or len(new) * gone > RENAME_LIMIT**2:
        log.unfollowed.append(commit)
        log.uncertain.update(new)


def _entries(tokens: Iterator[str]) -> Iterator[_Entry]:
    """What each commit did to each path, newest first; raises GitFailed.

    The form is that of `git diff-tree --raw -z`: one colon a parent, then modes, blobs, status and paths.
    """
    commit = ""
    try:
        for token in tokens:
            entry = token.lstrip("\n")
            if entry.startswith(":"):
                yield _entry(commit, entry, tokens)
            else:
                commit = entry or commit
    except (IndexError, ValueError, RuntimeError, StopIteration) as error:
        raise GitFailed("`git log` printed something unexpected; is this git?") from error


def _entry(commit: str, entry: str, tokens: Iterator[str]) -> _Entry:
    parents = len(entry) - len(entry.lstrip(":"))
    fields = entry.split(" ")
    statuses = fields[-1].rstrip("0123456789")  # a rename's says how much of it is alike
    has_olds = parents > 1 or statuses in "RC"
    olds: Sequence[str] = [next(tokens) for _ in range(parents)] if has_olds else ()
    path = next(tokens)
    return _Entry(commit, fields[parents], fields[2 * parents + 1], statuses, tuple(olds) or (path,) * parents, path)
