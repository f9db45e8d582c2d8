"""The progress bar: as wide as it may be, drawn while a run waits, and at its end nothing is left."""

import os
import pty
import re
import select
import sys
import time
from collections.abc import Iterator

import pytest

from syncjob.cli import progress as bars
from syncjob.control.progress import Progress
from syncjob.output.gate import Gate


@pytest.mark.parametrize(
    ("total", "columns", "width"), [(300, 80, 16), (300, 140, 76), (100_000, 80, 6), (12, 40, 19), (300, 10, 6)]
)
def test_a_bar_takes_what_the_text_beside_it_leaves(total: int, columns: int, width: int) -> None:
    assert bars.bar_width("Reading", total, columns) == width


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """What a terminal of 80 columns shows that is this process's stderr, with short waits."""
    controller, end = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stderr", Gate(end, "utf-8", is_in_step=False))
    monkeypatch.setattr(bars, "_TICK", 0.01)
    monkeypatch.setattr(bars, "_SLOW", 0.05)
    yield controller
    os.close(end)
    os.close(controller)


def slow(count: int, seconds: float) -> Iterator[int]:
    for number in range(count):
        time.sleep(seconds)
        yield number


def test_a_short_run_that_takes_long_shows_a_bar_and_ticks_while_it_waits(terminal: int) -> None:
    began = time.monotonic()
    sent = [3]
    progress = Progress(
        lambda: sent[0], lambda: 3, time.monotonic, lambda: 100 - 1000 * (time.monotonic() - began) % 90
    )
    progress.expect(3)
    for _ in bars.tracked("Reading", slow(3, 0.08), 3, progress):
        progress.done()
        sent[0] += 1
    drawn = os.read(terminal, 65536).decode().split("\r")
    assert len([line for line in drawn if "1/3" in line]) > 1
    assert re.fullmatch(r"Reading  \[#+\]  3/3  3 requests in 0 s *\n?", drawn[-1].strip("\r") or drawn[-2])
    assert max(map(len, drawn)) <= 81


def test_a_short_run_that_is_quick_shows_none(terminal: int) -> None:
    progress = Progress(int, int, time.monotonic)
    assert list(bars.tracked("Reading", range(3), 3, progress)) == [0, 1, 2]
    assert select.select([terminal], [], [], 0)[0] == []
