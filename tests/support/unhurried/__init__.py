"""Processes whose time is not the machine's: how they end does not depend on how busy it is.

With `UNHURRIED` in its environment a run that a signal ends has fifty seconds for what must be done in five, so that it
is never given up only because it got no processor; one that hangs is ended without its report as ever.
"""

import signal
import subprocess
from pathlib import Path

from tests.support import forking
from tests.support.faulty_server import wait_for

UNHURRIED = {"PYTHONPATH": forking.UNHURRIED}
# What is in flight at a signal is not broken off either.
PATIENT = {**UNHURRIED, "TESTS_CALLED_OFF": "40"}


def until(over: Path) -> dict[str, str]:
    """For a run with --max-duration: its time is over once the file is there, and not before."""
    return {**UNHURRIED, "TESTS_TIME_IS_OVER": str(over)}


def send(process: "subprocess.Popen[bytes] | subprocess.Popen[str]", number: signal.Signals) -> None:
    """Sends a signal and waits until the process has got it, so that the next one is not the same or an earlier one."""
    process.send_signal(number)
    wait_for(lambda: process.poll() is not None or not _is_pending(process.pid, number), "the signal to come")


def _is_pending(pid: int, number: signal.Signals) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pending = [int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd:", "ShdPnd:"))]
    return any(mask >> (number - 1) & 1 for mask in pending)
