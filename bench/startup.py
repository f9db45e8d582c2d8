"""How long the command takes to start, beside an interpreter that does nothing."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from threading import Timer

_TIMEOUT = 30.0
NOTHING = "python -c pass"
VERSION = "python -m syncjob --version"
HELP = "python -m syncjob --help"
_COMMANDS = {
    NOTHING: ("-c", "pass"),
    VERSION: ("-m", "syncjob", "--version"),
    HELP: ("-m", "syncjob", "--help"),
}


def start_times(runs: int) -> Mapping[str, Sequence[float]]:
    """The seconds of a number of runs of each command, in turns; one more round is not counted."""
    times: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    for number in range(runs + 1):
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
