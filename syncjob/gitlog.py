"""What `git log` lists: the version of each path that each commit left, and what it was renamed from."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from syncjob.git import GitFailed, Repository

# So many files that went and came in one commit git compares without being told to take its time.
RENAME_LIMIT = 1000
# How long git may take to compare more of them, in seconds.
PATIENCE = 60.0
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
    blob: str
    statuses: str
    olds: tuple[str, ...]
    path: str

    @property
    def renamed_from(self) -> Iterator[str]:
        return (old for old, status in zip(self.olds, self.statuses, strict=True) if status in "RC")


@dataclass(slots=True)
class Log:
    """The (commit, blob) of each version of every path, newest first, and what it was renamed from.

    `unfollowed` are the commits of which not all renames are known.
    """

    prefix: str
    versions: defaultdict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    renamed: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unfollowed: list[str] = field(default_factory=list)

    def of(self, name: str) -> Iterator[tuple[str, str]]:
        """The versions of a file of the folder, then those of all that it was renamed from.

        All of theirs: which of two branches git lists first says nothing of which came first.
        """
        paths = [self.prefix + name]
        for each in paths:
            paths.extend(sorted(self.renamed.get(each, set()) - set(paths)))
        return (version for each in paths for version in self.versions.get(each, ()))


def read(repository: Repository) -> Log:
    """The log of HEAD, without the renames that take long to find; raises GitFailed."""
    log = Log(repository.prefix)
    try:
        repository.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except GitFailed:
        return log  # no commit yet: a history, and an empty one
    commit, kinds = "", Counter[str]()
    for entry in _entries(repository.tokens(*_FORM, f"-l{RENAME_LIMIT}", *_WALK, *_PATHS)):
        if entry.commit != commit:
            _note_unfollowed(log, commit, kinds)
            commit, kinds = entry.commit, Counter()
        kinds[entry.statuses] += 1
        if entry.blob.strip("0"):  # else it was deleted
            log.versions[entry.path].append((commit, entry.blob))
            log.renamed[entry.path].update(entry.renamed_from)
    _note_unfollowed(log, commit, kinds)
    return log


def follow(repository: Repository, log: Log) -> None:
    """Adds the renames that are not known yet, however long a commit is; raises GitFailed where it takes too long."""
    commits, log.unfollowed = log.unfollowed, []
    for start in range(0, len(commits), _HANDFUL):
        some = commits[start : start + _HANDFUL]
        tokens = repository.tokens(*_FORM, "-l0", "--no-walk=unsorted", *some, *_PATHS, seconds=PATIENCE)
        for entry in _entries(tokens):
            log.renamed[entry.path].update(entry.renamed_from)


def _note_unfollowed(log: Log, commit: str, kinds: Counter[str]) -> None:
    """Adds a commit in which git did not compare all that came with all that went.

    What went is not listed of a merge, so there each file that came may be renamed.
    """
    is_merge_with_new = any(len(statuses) > 1 and not statuses.strip("A") for statuses in kinds)
    if is_merge_with_new or kinds["A"] * kinds["D"] > RENAME_LIMIT**2:
        log.unfollowed.append(commit)


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
    except (IndexError, ValueError, RuntimeError) as error:
        raise GitFailed("git log answers in a form that is not known here") from error


def _entry(commit: str, entry: str, tokens: Iterator[str]) -> _Entry:
    parents = len(entry) - len(entry.lstrip(":"))
    fields = entry.split(" ")
    statuses = fields[-1].rstrip("0123456789")  # behind that of a rename stands how much of it is alike
    has_olds = parents > 1 or statuses in "RC"
    olds: Sequence[str] = [_next(tokens) for _ in range(parents)] if has_olds else ()
    path = _next(tokens)
    return _Entry(commit, fields[2 * parents + 1], statuses, tuple(olds) or (path,) * parents, path)


def _next(tokens: Iterator[str]) -> str:
    path = next(tokens, None)
    if path is None:
        raise ValueError("a path is missing")
    return path
