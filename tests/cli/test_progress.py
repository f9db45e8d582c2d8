"""The progress bar: as wide as it may be, drawn while a run waits, and at its end nothing is left."""

import io
import re
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from syncjob.cli import progress as bars
from syncjob.commands.run import Track
from syncjob.control.progress import Progress
from tests.support.faulty_server import wait_for


@pytest.mark.parametrize(
    ("total", "columns", "width"), [(300, 80, 16), (300, 140, 76), (100_000, 80, 6), (12, 40, 19), (300, 10, 6)]
)
def test_a_bar_takes_what_the_text_beside_it_leaves(total: int, columns: int, width: int) -> None:
    assert bars.bar_width("Reading", total, columns) == width


def test_a_phase_of_few_requests_leaves_room_for_what_is_left_of_the_whole_run() -> None:
    assert bars.bar_width("Looking up", 1, 80, 100_000) == bars.bar_width("Looking up", 1, 80) - len("200,000") + 1


class Watched(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """What a terminal of 80 columns shows that is this process's stderr, with short waits; no fixture, for pytest puts
    a stderr of its own in place before each test."""
    watched = Watched()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stderr", watched)
    monkeypatch.setattr(bars, "_TICK", 0.01)
    monkeypatch.setattr(bars, "_SLOW", 0.03)
    return watched


def slow(count: int, has_come: Callable[[], bool]) -> Iterator[int]:
    """The first comes late, and so does what follows it."""
    for number in range(count):
        if number < 1:
            wait_for(has_come, "a tick")
        yield number


def test_a_short_run_that_takes_long_shows_a_bar_and_ticks_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = terminal(monkeypatch)
    sent = [3]
    progress = Progress(lambda: sent[0], lambda: 3, time.monotonic)
    progress.expect(3)
    for _ in bars.tracked("Reading", slow(3, lambda: "requests/min" in watched.getvalue()), 3, progress):
        progress.done()
        sent[0] += 1
    drawn = [line.rstrip() for line in watched.getvalue().split("\r") if line]
    assert drawn[0].endswith("0/3  3 requests/min")  # drawn while it waits for the first
    assert re.fullmatch(r"Reading  \[#+\]  3/3  3 requests in \d+ s", drawn[-1])
    assert watched.getvalue().endswith("\n")
    assert max(map(len, drawn)) < 80


def test_pages_of_which_nobody_knows_how_many_there_are_say_what_they_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = terminal(monkeypatch)
    progress = Progress(lambda: 3, lambda: 3, time.monotonic, lambda: 40.0)
    monkeypatch.setattr("syncjob.control.progress._IDLE", 0.01)
    things = slow(2, lambda: "waiting" in watched.getvalue())
    assert list(bars.tracked("Listing models", things, 0, progress)) == [0, 1]
    drawn = [line.rstrip() for line in watched.getvalue().split("\r") if line]
    assert any(re.fullmatch(r"Listing models  \[[-#]+\]  0  waiting 40 s for the limit", line) for line in drawn)
    assert re.fullmatch(r"Listing models  \[[-#]+\]  2  0 requests in \d+ s", drawn[-1])
    assert max(map(len, drawn)) < 80


def test_no_tick_draws_over_the_end_of_a_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = terminal(monkeypatch)
    monkeypatch.setattr(bars, "_TICK", 0.0)  # a tick waits for each moment that the lock is free
    progress = Progress(int, int, time.monotonic, lambda: 40.0)
    for _ in range(50):
        list(bars.tracked("Reading", range(20), 20, progress))
        assert re.search(r"0 requests in \d+ s\s*$", watched.getvalue())


def test_a_short_run_that_is_quick_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = terminal(monkeypatch)
    monkeypatch.setattr(bars, "_TICK", 60.0)  # for which this is quick on every machine
    progress = Progress(int, int, time.monotonic)
    assert list(bars.tracked("Reading", range(3), 3, progress)) == [0, 1, 2]
    assert watched.getvalue() == ""


def late(requests: int) -> Progress:
    """A progress whose every look at the clock is 40 seconds after the one before, with half of 300 done."""
    times = count(0, 40)
    progress = Progress(lambda: requests, lambda: 100, lambda: float(next(times)))
    progress.expect(300)
    for _ in range(150):
        progress.done()
    return progress


@pytest.mark.parametrize(("track", "shown"), [(bars.tracked_aloud, "Reading: 150 of 300, "), (bars.tracked, "")])
def test_a_pull_says_each_minute_how_far_it_is_and_others_only_in_the_log(
    track: Track, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    things = list(track("Reading", ["a", "b", "c"], 300, late(160)))
    said = capsys.readouterr()
    assert (things, said.out) == (["a", "b", "c"], "")
    assert said.err.startswith(shown)
    assert bool(said.err) == bool(shown)
