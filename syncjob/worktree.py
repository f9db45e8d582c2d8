"""What git says of the files of a folder as they are: which it keeps to itself, which are no plain text of its own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from syncjob.display import shorten
from syncjob.git import GitFailed, NoRepository, Repository, split
from syncjob.problems import Problem
from syncjob.processes import NEVER, Ending

_HANDFUL = 5_000  # of names that git is told at once
_ATTRIBUTES = ("filter", "working-tree-encoding")
_NO_VALUE = frozenset({"unspecified", "unset", "set"})
_NOT_CHECKED_OUT = "git has this file but did not check it out (a sparse checkout); check it out"


@dataclass(frozen=True, slots=True)
class Worktree:
    """What git says of a folder's files, by name; nothing where there is no repository.

    `problems` are those of files that are there, and of files that git has and that are not gone though they
    are not there. `encodings` are the names of those that git writes in another encoding. `unknown` says why
    git, which is responsible here, cannot tell; None where it can.
    """

    problems: Mapping[str, Problem] = field(default_factory=dict)
    encodings: Mapping[str, str] = field(default_factory=dict)
    unknown: str | None = None


def look(folder: Path, there: Sequence[str], stop: Ending = NEVER) -> Worktree:
    """What git says of a folder in which the files of these names are there."""
    try:
        repository = Repository(folder, stop)
        encodings: dict[str, str] = {}
        problems = dict(_filtered(repository, there, encodings))
        return Worktree({**problems, **dict(_kept(repository, frozenset(there)))}, encodings)
    except NoRepository:
        return Worktree()
    except GitFailed as error:
        return Worktree(unknown=str(error))


def kept_by_git(repository: Repository) -> frozenset[str]:
    """The names that are not gone from a folder, whether their file is there or not; raises GitFailed."""
    return frozenset(name for name, _ in _kept(repository, frozenset()))


def uncommitted(folder: Path, stop: Ending = NEVER) -> frozenset[str] | None:
    """The names in a folder whose file is not what HEAD has, untracked ones too; None where git cannot tell.

    Those among them that git was told not to look at (`--assume-unchanged`, `--skip-worktree`).
    """
    try:
        repository = Repository(folder, stop)
        where = pathspec(repository)
        changed = repository.differing("HEAD", where)
        untracked = repository.tokens("ls-files", "-z", "--others", "--full-name", "--", where)
        tagged = repository.tokens("ls-files", "-v", "-z", "--full-name", "--", where)
        unseen = (entry[2:] for entry in tagged if entry[0] == "S" or entry[0].islower())
        return frozenset(names_of(repository, (*changed, *untracked, *unseen)))
    except GitFailed:
        return None


def pathspec(repository: Repository) -> str:
    return f":(top,literal){repository.prefix}"


def names_of(repository: Repository, paths: Iterable[str]) -> Iterator[str]:
    """Those of the paths that stand in the folder itself, as names."""
    for path in paths:
        name = path.removeprefix(repository.prefix)
        if name and "/" not in name and path.startswith(repository.prefix):
            yield name


def _kept(repository: Repository, there: frozenset[str]) -> Iterator[tuple[str, Problem]]:
    """The problems of what stands in the index and may not be in the working tree."""
    _require_index(repository)
    for entry in repository.tokens("ls-files", "-t", "-s", "-z", "--full-name", "--", pathspec(repository)):
        about, _, path = entry.partition("\t")
        tag, *_, stage = about.split(" ")
        for name in names_of(repository, [path]):
            if not name.lower().endswith(".md"):
                continue
            if stage != "0":
                yield name, _unmerged(path)
            elif tag == "S" and name not in there:
                yield name, Problem("file-special", _NOT_CHECKED_OUT)


def _require_index(repository: Repository) -> None:
    """Raises where there is no index though there are commits: git would take every file for one it never had."""
    if (repository.git_dir / "index").exists():
        return
    try:
        repository.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except GitFailed:
        return
    raise GitFailed("git's index is missing; `git reset` makes a new one")


def _unmerged(path: str) -> Problem:
    return Problem("merge-marker", f"is unmerged; resolve the conflict, then run `git add {shorten(path)}`")


def _filtered(repository: Repository, names: Iterable[str], encodings: dict[str, str]) -> Iterator[tuple[str, Problem]]:
    """The problems of files that a filter stands before; fills `encodings`."""
    left = iter(names)
    while handful := list(islice(left, _HANDFUL)):
        told = "".join(f"{repository.prefix}{name}\0" for name in handful)
        said = split(repository.run("check-attr", "-z", "--stdin", *_ATTRIBUTES, said=_encoded(told)))
        for path, attribute, value in zip(said[::3], said[1::3], said[2::3], strict=True):
            name = path.removeprefix(repository.prefix)
            if value in _NO_VALUE:
                continue
            if attribute == "filter":
                yield name, _behind(value)
            else:
                encodings[name] = value


def _behind(driver: str) -> Problem:
    message = (
        f"git passes this file through the filter {shorten(driver)!r} (gitattributes); a description must not have one"
    )
    return Problem("file-special", message)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
