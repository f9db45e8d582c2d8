"""The branches that HEAD may be behind: that of a step, its upstream, the remotes' defaults."""

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from syncjob.environment import branch_of_step
from syncjob.git.call import ErrorStatus, GitFailed
from syncjob.git.repository import HASH, Repository
from syncjob.text.sanitize import shorten

_FORM = "--format=%(HEAD)%00%(refname)%00%(objectname)%00%(symref)%00%(upstream)"
_REMOTES, _LONGEST = "refs/remotes/", 100


class Branch(NamedTuple):
    """A branch by a name to show, and the full hash of its last commit."""

    name: str
    commit: str


class _Ref(NamedTuple):
    is_head: bool
    name: str
    object_id: str
    target: str
    upstream: str


def beside_head(repository: Repository) -> tuple[Branch, ...]:
    """Those that there are, the one that HEAD most likely belongs to first; raises GitFailed.

    A name of the environment is only compared with those of refs: no ref's name is given to git.
    """
    listed = repository.lines("for-each-ref", _FORM, "refs/heads/", _REMOTES)
    try:
        refs = [_Ref(head == "*", *rest) for head, *rest in (line.split("\0") for line in listed)]
    except TypeError as error:
        raise GitFailed("`git for-each-ref` printed something unexpected; is this git?") from error
    commits = {ref.name: ref.object_id for ref in refs}
    wanted = dict.fromkeys(name for name in _wanted(refs, os.environ) if name in commits)
    return tuple(Branch(_short(name), commits[name]) for name in wanted)


def with_revision(repository: Repository, revision: str | None) -> tuple[Branch, ...]:
    """Those beside HEAD, and the revision of --since as the last; one that leads nowhere is none. Raises GitFailed."""
    branches = beside_head(repository)
    if revision is None:
        return branches
    try:
        commit = repository.commit(revision)
    except ErrorStatus:
        return branches
    return (*branches, Branch(revision[:10] if HASH.fullmatch(revision) else shorten(revision, _LONGEST), commit))


def ahead_of_head(repository: Repository) -> tuple[Branch, ...]:
    """Those beside HEAD that have all that HEAD has, and more; raises GitFailed."""
    there = (branch for branch in beside_head(repository) if branch.commit != repository.head)
    return tuple(branch for branch in there if _has_all(repository, branch.commit))


def _has_all(repository: Repository, commit: str) -> bool:
    """Whether a commit has all that HEAD has; what leads nowhere has not."""
    try:
        return not repository.run("rev-list", "-1", repository.head, f"^{commit}")
    except ErrorStatus:
        if repository.is_commit(commit):
            raise
        return False


def _wanted(refs: list[_Ref], environment: Mapping[str, str]) -> Iterator[str]:
    if branch := branch_of_step(environment):
        yield f"{_REMOTES}origin/{branch}"  # as actions/checkout names it, which may set neither of the others
    yield from (ref.upstream for ref in refs if ref.is_head)
    yield from (ref.target for ref in refs if ref.name.startswith(_REMOTES) and ref.name.endswith("/HEAD"))


def _short(name: str) -> str:
    return shorten(name.removeprefix(_REMOTES).removeprefix("refs/heads/"), _LONGEST)
