"""Which of a folder's files changed since a revision, and whether that revision is later than HEAD."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from syncjob.environment import is_step
from syncjob.git.call import EndedEarly, ErrorStatus, GitFailed
from syncjob.git.git import Git
from syncjob.git.history.advice import FETCH, advice
from syncjob.git.history.branches import beside_head
from syncjob.git.repository import HASH, Repository
from syncjob.git.worktree import kept_by_git, names_unlike
from syncjob.text.sanitize import shorten

_NO_COMMIT = re.compile(r"0{40}(?:0{24})?")

_TOUCHED = (
    "log", "-z", "--format=", "--name-only", "--no-renames", "--full-history", "--diff-merges=combined",
)  # fmt: skip
_HANDFUL = 1_000  # of names on a command line


@dataclass(frozen=True, slots=True)
class Changed:
    """Names of the files that changed since a revision; `names` is None, with the reason, if that is not known.

    `deleted` are those that are gone, and were not just not checked out. `beside` are those whose own file did not
    change, only one in the subfolder. `is_slip`: the revision was mistyped, or git was ended before it could tell.
    `is_old`: HEAD is an ancestor of the revision, and not where its branch has been put back to.
    """

    names: frozenset[str] | None
    deleted: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()
    reason: str = ""
    is_slip: bool = False
    is_old: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """The full hash of a commit; None, with the reason, if a revision names none here. `is_slip` as in Changed."""

    commit: str | None
    reason: str = ""
    is_slip: bool = False


class _NoSuchCommit(GitFailed):
    """A revision that names nothing here."""


def changed_since(
    folder: Path, revision: str, git: Git, *, beside: str = "", name_of: Callable[[str], str] = str
) -> Changed:
    """The names in a folder that differ from the merge base of `revision` and HEAD, or did in between.

    The working tree counts, untracked files too; a renamed file counts under both names. What was
    changed and changed back counts, because a run between the two may have written it. So does each file
    to which one that was committed in the subfolder `beside` belongs, by its `name_of`.
    """
    found = named(folder, revision, git)
    if found.commit is None:
        return Changed(None, reason=found.reason, is_slip=found.is_slip)
    try:
        repository = git.around(folder)
        base = _merge_base(repository, found.commit)
        between = _touched(repository, f"{base}..{repository.head}", repository.pathspec())
        besides = map(name_of, _below(repository, base, beside, between)) if beside else ()
        changed = _changed_since(folder, repository, base, between, frozenset(besides))
        return replace(changed, is_old=_is_old(repository, found.commit, base))
    except GitFailed as error:
        return Changed(None, reason=f"{_shown(revision)}: {error}", is_slip=isinstance(error, EndedEarly))


def named(folder: Path, revision: str, git: Git) -> Named:
    """The commit that a revision names in the repository around a folder; raises Stopped."""
    if _NO_COMMIT.fullmatch(revision):
        return Named(None, f"{_shown(revision)} names no commit (a new branch)")
    try:
        return Named(_commit(git.around(folder), revision))
    except GitFailed as error:
        # In a checkout of one commit, or once a branch was rewritten, there may be such a commit elsewhere.
        is_typed = isinstance(error, _NoSuchCommit) and not (HASH.fullmatch(revision) or is_step(os.environ))
        is_slip = is_typed or isinstance(error, EndedEarly)
        return Named(None, f"{_shown(revision)}: {error}", is_slip)


def _shown(revision: str) -> str:
    return f"--since {shorten(revision, 100)}"


def commits_since(folder: Path, revision: str, git: Git) -> frozenset[str]:
    """The commits that HEAD reaches and `revision` does not; none if git cannot tell. Raises EndedEarly."""
    try:
        repository = git.around(folder)
        return frozenset(repository.lines("rev-list", f"{repository.commit(revision)}..{repository.head}"))
    except EndedEarly:
        raise
    except GitFailed:
        return frozenset()


def _commit(repository: Repository, revision: str) -> str:
    try:
        return repository.commit(revision)
    except ErrorStatus as error:
        how = advice("`git branch --all` lists what there is")
        raise _NoSuchCommit(f"no such commit or branch here; {how}") from error


def _is_old(repository: Repository, commit: str, base: str) -> bool:
    """Whether HEAD, of that merge base with a commit, is a proper ancestor of it, and not what its branch now is."""
    if base == commit or repository.head != base:
        return False
    return all(branch.commit != base for branch in beside_head(repository)[:1])


def _merge_base(repository: Repository, commit: str) -> str:
    try:
        (base,) = repository.lines("merge-base", commit, repository.head)
    except ErrorStatus as error:
        raise GitFailed(f"it has no commit in common with HEAD; {advice(FETCH)}") from error
    except ValueError as error:
        raise EndedEarly("merge-base") from error
    return base


def _changed_since(
    folder: Path, repository: Repository, base: str, between: Sequence[str], besides: frozenset[str]
) -> Changed:
    """What changed, also `between` by its path, and the names of `besides`, whose own file may not have changed."""
    own = names_unlike(repository, base, folder) | frozenset(repository.names(between))
    names = own | besides
    # One that came and went in between is gone too: a run may have written it.
    gone = frozenset(name for name in names if not os.path.lexists(folder / name))
    unknown = gone - own
    gone -= unknown - _had(repository, sorted(unknown))
    return Changed(names, gone - kept_by_git(repository) if gone else gone, names - own)


def _below(repository: Repository, base: str, subfolder: str, between: Sequence[str]) -> frozenset[str]:
    """The names in a subfolder that changed; `between` are the paths that commits changed."""
    inside = repository.seen_from(Path(repository.prefix) / subfolder)
    listed = repository.all_tokens(
        "diff-tree", "-r", "-z", "--name-only", "--no-renames", base, repository.head, "--", inside.pathspec()
    )
    return frozenset(inside.names((*listed, *between)))


def _touched(repository: Repository, commits: str, *pathspecs: str) -> list[str]:
    """The paths that commits changed."""
    listed = repository.tokens(*_TOUCHED, commits, "--", *pathspecs)
    return [path.lstrip("\n") for path in listed]


def _had(repository: Repository, names: Sequence[str]) -> frozenset[str]:
    """Those of the names that a commit touched which HEAD reaches."""
    parts = [names[start : start + _HANDFUL] for start in range(0, len(names), _HANDFUL)]
    paths = (path for part in parts for path in _touched(repository, repository.head, *map(repository.pathspec, part)))
    return frozenset(repository.names(paths))
