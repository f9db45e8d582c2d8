"""A new repository, the only thing that git makes here, and the branch that another one's changes are merged into."""

from contextlib import suppress
from pathlib import Path

from syncjob.git import call
from syncjob.git.call import ErrorStatus
from syncjob.git.processes import NEVER, Watch
from syncjob.git.repository import Repository

_SECONDS = 30.0
_DEFAULT = "refs/remotes/origin/HEAD"


def new_repository(folder: Path, branch: str) -> None:
    """`git init`; raises GitFailed."""
    call.output(folder, ("init", "--quiet", f"--initial-branch={branch}"), Watch(NEVER, _SECONDS))


def main_branch(repository: Repository) -> str | None:
    """The default branch of `origin`, else the one that is checked out; None if none is. Raises GitFailed."""
    for name, prefix in ((_DEFAULT, "refs/remotes/origin/"), ("HEAD", "refs/heads/")):
        with suppress(ErrorStatus):
            (target,) = repository.lines("symbolic-ref", "--quiet", name)
            if target.startswith(prefix):
                return target.removeprefix(prefix)
    return None
