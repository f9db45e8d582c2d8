"""One call of the git program, so that nothing of anybody's settings runs or leads astray: its environment and its failure."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from syncjob.git import processes
from syncjob.git.processes import CannotStart, Process, TookTooLong, Watch
from syncjob.text.sanitize import shorten

Settings = Iterable[tuple[str, str]]

# A shell's status for a program that a signal ended is above 128, and git's for wrong usage is 129.
_BY_SIGNAL = range(130, 128 + 65)

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


class ErrorStatus(GitFailed):
    """git ended by itself, with a `status` that names an error; by 1 some commands just say no."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class EndedEarly(GitFailed):
    """git was ended before it had printed all: that something is not in its output says nothing."""

    def __init__(self, command: str, signal: int = 0) -> None:
        by = f"was ended by signal {signal}" if signal else "ended"
        super().__init__(f"git {command} {by} before it had printed all; run this again")


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
        raise failure(arguments[0], status, errors)
    return out, status


def failure(command: str, status: int, errors: bytes = b"") -> GitFailed:
    """What it says that a command ended with a status, and what it printed on stderr; at 0 there was to be more."""
    if status <= 0:
        return EndedEarly(command, -status)
    if status in _BY_SIGNAL:
        return EndedEarly(command, status - 128)
    reason = errors.decode("utf-8", "replace").strip().removeprefix("fatal: ")
    return ErrorStatus(f"git: {shorten(reason)}" if reason else f"git {command} ended with status {status}", status)


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


def split(out: bytes, end: str = "\0", *, command: str) -> list[str]:
    """What a command of git ends with NUL bytes, or with another `end`, as text; raises EndedEarly."""
    *whole, rest = os.fsdecode(out).split(end)
    if rest:
        raise EndedEarly(command)
    return whole


def _environment(settings: Settings) -> dict[str, str]:
    """The environment of git, with settings that win over those of any file."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    told = dict(enumerate((*_SETTINGS, *settings)))
    keys = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in told.items()}
    values = {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in told.items()}
    return {**kept, **_SET, **keys, **values, "GIT_CONFIG_COUNT": str(len(told))}
