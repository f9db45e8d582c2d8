"""Functions that run in a fresh interpreter each, which never outlives its block."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

_TIMEOUT = 60.0
_SPAWN = get_context("spawn")


@contextmanager
def running(work: Callable[..., None], *arguments: Any) -> Iterator[Connection]:
    """Our end of a pipe whose other end is the first argument of `work`."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=work, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.kill()
        process.join()


def receive(pipe: Connection) -> Any:
    """What the other side sends next; raises TimeoutError, or EOFError where it has died."""
    if not pipe.poll(_TIMEOUT):
        raise TimeoutError(f"a process of the benchmark said nothing for {_TIMEOUT:.0f} s")
    return pipe.recv()
