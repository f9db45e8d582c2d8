"""Which of a folder's files changed since a revision, and whether that revision is later than HEAD."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from syncjob.environment import is_step
from syncjob.git.advice import FETCH, advice
from syncjob.git.branches import beside_head
from syncjob.git.call import GitFailed
from syncjob.git.git import Git
from syncjob.git.repository import Repository
from syncjob.git.worktree import kept_by_git, names_unlike
from syncjob.text.sanitize import shorten

_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NO_COMMIT = re.compile(r"0{40}(?:0{24})?")


@dataclass(frozen=True, slots=True)
class Changed:
    """Names of the files that changed since a revision; `names` is None, with the reason, if that is not known.

    `deleted` are those that are gone, and were not just not checked out. `is_slip`: the revision was mistyped.
    `is_old`: HEAD is an ancestor of the revision, and not where its branch has been put back to.
    """

    names: frozenset[str] | None
    deleted: frozenset[str] = frozenset()
    reason: str = ""
    is_slip: bool = False
    is_old: bool = False


class _NoSuchCommit(GitFailed):
    """A revision that names nothing here."""


def changed_since(folder: Path, revision: str, git: Git) -> Changed:
    """The names in a folder that differ from the merge base of `revision` and HEAD, or did in between.

    The working tree counts, untracked files too; a renamed file counts under both names. What was
    changed and changed back counts, because a run between the two may have written it.
    """
    shown = f"--since {shorten(revision, 100)}"
    if _NO_COMMIT.fullmatch(revision):
        return Changed(None, reason=f"{shown} names no commit (a new branch)")
    try:
        repository = git.around(folder)
        commit = _commit(repository, revision)
        base = _merge_base(repository, commit)
        changed = _changed_since(folder, repository, base)
        return replace(changed, is_old=_is_old(repository, commit, base))
    except GitFailed as error:
        # In a checkout of one commit, or once a branch was rewritten, there may be such a commit elsewhere.
        is_slip = isinstance(error, _NoSuchCommit) and not (_HASH.fullmatch(revision) or is_step(os.environ))
        return Changed(None, reason=f"{shown}: {error}", is_slip=is_slip)


def _commit(repository: Repository, revision: str) -> str:
    try:
        return repository.commit(revision)
    except GitFailed as error:
        how = advice("`git branch --all` lists what there is")
        raise _NoSuchCommit(f"no such commit or branch here; {how}") from error


def _is_old(repository: Repository, commit: str, base: str) -> bool:
    """Whether HEAD, of that merge base with a commit, is a proper ancestor of it, and not what its branch now is."""
    if base == commit or repository.commit() != base:
        return False
    return all(branch.commit != base for branch in beside_head(repository)[:1])


def _merge_base(repository: Repository, commit: str) -> str:
    try:
        return repository.run("merge-base", commit, "HEAD").decode().strip()
    except GitFailed as error:
        raise GitFailed(f"it has no commit in common with HEAD; {advice(FETCH)}") from error


def _changed_since(folder: Path, repository: Repository, base: str) -> Changed:
    between = repository.tokens(
        "log", "-z", "--format=", "--name-only", "--no-renames", "--full-history", "--diff-merges=combined",
        f"{base}..HEAD", "--", repository.pathspec(),
    )  # fmt: skip
    now = names_unlike(repository, base, folder)
    names = now | frozenset(repository.names(path.lstrip("\n") for path in between))
    # One that came and went in between is gone too: a run may have written it.
    gone = frozenset(name for name in names if not os.path.lexists(folder / name))
    return Changed(names, gone - kept_by_git(repository) if gone else gone)
