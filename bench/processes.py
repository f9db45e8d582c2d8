"""Functions and commands that run in a process of their own each, and what it took."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_TIMEOUT = 300.0
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
    """What the other side sends next; raises TimeoutError, or EOFError if it has died."""
    if not pipe.poll(_TIMEOUT):
        raise TimeoutError(f"a process of the benchmark said nothing for {_TIMEOUT:.0f} s")
    return pipe.recv()


def peak_mib() -> float:
    """What this process held at most since its program began, in MiB.

    The kernel's `ru_maxrss` would count what the process that began it held; Linux keeps the other figure too.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


# Starts a command and reports on it in the last line of stderr, from a process that is small itself: the kernel counts
# as a child's what its parent held when it started.
_MEASURED = """\
import json, resource, subprocess, sys, time
started = time.perf_counter()
status = subprocess.call(sys.argv[1:])
wall = time.perf_counter() - started
used = resource.getrusage(resource.RUSAGE_CHILDREN)
peak = used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
told = {"status": status, "wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak_mib": peak}
print("\\n" + json.dumps(told), file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """A command's seconds of the clock and of CPU, children's included; the most MiB that it or a child of it held."""

    wall: float
    cpu: float
    peak_mib: float


def run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], *, may_end_with: Sequence[int] = (0,)
) -> Ran:
    """Runs a command to its end; raises RuntimeError with its stderr if it ends otherwise."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *arguments], cwd=folder, env=environment, capture_output=True, check=True
    )
    err, _, told = done.stderr.decode().strip().rpartition("\n")
    ran = json.loads(told)
    if ran.pop("status") not in may_end_with:
        raise RuntimeError(f"{' '.join(arguments)} failed: {err[-2000:]}")
    return Ran(**ran)
