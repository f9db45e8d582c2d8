"""What `git log` lists: the version of each path that each commit left, and what it was renamed from."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import attrgetter
from typing import NamedTuple

from syncjob.git.call import GitFailed
from syncjob.git.repository import Repository, is_file

# As many files that went and came in one commit git compares at once, without taking long.
RENAME_LIMIT = 1000
# How long git may take to compare more of them, in seconds.
PATIENCE = 60.0
_HANDFUL = 20_000  # of commits, as many as fit on a command line
_FORM = (
    "log", "--diff-merges=combined", "--combined-all-paths", "-z", "--raw", "--no-abbrev", "--find-renames", "--format=%H %P",
)  # fmt: skip
# Every commit, those of later dates first; a merge is listed with what is in none of its parents. In topological order
# git would walk through all of them before it lists the first.
_WALK = ("--full-history",)
# All Markdown of the repository, because a rename may lead from another folder.
_PATHS = ("--", "*.md")


class BlobVersion(NamedTuple):
    """A blob that a file had at a commit, which brought it, or only had it still, just before another replaced it."""

    commit: str
    blob: str
    is_brought: bool


class _Entry(NamedTuple):
    """What a commit did to a path. `statuses` are one letter a parent, `olds` what it was called in those.

    `modes` and `blobs` are those of the parents, then the commit's own.
    """

    commit: str
    parents: tuple[str, ...]
    modes: tuple[str, ...]
    blobs: tuple[str, ...]
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

    @property
    def replaced(self) -> Iterator[tuple[str, str, str]]:
        """The (path, blob, commit) of what the parents have; a root has none."""
        for old, mode, blob, parent in zip(self.olds, self.modes, self.blobs, self.parents, strict=False):
            if is_file(mode):
                yield old, blob, parent


@dataclass(slots=True)
class Log:
    """The (commit, blob) of each version of every path, newest first, and what it was renamed from, as far as asked.

    `replaced`: blobs that a later commit replaced and whose own commit is not read yet, each with one that had it still.
    `unfollowed` are the commits of which not all renames are known, `uncertain` the paths that were new in them. `more`
    reads one entry on with each step.
    """

    prefix: str
    versions: defaultdict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    replaced: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    renamed: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unfollowed: list[str] = field(default_factory=list)
    uncertain: set[str] = field(default_factory=set)
    more: Iterator[None] = field(default_factory=lambda: iter(()))
    entries: int = 0

    def of(self, name: str, known_as: Iterable[str] = ()) -> Iterator[BlobVersion]:
        """The versions of a file of the folder, and those of all that it was renamed from or is `known_as`.

        All of theirs: which of two branches git lists first says nothing of which came first. Raises GitFailed. The log
        is read on in steps that double what was read, so that a path is looked up a few times, and not for each entry.
        """
        given: Counter[str] = Counter()
        while True:
            entries = self.entries
            paths = self.paths(name, known_as)
            for path in paths:
                for version in islice(self.versions.get(path, ()), given[path], None):
                    given[path] += 1
                    yield BlobVersion(*version, is_brought=True)
            for path in paths:
                for blob, commit in tuple(self.replaced.get(path, {}).items()):
                    yield BlobVersion(commit, blob, is_brought=False)
            if entries == self.entries and not self._read_on():
                return

    def _read_on(self) -> bool:
        return sum(1 for _ in islice(self.more, max(1, self.entries))) > 0

    def is_uncertain(self, name: str) -> bool:
        """Whether a file may have been renamed from more than is known."""
        return bool(self.uncertain) and not self.uncertain.isdisjoint(self.paths(name))

    def paths(self, name: str, known_as: Iterable[str] = ()) -> dict[str, None]:
        """The path of a file of the folder, and those that it was renamed from."""
        paths: dict[str, None] = {}
        left = [self.prefix + name, *known_as]
        for path in left:
            if path not in paths:
                paths[path] = None
                left.extend(sorted(self.renamed.get(path, ())))
        return paths


@contextmanager
def reading(repository: Repository, *revisions: str) -> Iterator[Log]:
    """The log of revisions, without the renames that take long to find; git ends with the block."""
    with closing(repository.tokens(*_FORM, f"-l{RENAME_LIMIT}", *_WALK, *revisions, *_PATHS)) as tokens:
        log = Log(repository.prefix)
        log.more = _taken_in(log, _of_history(repository, _entries(tokens)))
        yield log


def _of_history(repository: Repository, entries: Iterator[_Entry]) -> Iterator[_Entry]:
    """The entries; a branch without a commit has a history, and an empty one."""
    try:
        yield from entries
    except GitFailed:
        if not repository.is_unborn():
            raise


def follow(repository: Repository, log: Log) -> None:
    """Adds the renames that are not known yet, however long a commit is; raises GitFailed if it takes too long."""
    for start in range(0, len(log.unfollowed), _HANDFUL):
        some = log.unfollowed[start : start + _HANDFUL]
        tokens = repository.tokens(*_FORM, "-l0", "--no-walk=unsorted", *some, *_PATHS, seconds=PATIENCE)
        for entry in _entries(tokens):
            log.renamed[entry.path].update(entry.renamed_from)
    log.uncertain.clear()


def _taken_in(log: Log, entries: Iterator[_Entry]) -> Iterator[None]:
    """Takes the entries into the log, one with each step."""
    for commit, of_commit in groupby(entries, key=attrgetter("commit")):
        new: list[str] = []
        gone, parents = 0, 1
        for entry in of_commit:
            _take_in(log, entry)
            new += [entry.path] if entry.is_new else []
            gone += entry.statuses == "D"
            parents = len(entry.statuses)
            yield
        # What went is not listed of a merge, so there each file that is new may be renamed.
        if (new and parents > 1) or len(new) * gone > RENAME_LIMIT**2:
            log.unfollowed.append(commit)
            log.uncertain.update(new)


def _take_in(log: Log, entry: _Entry) -> None:
    log.entries += 1
    if is_file(entry.modes[-1]):
        log.versions[entry.path].append((entry.commit, entry.blobs[-1]))
        log.renamed[entry.path].update(entry.renamed_from)
        log.replaced[entry.path].pop(entry.blobs[-1], None)
    for path, blob, commit in entry.replaced:
        log.replaced[path][blob] = commit


def _entries(tokens: Iterator[str]) -> Iterator[_Entry]:
    """What each commit did to each path, newest first; raises GitFailed.

    The form is that of `git diff-tree --raw -z`: one colon a parent, then modes, blobs, status and paths.
    """
    commits = [""]
    try:
        for token in tokens:
            entry = token.lstrip("\n")
            if entry.startswith(":"):
                yield _entry(commits, entry, tokens)
            else:
                commits = entry.split() or commits
    except (IndexError, ValueError, RuntimeError, StopIteration) as error:
        raise GitFailed("`git log` printed something unexpected; is this git?") from error


def _entry(commits: Sequence[str], entry: str, tokens: Iterator[str]) -> _Entry:
    """What a commit, the first of them, did that has the others for parents."""
    count = len(entry) - len(entry.lstrip(":"))
    fields = entry.lstrip(":").split(" ")
    statuses = fields[-1].rstrip("0123456789")  # a rename's says how much of it is alike
    has_olds = count > 1 or statuses in "RC"
    olds: Sequence[str] = [next(tokens) for _ in range(count)] if has_olds else ()
    path = next(tokens)
    modes, blobs = fields[: count + 1], fields[count + 1 : 2 * count + 2]
    if len(blobs) <= count or len(statuses) != count:
        raise ValueError(entry)
    commit, *parents = commits
    whole = tuple(olds) or (path,) * count
    return _Entry(commit, tuple(parents), tuple(modes), tuple(blobs), statuses, whole, path)
