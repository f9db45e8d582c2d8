"""Other programs, each ended with whoever waits for it; the only module that starts processes."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

from syncjob.errors import Stopped
from syncjob.files.ready import is_ready

Process = subprocess.Popen[bytes]

# How often somebody who waits for a program looks whether the run is to end, in seconds.
_LOOK = 0.1
_CHUNK = 1 << 16
_KILL = 9  # SIGKILL; the module of that name is for those who handle signals
_GONE = 1.0  # seconds that a killed process may take to be gone; then it hangs in the kernel, and is left there


class Ending(Protocol):
    """Says whether a run is to end, and why."""

    @property
    def requested(self) -> bool: ...

    @property
    def reason(self) -> str | None: ...


class _Never:
    requested = False
    reason: str | None = None


NEVER: Ending = _Never()


class CannotStart(Exception):
    """The program is not there, or cannot be run."""


class TookTooLong(Exception):
    """The program had more time than it was given; `str()` says how much that was."""


class Watch:
    """Called while somebody waits: raises Stopped once the run is to end, TookTooLong once the time is over."""

    def __init__(self, stop: Ending, seconds: float | None = None) -> None:
        self._stop = stop
        self._seconds = seconds
        self._until = None if seconds is None else time.monotonic() + seconds

    def __call__(self) -> None:
        if self._stop.requested:
            raise Stopped(self._stop.reason)
        if self._until is not None and time.monotonic() > self._until:
            raise TookTooLong(f"longer than {self._seconds:g} s")

    def within(self, seconds: float) -> "Watch":
        """The same, for that time from now."""
        return Watch(self._stop, seconds)


@contextmanager
def started(command: Sequence[str], environment: Mapping[str, str], *, is_quiet: bool = False) -> Iterator[Process]:
    """A program that only reads; it and all that it started are ended with the block. Raises CannotStart."""
    try:
        process = subprocess.Popen(  # noqa: S603  fixed arguments, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if is_quiet else subprocess.PIPE,
            env=environment,
            start_new_session=True,  # with children of its own it ends as one, and it has no terminal to ask at
        )
    except OSError as error:
        raise CannotStart(f"{command[0]}: {error.strerror}") from error
    try:
        yield process
    finally:
        _end(process)


def whole(process: Process, watch: Watch, said: bytes) -> tuple[bytes, bytes, int]:
    """What a program that reads `said` prints on stdout and stderr, and its exit status."""
    asked: bytes | None = said
    while True:
        watch()
        try:
            out, errors = process.communicate(asked, timeout=_LOOK)
        except subprocess.TimeoutExpired:
            asked = None  # it is being written, and is not to be given twice
            continue
        return out, errors or b"", process.returncode


def chunks(process: Process, watch: Watch) -> Iterator[bytes]:
    assert process.stdout  # noqa: S101  a pipe, by the call that made it
    output = process.stdout.fileno()
    while True:
        watch()
        if is_ready(output, "read", _LOOK):
            chunk = os.read(output, _CHUNK)
            if not chunk:
                return
            yield chunk


def status(process: Process, watch: Watch) -> int:
    """The exit status of a program that has printed all."""
    while True:
        watch()
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_LOOK)


class Conversation:
    """A program that responds to one thing at a time."""

    def __init__(self, process: Process, watch: Watch) -> None:
        self._process = process
        self._watch = watch
        self._heard = b""
        self._more = chunks(process, watch)

    def say(self, words: bytes) -> None:
        """Raises OSError if nobody listens any more."""
        self._watch()
        assert self._process.stdin  # noqa: S101  a pipe, by the call that made it
        self._process.stdin.write(words)
        self._process.stdin.flush()

    def line(self) -> bytes:
        """The next line, with its end; raises EOFError if there is none."""
        while b"\n" not in self._heard:
            self._hear()
        line, end, self._heard = self._heard.partition(b"\n")
        return line + end

    def exactly(self, count: int) -> bytes:
        """The next bytes; raises EOFError if there are fewer."""
        parts, missing = [self._heard], count - len(self._heard)
        while missing > 0:
            self._heard = b""
            self._hear()
            parts.append(self._heard)
            missing -= len(self._heard)
        heard = b"".join(parts)
        self._heard = heard[count:]
        return heard[:count]

    def skip(self, count: int) -> None:
        """Passes over the next bytes; raises EOFError if there are fewer."""
        for start in range(0, count, _CHUNK):
            self.exactly(min(_CHUNK, count - start))

    def _hear(self) -> None:
        chunk = next(self._more, b"")
        if not chunk:
            raise EOFError
        self._heard += chunk


def _end(process: Process) -> None:
    if process.poll() is None:
        with suppress(OSError):  # gone just now
            os.killpg(process.pid, _KILL)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            with suppress(OSError):  # what could not be asked any more
                pipe.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GONE)
