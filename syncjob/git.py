"""The git program, run in one repository; the only module that starts processes."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from syncjob.display import shorten

# Settings of a user's own that change what git prints, or run a program.
_PLAIN = (
    "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "diff.relative=false", "-c", "color.ui=false",
    "-c", "log.follow=false", "-c", "log.showRoot=true", "-c", "log.showSignature=false",
)  # fmt: skip


class GitFailed(Exception):
    """git is missing, or ended with an error; `str()` says which, in one line."""


class Repository:
    """The repository around a folder, which need not exist any more; raises GitFailed where there is none.

    `prefix` leads from its root to the folder: "" or with a final slash.
    """

    def __init__(self, folder: Path) -> None:
        resolved = folder.resolve()
        there = next(path for path in (resolved, *resolved.parents) if path.is_dir())
        self._root = os.fsdecode(_run(str(there), "rev-parse", "--show-toplevel").removesuffix(b"\n"))
        try:
            prefix = resolved.relative_to(Path(self._root).resolve()).as_posix()
        except ValueError as error:
            raise GitFailed("git names a working tree that the descriptions are not in") from error
        self.prefix = "" if prefix == "." else f"{prefix}/"

    def run(self, *arguments: str) -> bytes:
        """What one command prints; raises GitFailed."""
        return _run(self._root, *arguments)

    def tokens(self, *arguments: str) -> Iterator[str]:
        """What one command prints, between NUL bytes, while it runs; raises GitFailed at its end."""
        with self._running(*arguments) as process:
            assert process.stdout  # noqa: S101  a pipe, by the call that made it
            rest = b""
            while chunk := process.stdout.read(1 << 16):
                *whole, rest = (rest + chunk).split(b"\0")
                yield from map(os.fsdecode, whole)
            status = process.wait()
        if status:
            raise GitFailed(f"git {arguments[0]} ended with status {status}")

    @contextmanager
    def blobs(self) -> Iterator["Blobs"]:
        """The contents of blobs, by one process for all of them."""
        with self._running("cat-file", "--batch") as process:
            yield Blobs(process)

    @contextmanager
    def _running(self, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A command that only reads; ended with the block, whatever it was doing."""
        process = subprocess.Popen(  # noqa: S603  fixed arguments, no shell
            ["git", "-C", self._root, *_PLAIN, *arguments],  # noqa: S607  the user's own git
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        try:
            yield process
        finally:
            process.kill()
            with suppress(OSError):  # of what could not be asked any more
                process.communicate()


class Blobs:
    """A running `git cat-file --batch`."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def read(self, blob: str) -> bytes | None:
        """A blob's bytes; None where git does not have it."""
        asked, answers = self._process.stdin, self._process.stdout
        assert asked  # noqa: S101  pipes, by the call that made them
        assert answers  # noqa: S101
        try:
            # One at a time: two full pipes would wait for each other.
            asked.write(f"{blob}\n".encode())
            asked.flush()
            header = answers.readline().split()
            return answers.read(int(header[2]) + 1)[:-1] if len(header) == 3 else None
        except (OSError, ValueError):  # it ended, or says what git does not say
            return None


def _run(folder: str, *arguments: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603  fixed arguments, no shell
            ["git", "-C", folder, *_PLAIN, *arguments],  # noqa: S607  the user's own git
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=_environment(),
            check=False,
        )
    except OSError as error:
        raise GitFailed("git is not installed, or cannot be run") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise GitFailed(f"git: {shorten(said) or f'status {done.returncode}'}")
    return done.stdout


# What git sets for the hooks that it runs: it would point at another repository, index or folder than the files'.
_OF_HOOKS = frozenset({
    "GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX",
    "GIT_NAMESPACE", "GIT_SHALLOW_FILE",
    "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS",
})  # fmt: skip


def _environment() -> dict[str, str]:
    """The environment without credentials, which no git filter needs, and without what leads git astray."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("SCENARIO_") and name not in _OF_HOOKS
    }
    return {**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
