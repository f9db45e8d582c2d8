"""What a person can do so that git can tell all."""

import os

from syncjob.environment import is_step
from syncjob.git.call import GitFailed
from syncjob.git.git import NoRepository

FETCH = "run `git fetch --unshallow`"
_BEGIN = "run `git init` and commit, then `syncjob pull` and commit what it took"


def with_advice(error: GitFailed) -> str:
    return f"{error}; {advice(_BEGIN)}" if isinstance(error, NoRepository) else str(error)


def advice(elsewhere: str) -> str:
    """How to come by a whole history: a checkout of GitHub Actions has one commit by default."""
    return "check out with fetch-depth: 0" if is_step(os.environ) else elsewhere
