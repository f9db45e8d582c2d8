"""stdout and stderr: what is printed goes through here, and acts on nobody who reads it.

A control or bidi character that some renderer forgot to make visible is made so here; what goes to a
pager instead, `cli/pager.py` treats in the same way. What is ours and is to act passes by `own` alone:
commands to GitHub's runner, and the progress bar. Of colours the few that we use pass, on a terminal
that shows them.
"""

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import RLock
from typing import TextIO

from syncjob.output.outlet import Outlet
from syncjob.text.folding import folded
from syncjob.text.sanitize import inert, printable

_COLUMNS = 80  # of a terminal that does not say
_HELD = 65_536  # characters that wait for the end of their line, or for more of a long output


class Gate(io.TextIOBase):
    """A text stream over an Outlet, safe to share by threads; on a terminal and on stderr lines are written as they end.

    In a step of GitHub Actions, `is_in_step`, no line is a command to the runner.
    """

    encoding: str = "utf-8"
    errors: str | None = "backslashreplace"
    color = None  # has click leave what looks like a colour to this stream

    def __init__(self, descriptor: int, encoding: str, *, is_in_step: bool) -> None:
        self.encoding = "utf-8" if is_in_step or len("a".encode(encoding)) > 1 else encoding
        self.outlet = Outlet(descriptor)
        self._descriptor = descriptor
        self._is_in_step = is_in_step
        self.is_colored = is_colorful(self)
        self._is_by_line = descriptor == 2 or self.isatty()
        self._lock = RLock()
        self._held: list[str] = []
        self._size = 0

    def write(self, text: str) -> int:
        if not isinstance(text, str):  # click tries with bytes whether a stream takes them
            raise TypeError(f"expected text, got {type(text).__name__}")
        with self._lock:
            self._held.append(text)
            self._size += len(text)
            if self._size > _HELD or (self._is_by_line and "\n" in text):
                self.flush()
        return len(text)

    def flush(self) -> None:
        with self._lock:
            text, self._held, self._size = "".join(self._held), [], 0
            text = printable(text, is_colored=self.is_colored)
            self._write(inert(text) if self._is_in_step else text)

    def close(self) -> None:
        """Nothing: Python calls this when it throws the stream away, and the modules that `flush` needs may be gone."""

    def own(self, text: str) -> None:
        """Writes what is ours as it is: it may act."""
        with self._lock:
            self.flush()
            self._write(text)

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def fileno(self) -> int:
        return self._descriptor

    def writable(self) -> bool:
        return True

    def _write(self, text: str) -> None:
        if text:
            self.outlet.write(text.encode(self.encoding, "backslashreplace"))


class Bar(io.TextIOBase):
    """A stream as the progress bar writes to it: what it writes is ours.

    The cursor is never hidden, because whatever ends the process could leave it so.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        own(self._stream, text.replace("\x1b[?25l", "").replace("\x1b[?25h", ""))
        return len(text)

    def isatty(self) -> bool:
        return self._stream.isatty()


def is_colorful(stream: TextIO | io.TextIOBase) -> bool:
    """Whether a stream is a terminal that shows colours; NO_COLOR says that none does, FORCE_COLOR that all do."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def columns(stream: TextIO | io.TextIOBase) -> int:
    """How wide a terminal is, as COLUMNS or the terminal says it."""
    told = os.environ.get("COLUMNS", "")
    if re.fullmatch("[1-9][0-9]{0,3}", told):
        return int(told)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    except OSError:
        return _COLUMNS


def fitted(line: str, stream: TextIO | io.TextIOBase, hanging: str = "  ") -> str:
    """The line, folded at blanks if the stream is a terminal."""
    if not stream.isatty():
        return line
    shown = printable(line, is_colored=isinstance(stream, Gate) and stream.is_colored)
    return "\n".join(folded(shown, columns(stream), hanging))


def own(stream: TextIO | io.TextIOBase, text: str) -> None:
    if isinstance(stream, Gate):
        stream.own(text)
    else:
        stream.write(text)
        stream.flush()


def failure_of(stream: object) -> OSError | None:
    """Why a stream could not be written; None if it could."""
    return stream.outlet.failure if isinstance(stream, Gate) else None


def bound(*streams: object) -> None:
    """From now on no reader of the streams can hold a signal back."""
    for stream in streams:
        if isinstance(stream, Gate):
            stream.outlet.bound()


def tell(message: str) -> None:
    """A message to a person on stderr, under the command's name; a stderr that is full or closed is no failure."""
    first, *more = f"syncjob: {message}".split("\n")
    with suppress(OSError):
        lines = [fitted(first, sys.stderr), *(fitted(f"  {line}", sys.stderr, "    ") for line in more)]
        print("\n".join(lines), file=sys.stderr)  # noqa: T201  what follows in a message is none of its own


def remark(message: str) -> None:
    """`tell` for who must not wait: nothing is said unless there is room for it now."""
    outlet = sys.stderr.outlet if isinstance(sys.stderr, Gate) else Outlet(2)
    outlet.offer(f"\nsyncjob: {message}\n".encode())


def allow_color(stream: object) -> None:
    """Lets our colours through, whatever the stream is."""
    if isinstance(stream, Gate):
        stream.is_colored = True


@contextmanager
def as_utf_8(stream: TextIO | io.TextIOBase) -> Iterator[None]:
    """Within it the encoding of a gate is that of JSON and of our HTML, whatever the locale's is."""
    if not isinstance(stream, Gate):
        yield
        return
    stream.flush()
    former, stream.encoding = stream.encoding, "utf-8"
    try:
        yield
    finally:
        stream.flush()
        stream.encoding = former
