"""How long the command takes to start, beside an interpreter that does nothing."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

_RUNS = 15
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
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, timeout=30)
    return time.perf_counter() - started
