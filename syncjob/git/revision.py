"""The commit that a revision names."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from syncjob.environment import is_step
from syncjob.git.call import GitFailed
from syncjob.git.git import Git
from syncjob.text.sanitize import shorten

_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NO_COMMIT = re.compile(r"0{40}(?:0{24})?")


@dataclass(frozen=True, slots=True)
class Named:
    """The full hash of a commit, None with the reason if a revision names none here. `is_slip`: it was mistyped."""

    commit: str | None
    reason: str = ""
    is_slip: bool = False


def named(folder: Path, revision: str, git: Git) -> Named:
    """The commit that a revision names in the repository around a folder; raises Stopped."""
    shown = f"--since {shorten(revision, 100)}"
    if _NO_COMMIT.fullmatch(revision):
        return Named(None, f"{shown} names no commit (a new branch)")
    try:
        repository = git.around(folder)
    except GitFailed as error:
        return Named(None, f"{shown}: {error}")
    try:
        wanted = f"{revision}^{{commit}}"
        commit = repository.run("rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
    except GitFailed:
        is_slip = not (_HASH.fullmatch(revision) or is_step(os.environ))
        return Named(None, f"{shown}: no such commit or branch here", is_slip)
    return Named(commit.decode().strip())
