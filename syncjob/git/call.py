"""One call of the git program, so that nothing of anybody's settings runs or leads astray: its environment and its failure."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from syncjob.git import processes
from syncjob.git.processes import CannotStart, Process, TookTooLong, Watch
from syncjob.text.sanitize import shorten

Settings = Iterable[tuple[str, str]]

# Settings of anybody's that change what git prints, or run a program.
_SETTINGS = (
    ("core.fsmonitor", "false"), ("core.hooksPath", os.devnull), ("safe.bareRepository", "explicit"),
    ("core.quotePath", "false"), ("core.checkStat", "default"), ("core.trustctime", "true"), ("color.ui", "false"),
    ("diff.relative", "false"), ("diff.orderFile", os.devnull),
    ("log.follow", "false"), ("log.showRoot", "true"), ("log.showSignature", "false"),
)  # fmt: skip
# All that git is given of the environment: what it is found by, and its user's own settings. No credentials, and
# nothing that names another repository, index, program or file to write.
_KEPT = (
    "PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SUDO_UID", "DEVELOPER_DIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "GIT_EXEC_PATH", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CEILING_DIRECTORIES",
)  # fmt: skip
# A replaced object or a grafted parent is nobody's history, and nothing is fetched.
_SET = {
    "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "LC_ALL": "C",
}  # fmt: skip


class GitFailed(Exception):
    """git is missing, or ended with an error; `str()` says which, in one line."""


def output(root: Path, arguments: Sequence[str], watch: Watch, said: bytes = b"", settings: Settings = ()) -> bytes:
    """What one command that reads `said` prints; raises GitFailed."""
    return completed(root, arguments, watch, said, settings)[0]


def completed(
    root: Path,
    arguments: Sequence[str],
    watch: Watch,
    said: bytes = b"",
    settings: Settings = (),
    *,
    max_status: int = 0,
) -> tuple[bytes, int]:
    """Output and exit status of a command that reads `said`; a status above `max_status` is GitFailed."""
    with started(root, arguments, settings, is_quiet=False) as process:
        out, errors, status = processes.whole(process, watch, said)
    if not 0 <= status <= max_status:
        reason = errors.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise GitFailed(f"git: {shorten(reason) or f'{arguments[0]} ended with status {status}'}")
    return out, status


@contextmanager
def started(
    root: Path, arguments: Sequence[str], settings: Settings = (), *, is_quiet: bool = True
) -> Iterator[Process]:
    """A command until the end of the block; a git that cannot be run, or there takes too long, is GitFailed."""
    command = ["git", "-C", str(root), "--no-pager", *arguments]
    try:
        with processes.started(command, _environment(settings), is_quiet=is_quiet) as process:
            yield process
    except TookTooLong as error:
        raise GitFailed(f"git took {error}") from error
    except CannotStart as error:
        raise GitFailed("git is not installed, or cannot be run") from error


def split(out: bytes) -> list[str]:
    """What git ends with NUL bytes, as text."""
    return os.fsdecode(out).split("\0")[:-1]


def _environment(settings: Settings) -> dict[str, str]:
    """The environment of git, with settings that win over those of any file."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    told = dict(enumerate((*_SETTINGS, *settings)))
    keys = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in told.items()}
    values = {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in told.items()}
    return {**kept, **_SET, **keys, **values, "GIT_CONFIG_COUNT": str(len(told))}
