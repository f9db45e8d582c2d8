"""What git says of the files of a folder as they are: which it keeps to itself, which are no plain text of its own."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from syncjob.git.call import EndedEarly, GitFailed
from syncjob.git.git import Git, NoRepository
from syncjob.git.repository import Repository
from syncjob.problems import Problem
from syncjob.text.sanitize import shorten

_HANDFUL = 5_000  # of names that git gets at once
_FILTER, _ENCODING = "filter", "working-tree-encoding"
_NO_VALUE = frozenset({"unspecified", "unset", "set"})
# git may have been told that a name is another's file but for case or Unicode form; a folder need not know of that.
_BY_LETTER = (("core.ignorecase", "false"), ("core.precomposeunicode", "false"))
_NOT_CHECKED_OUT = "git has this file but did not check it out (a sparse checkout); check it out"


@dataclass(frozen=True, slots=True)
class Worktree:
    """What git says of a folder's files, by name; nothing if there is no repository.

    `problems` are those of files that are there, and of files that git has and that are not gone though they
    are not there. `encodings` are the names of those that git writes in another encoding. `unknown` says why
    git, which is responsible here, cannot tell; None if it can.
    """

    problems: Mapping[str, Problem] = field(default_factory=dict)
    encodings: Mapping[str, str] = field(default_factory=dict)
    unknown: str | None = None

    def plus(self, other: "Worktree") -> "Worktree":
        """This, and what git says of other names."""
        return Worktree({**self.problems, **other.problems}, {**self.encodings, **other.encodings}, self.unknown)


def look(folder: Path, names: Sequence[str], git: Git, *, are_there: bool = True) -> Worktree:
    """What git says of a folder in which the files of these names are there, or of the files that they will be."""
    try:
        repository = git.around(folder)
        _ = repository.head  # before any file is read: what it is judged by is of the same commit
        attributes = list(_attributes(repository, names))
        filtered = {name: _behind(value) for name, attribute, value in attributes if attribute == _FILTER}
        kept = dict(_kept(repository, frozenset(names))) if are_there else {}
        encodings = {name: value for name, attribute, value in attributes if attribute == _ENCODING}
        return Worktree({**filtered, **kept}, encodings)
    except NoRepository:
        return Worktree()
    except GitFailed as error:
        return Worktree(unknown=str(error))


def has_moved(folder: Path, git: Git) -> bool:
    """Whether HEAD is no longer what the run is judged by; raises GitFailed if that cannot be told any more."""
    try:
        repository = git.around(folder)
    except NoRepository:
        return False
    return repository.head != "HEAD" and repository.head != repository.commit()


def kept_by_git(repository: Repository) -> frozenset[str]:
    """The names that are not gone from a folder, whether their file is there or not; raises GitFailed."""
    return frozenset(name for name, _ in _kept(repository, frozenset()))


def not_checked_out(folder: Path, subfolder: str, git: Git) -> frozenset[str]:
    """The names in a subfolder that git has and did not check out (a sparse checkout); raises GitFailed."""
    try:
        around = git.around(folder)
    except NoRepository:
        return frozenset()
    repository = around.seen_from(Path(around.prefix) / subfolder)
    listed = repository.tokens("ls-files", "-t", "-z", "--full-name", "--", repository.pathspec())
    kept = [entry[2:] for entry in listed if entry.startswith("S ")]
    return frozenset(name for name in repository.names(kept) if not os.path.lexists(folder / subfolder / name))


def uncommitted(folder: Path, git: Git) -> frozenset[str] | None:
    """The names in a folder whose file is not what HEAD has; None if git cannot tell. Raises EndedEarly."""
    try:
        repository = git.around(folder)
        if not repository.is_unborn():
            return names_unlike(repository, repository.head, folder)
        listed = repository.tokens("ls-files", "-z", "--cached", "--others", "--full-name", "--", repository.pathspec())
        return frozenset(repository.names(listed))
    except EndedEarly:
        raise
    except GitFailed:
        return None


def names_unlike(repository: Repository, tree: str, folder: Path) -> frozenset[str]:
    """The names in a folder whose file is not what a tree has, untracked ones too; raises GitFailed.

    And those that are there and that git was told not to look at (`--assume-unchanged`, `--skip-worktree`).
    """
    listed = repository.tokens(
        "ls-files", "-v", "-z", "--cached", "--others", "--full-name", "--", repository.pathspec(), settings=_BY_LETTER
    )
    untracked = [entry[2:] for entry in listed if entry[0] in "?S" or entry[0].islower()]
    unseen = (name for name in repository.names(untracked) if os.path.lexists(folder / name))
    return frozenset((*repository.names(repository.differing(tree)), *unseen))


def _kept(repository: Repository, there: frozenset[str]) -> Iterator[tuple[str, Problem]]:
    """The problems of what is in the index and may not be in the working tree."""
    _require_index(repository)
    for entry in repository.tokens("ls-files", "-t", "-s", "-z", "--full-name", "--", repository.pathspec()):
        about, _, path = entry.partition("\t")
        if about.startswith("H ") and about.endswith(" 0"):  # as nearly all are
            continue
        tag, *_, stage = about.split(" ")
        for name in repository.names([path]):
            if not name.lower().endswith(".md"):
                continue
            if stage != "0":
                message = f"is unmerged; resolve the conflict, then run `git add {shorten(path)}`"
                yield name, Problem("merge-marker", message)
            elif tag == "S" and name not in there:
                yield name, Problem("file-special", _NOT_CHECKED_OUT)


def _require_index(repository: Repository) -> None:
    """Raises if there is no index though there are commits: git would take every file for one it never had."""
    if not (repository.git_dir / "index").exists() and not repository.is_unborn():
        raise GitFailed("git's index is missing; `git reset` makes a new one")


def _attributes(repository: Repository, names: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """(name, attribute, value) of those attributes that have one; a filter may be called what git prints for none."""
    left = iter(names)
    while handful := list(islice(left, _HANDFUL)):
        none = {_FILTER: _NO_VALUE - repository.drivers, _ENCODING: _NO_VALUE}
        told = "".join(f"{repository.prefix}{name}\0" for name in handful)
        said = repository.all_tokens("check-attr", "-z", "--stdin", *none, said=os.fsencode(told))
        if len(said) != 3 * len(none) * len(handful):
            raise EndedEarly("check-attr")
        for path, attribute, value in zip(said[::3], said[1::3], said[2::3], strict=True):
            if value not in none[attribute]:
                yield path.removeprefix(repository.prefix), attribute, value


def _behind(driver: str) -> Problem:
    what = f"git passes this file through the filter {shorten(driver)!r} (gitattributes)"
    return Problem("file-special", f"{what}; a description must not have one")
