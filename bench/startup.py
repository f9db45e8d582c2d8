"""How long the command takes to start, beside an interpreter that does nothing."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from threading import Timer

_RUNS = 15
_TIMEOUT = 30.0
NOTHING = "python -c pass"
HELP = "python -m syncjob --help"
_COMMANDS = {
    NOTHING: ("-c", "pass"),
    "python -m syncjob --version": ("-m", "syncjob", "--version"),
    HELP: ("-m", "syncjob", "--help"),
}


def start_times() -> Mapping[str, Sequence[float]]:
    """The seconds of each run of each command; the runs take turns, and one round is not counted."""
    times: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    for number in range(_RUNS + 1):
        for name, arguments in _COMMANDS.items():
            seconds = _run(arguments)
            if number:
                times[name].append(seconds)
    return times


def _run(arguments: Sequence[str]) -> float:
    started = time.perf_counter()
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL) as process:
        # Popen's own timeout looks for the end at 16, 32 and 64 ms: too coarse for what is measured here.
        watchdog = Timer(_TIMEOUT, process.kill)
        watchdog.start()
        try:
            status = process.wait()
        finally:
            watchdog.cancel()
    seconds = time.perf_counter() - started
    if status:
        raise RuntimeError(f"{' '.join(arguments)} ended with {status}")
    return seconds
