"""`syncjob` as a process of its own that need not load its modules: a fork of one that has loaded them.

The start of Python and the modules are two thirds of a short run, and the tests have hundreds. The process that is forked
has one thread, no file open and nothing done yet. `make test COVERAGE=1`, and whatever test begins a process itself, start
Python anew.
"""

import atexit
import json
import os
import pkgutil
import runpy
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from select import select

import syncjob

_STATUS = struct.Struct("ii")  # process id, exit status; the latter again at the end
_LONGEST = 200_000  # bytes of a request
# What Python reads at its start has to be what the forked process started with.
_OWN = {"PYTHONWARNINGS": "error"}
# In PYTHONPATH it has Python run its `sitecustomize.py`, which may be done later too.
UNHURRIED = str(Path(__file__).parent / "unhurried")


def fits(environment: Mapping[str, str]) -> bool:
    """Whether a process with this environment would be no other than a forked one, on a system that can."""
    read = {
        name: value for name, value in environment.items() if name.startswith(("PYTHON", "COVERAGE", "LC_", "LANG"))
    }
    return sys.platform == "linux" and read.pop("PYTHONPATH", UNHURRIED) == UNHURRIED and read == _OWN


def run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[bytes]:
    """As `subprocess.run` of `python -m syncjob ARGUMENTS`, with its output captured."""
    request = json.dumps([list(arguments), str(folder), dict(environment)]).encode()
    pipes = [os.pipe() for _ in range(3)]  # stdout, stderr, status
    try:
        assert len(request) < _LONGEST
        socket.send_fds(_server(), [request], [write for _, write in pipes])
        for _, write in pipes:
            os.close(write)
        out, err, status = _gathered([read for read, _ in pipes], arguments, timeout)
    finally:
        for read, _ in pipes:
            os.close(read)
    assert len(status) == 2 * _STATUS.size, "the process that is forked has ended"
    return subprocess.CompletedProcess(arguments, _STATUS.unpack_from(status, _STATUS.size)[1], out, err)


def _gathered(readable: Sequence[int], arguments: Sequence[str], timeout: float) -> list[bytes]:
    """What comes out of each until its end; what is not at its end in time is killed."""
    parts = dict.fromkeys(readable, b"")
    still = list(readable)
    ends = time.monotonic() + timeout
    while still:
        ready, _, _ = select(still, [], [], max(ends - time.monotonic(), 0))
        if not ready:
            os.kill(_STATUS.unpack_from(parts[readable[-1]])[0], 9)
            raise subprocess.TimeoutExpired(["syncjob", *arguments], timeout)
        for descriptor in ready:
            more = os.read(descriptor, 65_536)
            parts[descriptor] += more
            if not more:
                still.remove(descriptor)
    return list(parts.values())


@cache
def _server() -> socket.socket:
    """The socket on which the forked process takes requests; it ends with ours."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-c", f"from tests.support.forking import serve; serve({theirs.fileno()})"],
        cwd=Path(__file__).parents[2],
        env={**environment, **_OWN},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,  # as for a new process; nothing is written to them here
        stderr=subprocess.PIPE,
        pass_fds=[theirs.fileno()],
    )
    theirs.close()

    def end() -> None:
        ours.close()
        process.communicate(timeout=60)

    atexit.register(end)
    return ours


def serve(descriptor: int) -> None:
    """Forks for each request; returns in the process that has run the command, and in its parent when nobody asks any more."""
    for module in pkgutil.walk_packages(syncjob.__path__, "syncjob."):
        import_module(module.name)
    with socket.socket(fileno=descriptor) as asked:
        while True:
            request, descriptors, _, _ = socket.recv_fds(asked, _LONGEST, 3)
            if not request:
                return
            looking_on = os.fork()
            if not looking_on:
                asked.close()
                _begin(request, descriptors)
                return
            for given in descriptors:
                os.close(given)
            os.waitpid(looking_on, 0)


def _begin(request: bytes, descriptors: list[int]) -> None:
    """Runs the command in one process and looks on in another, which tells how it ended; neither is ever our own child."""
    out, err, status = descriptors
    if os.fork():
        os._exit(0)
    process = os.fork()
    if process:
        os.close(out)
        os.close(err)
        os.write(status, _STATUS.pack(process, 0))
        ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        os.write(status, _STATUS.pack(process, ended))
        os._exit(0)
    os.close(status)
    for given, place in ((out, 1), (err, 2)):
        os.dup2(given, place)
        os.close(given)
    arguments, folder, environment = json.loads(request)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if "PYTHONPATH" in environment:
        runpy.run_path(f"{UNHURRIED}/sitecustomize.py")
    sys.argv = [str(Path(syncjob.__file__).with_name("__main__.py")), *arguments]
    from syncjob.__main__ import main

    main()
