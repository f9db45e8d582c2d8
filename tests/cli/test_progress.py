"""What shows of a long run's progress to whoever is not at a terminal."""

from itertools import count

import pytest

from syncjob.cli import session
from syncjob.commands.run import Track
from syncjob.control.progress import Progress


def late(requests: int) -> Progress:
    """A progress whose every look at the clock is 40 seconds after the one before, with half of 300 done."""
    times = count(0, 40)
    progress = Progress(lambda: requests, lambda: 100, lambda: float(next(times)))
    progress.expect(300)
    for _ in range(150):
        progress.done()
    return progress


@pytest.mark.parametrize(
    ("track", "shown"),
    [(session._track_aloud, "Reading: 150 of 300, 160 requests, 2 min left at 80/min\n"), (session._track, "")],
)
def test_a_pull_says_each_minute_how_far_it_is_and_others_only_in_the_log(
    track: Track, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    things = list(track("Reading", ["a", "b", "c"], 300, late(160)))
    said = capsys.readouterr()
    assert (things, said.out) == (["a", "b", "c"], "")
    assert said.err.splitlines()[:1] == shown.splitlines()
